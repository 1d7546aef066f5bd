// What the probes in the kernel tell the agent, and what the agent sets for them. The one header of both sides: fields of
// fixed width, padding written out, sizes asserted. Numbers are the host's own byte order; ports are host order, too.
#ifndef FARWATCH_PROBE_EVENTS_H
#define FARWATCH_PROBE_EVENTS_H

#ifdef FARWATCH_KERNEL_SIDE
#include "kernel_types.h"
#else
#include <stdint.h>
#endif

// The kinds of record in the ring.
enum fw_kind {
    // Bytes of one direction of a session: `offset` of them came before, `captured` of `byteCount` stand behind the record.
    FW_DATA = 1,
    // The connection under a session became known: a `fw_address` stands behind the record; `value` says how (fw_method).
    FW_ADDRESS = 2,
    // The server's name as the client asked for it (SNI): `captured` bytes behind the record.
    FW_NAME = 3,
    // The handshake succeeded.
    FW_HANDSHAKE = 4,
    // One direction ended: `value` is 0 for an orderly end, else an errno.
    FW_END = 5,
    // The session was freed; `flags` say what had come of it (fw_session_flag).
    FW_CLOSED = 6,
    // A TCP connect of any process ended: a `fw_address` behind the record; `value` is 0 or an errno, `offset` the
    // nanoseconds it took. ECANCELED stands for an application that gave up by itself.
    FW_CONNECT = 7,
    // The TCP connection under a session was closed; `value` is 0 or an errno.
    FW_TCP_CLOSED = 8,
    // A process began to run another program, made a child (`value` is the parent), ended, sent UDP to port 443.
    FW_EXEC = 9,
    FW_EXIT = 10,
    FW_QUIC = 11,
    // A name was looked up (getaddrinfo): a `fw_lookup` behind the record, and the name behind that; `value` is 0 or the
    // negative EAI_ number, `offset` the nanoseconds it took.
    FW_LOOKUP = 12,
    FW_KIND_COUNT = 13,
};

// How the connection of a session was found, surest first.
enum fw_method {
    FW_IN_CALL = 1,   // The library itself read or wrote the socket.
    FW_LAST_RECV = 2, // The thread read this socket last, and then handed the bytes to the library.
    FW_NEXT_SEND = 3, // The thread wrote this socket next, after the library had given it bytes.
};

enum fw_role { FW_ROLE_UNKNOWN = 0, FW_ROLE_CLIENT = 1, FW_ROLE_SERVER = 2 };

enum fw_direction { FW_FROM_PEER = 0, FW_TO_PEER = 1 };

enum fw_session_flag {
    FW_HANDSHAKE_TRIED = 1,
    FW_HANDSHAKE_DONE = 2,
    FW_HAS_DATA = 4,
    FW_PEER_RESET = 8,
    FW_PEER_ENDED = 16,
    // First seen when it was under way: bytes before `offset` 0 were missed.
    FW_MIDSTREAM = 32,
};

struct fw_event {
    uint64_t timeNs;  // CLOCK_MONOTONIC.
    uint64_t session; // 0 where none.
    uint64_t offset;
    uint32_t processID;
    uint32_t threadID;
    uint32_t byteCount;
    uint32_t captured;
    uint32_t value;
    uint16_t kind;
    uint8_t direction;
    uint8_t role;
    uint32_t flags;
    uint32_t reserved;
    uint8_t command[16]; // The thread's name.
};
_Static_assert(sizeof(struct fw_event) == 72, "the header of a record has no holes");

struct fw_address {
    uint8_t local[16]; // IPv4 is mapped.
    uint8_t remote[16];
    uint16_t localPort;
    uint16_t remotePort;
    uint32_t rttUs;           // Smoothed, 0 where not yet measured.
    uint64_t connectNs;       // What the connect took, 0 where not seen.
    uint8_t isActive;         // This end connected, as far as seen.
    uint8_t reserved[7];
};
_Static_assert(sizeof(struct fw_address) == 56, "an address has no holes");

#define FW_LOOKUP_ADDRESS_MAX 8
struct fw_lookup {
    uint32_t count;
    uint32_t reserved;
    uint8_t addresses[FW_LOOKUP_ADDRESS_MAX][16]; // IPv4 is mapped.
};
_Static_assert(sizeof(struct fw_lookup) == 136, "a lookup has no holes");

// Bytes behind a record come in four sizes, since the ring reserves constant ones.
#define FW_CLASS_0 184
#define FW_CLASS_1 952
#define FW_CLASS_2 4024
#define FW_CLASS_3 16384
#define FW_FRAGMENT_MAX 16384
#define FW_FRAGMENT_COUNT_MAX 4
#define FW_NAME_MAX 256

// What the agent may change while probes run.
struct fw_settings {
    uint32_t bytesPerCall;   // Of one call, at most FW_FRAGMENT_MAX * FW_FRAGMENT_COUNT_MAX.
    uint32_t onlyListed;     // 1: only processes in the map `listed`.
    uint64_t backlogWake;    // Bytes in the ring from which on the agent is woken at once.
};
_Static_assert(sizeof(struct fw_settings) == 16, "the settings have no holes");

// Indexes of the map `counters`; they only grow.
enum fw_counter {
    FW_COUNT_CALLS = 0,          // Calls that entered a probed function.
    FW_COUNT_OTHER_HITS = 1,     // Other probes hit: handshake, control, free.
    FW_COUNT_SOCKET_HITS = 2,    // Socket events looked at.
    FW_COUNT_COPIED_BYTES = 3,
    FW_COUNT_DROPPED_EVENTS = 4, // The ring was full.
    FW_COUNT_DROPPED_BYTES = 5,
    FW_COUNT_FAULTS = 6,         // Memory of the application that could not be read.
    FW_COUNT_NESTED = 7,         // Calls inside calls inside calls, not followed.
    FW_COUNT_UNRETURNED = 8,     // A return without its entry.
    FW_COUNT_MAP_FULL = 9,
    FW_COUNT_DEAR_CALLS = 10,    // Of the calls, those probed at an instruction the kernel cannot emulate.
    FW_COUNTER_COUNT = 11,
};

// What a probe's cookie says of the function it stands on.
enum fw_cookie {
    FW_COOKIE_TO_PEER = 1,   // A write; else a read.
    FW_COOKIE_RETURNS_INT = 2,  // The byte count is the int returned.
    FW_COOKIE_RETURNS_EX = 4,   // Returns 1; the byte count is where the fourth argument points.
    FW_COOKIE_RETURNS_LONG = 8, // The byte count is the long returned.
    FW_COOKIE_CLIENT = 16,
    FW_COOKIE_SERVER = 32,
    FW_COOKIE_DEAR = 128,      // The probe stands on an instruction the kernel cannot emulate.
    FW_COOKIE_CALIBRATE = 256, // Count and follow it even in the agent itself: its cost is being measured.
    FW_COOKIE_RETURNS_ZERO = 64, // A handshake that succeeds with 0 (GnuTLS) rather than 1 (OpenSSL).
};

#endif
