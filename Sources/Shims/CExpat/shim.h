// expat, a streaming XML parser. Imported by `Documents` alone.
#ifndef FARWATCH_CEXPAT_SHIM_H
#define FARWATCH_CEXPAT_SHIM_H

#include <expat.h>

#endif
