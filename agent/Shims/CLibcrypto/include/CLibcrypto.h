// AES-CCM of OpenSSL's libcrypto, which swift-crypto does not have. Imported by `Protocols` alone.
//
// The library is loaded when a connection first wants it: hardly any does, and every agent would hold its pages. What is called is
// declared in the source by hand, the same in OpenSSL 1.1 and 3, so that building needs none of it.
#ifndef FARWATCH_CLIBCRYPTO_H
#define FARWATCH_CLIBCRYPTO_H

#include <stddef.h>
#include <stdint.h>

// Whether libcrypto is there; loads it.
int farwatch_ccm_is_available(void);

// Opens what AES-CCM sealed with a nonce of 12 bytes (RFC 5116, section 5.3; RFC 6655).
//
// `key` has 16 or 32 bytes; behind the `count` sealed bytes stand `tag_count` bytes of tag; as many as `count` are written to
// `opened`. Returns 1 if they authenticate, and 0 if they do not or the library is missing; then `opened` is of no use.
int farwatch_ccm_open(
    const uint8_t *key, size_t key_count, const uint8_t *nonce, const uint8_t *additional, size_t additional_count,
    const uint8_t *sealed, size_t count, size_t tag_count, uint8_t *opened);

#endif
