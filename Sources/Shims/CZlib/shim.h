#include <zlib.h>

// inflateInit2 is a macro that Swift cannot import. 32 + 15: gzip or zlib by its header, largest window.
static inline int farwatch_inflate_init(z_stream *stream) { return inflateInit2(stream, 32 + 15); }

// -15: deflate without any header.
static inline int farwatch_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -15); }
