// libyaml, whose marks give every event its line and column. Imported by `Runtime` alone.
#ifndef FARWATCH_CYAML_SHIM_H
#define FARWATCH_CYAML_SHIM_H

#include <yaml.h>

#endif
