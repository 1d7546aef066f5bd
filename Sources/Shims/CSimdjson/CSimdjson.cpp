// No exception may cross into Swift: simdjson's throwing half is left out, and what allocates here does not throw.
#define SIMDJSON_EXCEPTIONS 0

#include "CSimdjson.h"

#include <new>
#include <simdjson.h>

static_assert(farwatch_json_padding >= simdjson::SIMDJSON_PADDING, "the padding promised to Swift is too small");

struct farwatch_json {
    simdjson::dom::parser parser;
};

extern "C" {

farwatch_json *farwatch_json_create(void) { return new (std::nothrow) farwatch_json; }

void farwatch_json_destroy(farwatch_json *parser) { delete parser; }

int farwatch_json_reserve(farwatch_json *parser, size_t capacity, size_t depth_max) {
    // simdjson refuses the container that reaches its maximum, hence one more.
    return parser->parser.doc.allocate(capacity) == simdjson::SUCCESS
        && parser->parser.allocate(capacity, depth_max + 1) == simdjson::SUCCESS;
}

farwatch_json_tape farwatch_json_parse(farwatch_json *parser, const uint8_t *text, size_t length) {
    farwatch_json_tape tape = {farwatch_json_refused, nullptr, nullptr};
    // Growing inside the parse would lose the depth limit's proof and our bound on memory.
    if (length > parser->parser.capacity()) { return tape; }
    switch (parser->parser.parse(text, length, false).error()) {
    case simdjson::SUCCESS:
        tape.status = farwatch_json_ok;
        tape.cells = parser->parser.doc.tape.get();
        tape.strings = parser->parser.doc.string_buf.get();
        break;
    case simdjson::MEMALLOC:
        tape.status = farwatch_json_no_memory;
        break;
    case simdjson::DEPTH_ERROR:
        tape.status = farwatch_json_too_deep;
        break;
    default:
        break;
    }
    return tape;
}

}  // extern "C"
