// What Swift cannot do itself: make one bit of each comparison of a vector, so that 64 bytes are looked at with a few
// instructions on every processor the compiler knows. Imported by `Protocols` alone.
#ifndef FARWATCH_CSCAN_H
#define FARWATCH_CSCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Of up to 64 bytes, the first one in the lowest bit: which are line feeds, and which cannot stand in a field's name because
// they are colons, blanks or control characters. Bits behind the bytes are not set.
struct farwatch_line_marks {
    uint64_t feeds;
    uint64_t ends;
};

typedef uint8_t farwatch_block __attribute__((ext_vector_type(64)));
typedef _Bool farwatch_bits __attribute__((ext_vector_type(64)));

static inline uint64_t farwatch_gather(farwatch_bits bits) {
    uint64_t gathered;
    memcpy(&gathered, &bits, sizeof gathered);
    return gathered;
}

// `count` bytes may be read from `bytes`, at least one.
static inline struct farwatch_line_marks farwatch_mark_lines(const uint8_t *bytes, size_t count) {
    farwatch_block block;
    uint64_t inside = ~(uint64_t)0;
    if (count >= sizeof block) {
        memcpy(&block, bytes, sizeof block);
    } else {
        uint8_t copy[sizeof block] = {0};
        memcpy(copy, bytes, count);
        memcpy(&block, copy, sizeof block);
        inside = ~(uint64_t)0 >> (64 - count);
    }
    struct farwatch_line_marks marks = {
        .feeds = farwatch_gather(__builtin_convertvector(block == (uint8_t)'\n', farwatch_bits)) & inside,
        .ends = farwatch_gather(
                    __builtin_convertvector((block <= (uint8_t)' ') | (block == (uint8_t)':'), farwatch_bits)) &
                inside,
    };
    return marks;
}

#endif
