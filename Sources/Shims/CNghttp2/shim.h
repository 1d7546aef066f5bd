#ifndef FARWATCH_CNGHTTP2_SHIM_H
#define FARWATCH_CNGHTTP2_SHIM_H

#include <nghttp2/nghttp2.h>

// These two came with security fixes: Debian 12 carries them in 1.52, upstream has them since 1.57 and 1.61. Declared weak, so
// that an older library still links and merely keeps its built-in limits. Can go when no supported system is older.
extern __attribute__((weak)) void nghttp2_option_set_stream_reset_rate_limit(nghttp2_option *option, uint64_t burst,
                                                                             uint64_t rate);
extern __attribute__((weak)) void nghttp2_option_set_max_continuations(nghttp2_option *option, size_t val);

static inline int cnghttp2_limit_resets(nghttp2_option *option, uint64_t burst, uint64_t rate) {
    if (!nghttp2_option_set_stream_reset_rate_limit) return 0;
    nghttp2_option_set_stream_reset_rate_limit(option, burst, rate);
    return 1;
}

static inline int cnghttp2_limit_continuations(nghttp2_option *option, size_t max) {
    if (!nghttp2_option_set_max_continuations) return 0;
    nghttp2_option_set_max_continuations(option, max);
    return 1;
}

#endif
