// simdjson's DOM parser as plain C. Imported by `Documents` alone, which walks the tape itself: no call per value.
//
// The tape is described in simdjson's doc/tape.md; it and the string buffer belong to the parser and hold until the next
// call on it. A parser serves one thread at a time.
#ifndef FARWATCH_CSIMDJSON_H
#define FARWATCH_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farwatch_json farwatch_json;

enum farwatch_json_status {
    farwatch_json_ok = 0,
    farwatch_json_no_memory = 1,
    farwatch_json_too_deep = 2,
    farwatch_json_refused = 3,  // Malformed, or a number beyond 64 bits; simdjson does not say where.
};

typedef struct farwatch_json_tape {
    enum farwatch_json_status status;
    uint64_t *cells;
    const uint8_t *strings;
} farwatch_json_tape;

// Bytes that must be readable after the text handed to farwatch_json_parse; their content does not matter.
enum { farwatch_json_padding = 64 };

// NULL when memory is short.
farwatch_json *farwatch_json_create(void);
void farwatch_json_destroy(farwatch_json *parser);

// Makes room for texts of `capacity` bytes (about 14 bytes of memory each); 0 when that failed.
int farwatch_json_reserve(farwatch_json *parser, size_t capacity, size_t depth_max);

// `length` is at most the reserved capacity.
farwatch_json_tape farwatch_json_parse(farwatch_json *parser, const uint8_t *text, size_t length);

#ifdef __cplusplus
}
#endif

#endif
