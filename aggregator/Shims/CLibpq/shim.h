// libpq, PostgreSQL's own client library. Imported by `Postgres` alone.
#ifndef FARWATCH_CLIBPQ_SHIM_H
#define FARWATCH_CLIBPQ_SHIM_H

#include <libpq-fe.h>

#endif
