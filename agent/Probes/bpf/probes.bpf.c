// The probes: they save what a call into a TLS library carried and say so through a ring. They parse nothing, change nothing,
// and every loop and copy is bounded (the kernel's verifier proves it).
//
// A *session* is one TLS object (SSL *, gnutls_session_t) of one process, numbered for good. Bytes are taken when the call
// returns, when it is known how many there are. Each record says how many bytes of its direction came before it, so a
// record that found no room in the ring shows as a gap of known size.
//
// Which connection a session runs on is learnt by watching which socket its thread uses (fw_method). Socket events come from
// `sock_send_length` and `sock_recv_length` (kernel 6.3 and later), states from `inet_sock_set_state`.
#define FARWATCH_KERNEL_SIDE 1
#include "ProbeEvents.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";  // Helpers that read memory are given to no other.

// Set before loading.
const volatile __u32 ownProcessID = 0;

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define ECONNRESET 104
#define ECANCELED 125

struct session_key {
    __u64 object;
    __u32 processID;
    __u32 padding;
};

struct session {
    __u64 id;
    __u64 offset[2];
    __u64 socket;  // The kernel's `struct sock *`, as a number: never followed from here.
    __u32 flags;
    __u8 role;
    __u8 method;
    __u8 padding[2];
};

struct frame {
    __u64 stackPointer;
    __u64 object;
    __u64 buffer;
    __u64 done;
    __u64 cookie;
    __u32 socketError;  // Of the last socket call inside, as a positive errno.
    __u8 sawEnd;
    __u8 usedSocket;
    __u8 padding[2];
};

struct thread {
    struct frame frames[2];
    __u64 lastReceived;      // Socket read outside of any call.
    __u64 waitingObject;     // Its session takes the next socket written.
    __u32 depth;
    __u32 padding;
};

struct connect {
    __u64 startNs;
    __u64 tookNs;
    __u32 processID;
    __u32 threadID;
    __u8 command[16];
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 8 << 20);
} ring SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct fw_settings);
} settings SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} identities SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, FW_COUNTER_COUNT);
    __type(key, __u32);
    __type(value, __u64);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 32768);
    __type(key, struct session_key);
    __type(value, struct session);
} sessions SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64);
    __type(value, struct thread);
} threads SEC(".maps");

// By socket: whose session runs on it.
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 32768);
    __type(key, __u64);
    __type(value, struct session_key);
} sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64);
    __type(value, struct connect);
} connects SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, __u32);
    __type(value, __u8);
} listed SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, __u8);
} quicSeen SEC(".maps");

struct lookup {
    __u64 startNs;
    __u64 name;
    __u64 result;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, struct lookup);
} lookups SEC(".maps");

// Never filled: an empty thread or session to insert, which would not fit on the stack twice.
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct thread);
} emptyThread SEC(".maps");

static __always_inline void count(__u32 index, __u64 by) {
    __u64 *counter = bpf_map_lookup_elem(&counters, &index);
    if (counter) __sync_fetch_and_add(counter, by);
}

static __always_inline struct fw_settings *currentSettings(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline __u64 wakeFlags(void) {
    struct fw_settings *current = currentSettings();
    __u64 threshold = current ? current->backlogWake : 0;
    return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= threshold ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void fill(struct fw_event *event, __u16 kind, const struct session *session) {
    __u64 identity = bpf_get_current_pid_tgid();
    event->timeNs = bpf_ktime_get_ns();
    event->session = session ? session->id : 0;
    event->offset = 0;
    event->processID = identity >> 32;
    event->threadID = (__u32)identity;
    event->byteCount = 0;
    event->captured = 0;
    event->value = 0;
    event->kind = kind;
    event->direction = 0;
    event->role = session ? session->role : 0;
    event->flags = session ? session->flags : 0;
    event->reserved = 0;
    bpf_get_current_comm(event->command, sizeof(event->command));
}

static __always_inline void emit(__u16 kind, const struct session *session, __u8 direction, __u32 value) {
    struct fw_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
    if (!event) return count(FW_COUNT_DROPPED_EVENTS, 1);
    fill(event, kind, session);
    event->direction = direction;
    event->value = value;
    bpf_ringbuf_submit(event, wakeFlags());
}

// Whether the current process is watched at all.
static __always_inline bool isWatched(__u32 processID) {
    if (processID == ownProcessID) return false;
    struct fw_settings *current = currentSettings();
    if (!current || !current->onlyListed) return true;
    return bpf_map_lookup_elem(&listed, &processID) != 0;
}

static __always_inline struct thread *findThread(__u64 identity) {
    return bpf_map_lookup_elem(&threads, &identity);
}

static __always_inline struct thread *makeThread(__u64 identity) {
    struct thread *found = findThread(identity);
    if (found) return found;
    __u32 zero = 0;
    struct thread *empty = bpf_map_lookup_elem(&emptyThread, &zero);
    if (!empty || bpf_map_update_elem(&threads, &identity, empty, BPF_ANY)) {
        count(FW_COUNT_MAP_FULL, 1);
        return 0;
    }
    return findThread(identity);
}

static __always_inline struct session *findSession(__u32 processID, __u64 object) {
    struct session_key key = {.object = object, .processID = processID};
    return bpf_map_lookup_elem(&sessions, &key);
}

static __always_inline struct session *makeSession(__u32 processID, __u64 object, __u8 role, __u32 flags) {
    struct session_key key = {.object = object, .processID = processID};
    struct session *found = bpf_map_lookup_elem(&sessions, &key);
    if (found) {
        if (role) found->role = role;
        return found;
    }
    __u32 zero = 0;
    __u64 *next = bpf_map_lookup_elem(&identities, &zero);
    if (!next) return 0;
    struct session fresh = {.role = role, .flags = flags};
    fresh.id = __sync_fetch_and_add(next, 1) + 1;
    if (bpf_map_update_elem(&sessions, &key, &fresh, BPF_ANY)) {
        count(FW_COUNT_MAP_FULL, 1);
        return 0;
    }
    return bpf_map_lookup_elem(&sessions, &key);
}

// Ends a session: its record, and what was known of its socket.
static __always_inline void endSession(__u32 processID, __u64 object) {
    struct session_key key = {.object = object, .processID = processID};
    struct session *session = bpf_map_lookup_elem(&sessions, &key);
    if (!session) return;
    emit(FW_CLOSED, session, 0, 0);
    __u64 socket = session->socket;
    struct session_key *owner = socket ? bpf_map_lookup_elem(&sockets, &socket) : 0;
    if (owner && owner->object == object && owner->processID == processID) bpf_map_delete_elem(&sockets, &socket);
    bpf_map_delete_elem(&sessions, &key);
}

// MARK: Addresses

static __always_inline bool isInternet(struct sock *socket) {
    __u16 family = BPF_CORE_READ(socket, __sk_common.skc_family);
    return family == AF_INET || family == AF_INET6;
}

static __always_inline void mapIPv4(__u8 *address, __be32 ipv4) {
    __builtin_memset(address, 0, 10);
    address[10] = address[11] = 0xff;
    __builtin_memcpy(address + 12, &ipv4, 4);
}

static __always_inline void readAddress(struct fw_address *address, struct sock *socket) {
    __builtin_memset(address, 0, sizeof(*address));
    if (BPF_CORE_READ(socket, __sk_common.skc_family) == AF_INET) {
        mapIPv4(address->local, BPF_CORE_READ(socket, __sk_common.skc_rcv_saddr));
        mapIPv4(address->remote, BPF_CORE_READ(socket, __sk_common.skc_daddr));
    } else {
        BPF_CORE_READ_INTO(&address->local, socket, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
        BPF_CORE_READ_INTO(&address->remote, socket, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
    }
    address->localPort = BPF_CORE_READ(socket, __sk_common.skc_num);
    address->remotePort = __builtin_bswap16(BPF_CORE_READ(socket, __sk_common.skc_dport));
    address->rttUs = BPF_CORE_READ((struct tcp_sock *)socket, srtt_us) >> 3;
    __u64 key = (__u64)socket;
    struct connect *connect = bpf_map_lookup_elem(&connects, &key);
    if (connect) {
        address->isActive = 1;
        address->connectNs = connect->tookNs;
    }
}

struct addressed {
    struct fw_event event;
    struct fw_address address;
};

// The session runs on this socket. What was seen in the call itself outweighs what was concluded.
static __always_inline void assign(
    __u32 processID, __u64 object, struct session *session, struct sock *socket, __u8 method) {
    __u64 number = (__u64)socket;
    if (session->socket == number && session->method <= method && session->method) return;
    if (session->method && session->method <= method) return;
    struct session_key key = {.object = object, .processID = processID};
    if (method != FW_IN_CALL) {
        // A socket that carries another session carries no second one.
        struct session_key *owner = bpf_map_lookup_elem(&sockets, &number);
        if (owner && owner->object != object) return;
    }
    if (!isInternet(socket)) return;
    session->socket = number;
    session->method = method;
    bpf_map_update_elem(&sockets, &number, &key, BPF_ANY);
    struct addressed *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
    if (!record) return count(FW_COUNT_DROPPED_EVENTS, 1);
    fill(&record->event, FW_ADDRESS, session);
    record->event.value = method;
    record->event.captured = sizeof(record->address);
    readAddress(&record->address, socket);
    bpf_ringbuf_submit(record, wakeFlags());
}

// MARK: Calls into the library

static __always_inline void enter(
    struct pt_regs *context, __u64 object, __u64 buffer, __u64 done, __u64 cookie) {
    __u64 identity = bpf_get_current_pid_tgid();
    if (!object || !(isWatched(identity >> 32) || cookie & FW_COOKIE_CALIBRATE)) return;
    struct thread *thread = makeThread(identity);
    if (!thread) return;
    __u64 stackPointer = PT_REGS_SP(context);
    // A frame that lies at or below this one was left without returning, or was only a jump to here.
    if (thread->depth == 2 && thread->frames[1].stackPointer <= stackPointer) thread->depth = 1;
    if (thread->depth == 1 && thread->frames[0].stackPointer <= stackPointer) thread->depth = 0;
    __u32 depth = thread->depth;
    if (depth > 1) return count(FW_COUNT_NESTED, 1);
    struct frame *frame = &thread->frames[depth];
    frame->stackPointer = stackPointer;
    frame->object = object;
    frame->buffer = buffer;
    frame->done = done;
    frame->cookie = cookie;
    frame->socketError = 0;
    frame->sawEnd = 0;
    frame->usedSocket = 0;
    thread->depth = depth + 1;
}

// The frame of the call that returns here; copied, because another call may reuse its place.
static __always_inline bool leave(struct pt_regs *context, struct thread *thread, struct frame *frame) {
    __u64 stackPointer = PT_REGS_SP(context) - sizeof(__u64);  // x86-64: the return address is gone from the stack.
    if (thread->depth == 2 && thread->frames[1].stackPointer == stackPointer) {
        *frame = thread->frames[1];
        thread->depth = 1;
        return true;
    }
    if (thread->depth >= 1 && thread->frames[0].stackPointer == stackPointer) {
        *frame = thread->frames[0];
        thread->depth = 0;
        return true;
    }
    return false;
}

struct chunk {
    __u64 source;
    __u64 offset;
    __u32 byteCount;  // That this record stands for.
    __u32 length;     // Of them to be captured.
    __u8 direction;
};

static __always_inline void emitClass(
    const struct session *session, const struct chunk *chunk, const __u32 capacity) {
    struct fw_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event) + capacity, 0);
    if (!event) {
        count(FW_COUNT_DROPPED_EVENTS, 1);
        return count(FW_COUNT_DROPPED_BYTES, chunk->byteCount);
    }
    fill(event, FW_DATA, session);
    event->direction = chunk->direction;
    event->offset = chunk->offset;
    event->byteCount = chunk->byteCount;
    __u32 length = chunk->length;
    asm volatile("" : "+r"(length));  // The comparison below must be made on the very register the helper takes.
    if (length > capacity) length = capacity;
    if (length > 0 && bpf_probe_read_user(event + 1, length, (void *)chunk->source)) {
        count(FW_COUNT_FAULTS, 1);
        length = 0;
    }
    event->captured = length;
    count(FW_COUNT_COPIED_BYTES, length);
    bpf_ringbuf_submit(event, wakeFlags());
}

static __noinline int emitChunk(const struct session *session, const struct chunk *chunk) {
    if (!session || !chunk) return 0;
    if (chunk->length <= FW_CLASS_0) emitClass(session, chunk, FW_CLASS_0);
    else if (chunk->length <= FW_CLASS_1) emitClass(session, chunk, FW_CLASS_1);
    else if (chunk->length <= FW_CLASS_2) emitClass(session, chunk, FW_CLASS_2);
    else emitClass(session, chunk, FW_CLASS_3);
    return 0;
}

static __always_inline void emitBytes(struct session *session, __u8 direction, __u64 source, __u64 byteCount) {
    struct fw_settings *current = currentSettings();
    __u64 rest = current ? current->bytesPerCall : 0;
    if (rest > byteCount) rest = byteCount;
    __u64 left = byteCount;
    struct chunk chunk = {.source = source, .offset = session->offset[direction & 1], .direction = direction};
    session->offset[direction & 1] += byteCount;
    session->flags |= FW_HAS_DATA | FW_HANDSHAKE_DONE;
    for (int part = 0; part < FW_FRAGMENT_COUNT_MAX; part++) {
        __u32 length = rest > FW_FRAGMENT_MAX ? FW_FRAGMENT_MAX : rest;
        rest -= length;
        // The last record stands for what is not captured, too.
        bool isLast = rest == 0 || part == FW_FRAGMENT_COUNT_MAX - 1;
        chunk.length = length;
        chunk.byteCount = isLast ? left : length;
        emitChunk(session, &chunk);
        if (isLast) break;
        left -= length;
        chunk.source += length;
        chunk.offset += length;
    }
}

// Looks for the connection where the call itself touched no socket.
static __always_inline void concludeSocket(
    struct thread *thread, const struct frame *frame, struct session *session, __u32 processID, bool tookBytes) {
    if (session->method || frame->usedSocket) return;
    if (tookBytes && thread->lastReceived) {
        return assign(processID, frame->object, session, (struct sock *)thread->lastReceived, FW_LAST_RECV);
    }
    if (session->role != FW_ROLE_SERVER) thread->waitingObject = frame->object;
}

SEC("uprobe")
int BPF_KPROBE(callEntered, void *object, void *buffer, __u64 length, void *done) {
    __u64 cookie = bpf_get_attach_cookie(ctx);
    count(cookie & FW_COOKIE_DEAR ? FW_COUNT_DEAR_CALLS : FW_COUNT_CALLS, 1);
    enter(ctx, (__u64)object, (__u64)buffer, (__u64)done, cookie);
    return 0;
}

static __always_inline __u64 transferred(const struct frame *frame, __u64 returned) {
    if (frame->cookie & FW_COOKIE_RETURNS_EX) {
        __u64 byteCount = 0;
        if ((int)returned <= 0) return 0;
        if (bpf_probe_read_user(&byteCount, sizeof(byteCount), (void *)frame->done)) count(FW_COUNT_FAULTS, 1);
        return byteCount;
    }
    if (frame->cookie & FW_COOKIE_RETURNS_LONG) return (__s64)returned > 0 ? returned : 0;
    return (int)returned > 0 ? (__u32)returned : 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(callReturned, __u64 returned) {
    __u64 identity = bpf_get_current_pid_tgid();
    __u32 processID = identity >> 32;
    struct thread *thread = findThread(identity);
    if (!thread) return 0;
    struct frame frame;
    if (!leave(ctx, thread, &frame)) {
        count(FW_COUNT_UNRETURNED, 1);
        return 0;
    }
    struct session *session = makeSession(processID, frame.object, 0, FW_MIDSTREAM);
    if (!session) return 0;
    __u8 direction = frame.cookie & FW_COOKIE_TO_PEER ? FW_TO_PEER : FW_FROM_PEER;
    __u64 byteCount = transferred(&frame, returned);
    concludeSocket(thread, &frame, session, processID, direction == FW_FROM_PEER && byteCount > 0);
    if (byteCount > 0) {
        emitBytes(session, direction, frame.buffer, byteCount);
    } else if (direction == FW_FROM_PEER && (frame.sawEnd || frame.socketError == ECONNRESET)) {
        session->flags |= frame.sawEnd ? FW_PEER_ENDED : FW_PEER_RESET;
        emit(FW_END, session, FW_FROM_PEER, frame.sawEnd ? 0 : ECONNRESET);
    }
    return 0;
}

SEC("uprobe")
int BPF_KPROBE(handshakeEntered, void *object) {
    __u64 cookie = bpf_get_attach_cookie(ctx);
    __u32 processID = bpf_get_current_pid_tgid() >> 32;
    count(FW_COUNT_OTHER_HITS, 1);
    // Made here, before a socket call inside can take it for one that is long under way.
    if (object && isWatched(processID)) makeSession(processID, (__u64)object, 0, 0);
    enter(ctx, (__u64)object, 0, 0, cookie);
    return 0;
}

SEC("uretprobe")
int BPF_KRETPROBE(handshakeReturned, int returned) {
    __u64 identity = bpf_get_current_pid_tgid();
    __u32 processID = identity >> 32;
    struct thread *thread = findThread(identity);
    struct frame frame;
    if (!thread || !leave(ctx, thread, &frame)) return 0;
    struct session *session = makeSession(processID, frame.object, 0, 0);
    if (!session) return 0;
    bool isFirst = !(session->flags & FW_HANDSHAKE_TRIED);
    session->flags |= FW_HANDSHAKE_TRIED;
    // A client speaks first: what its thread received before belongs to another connection.
    bool heardBefore = session->role == FW_ROLE_SERVER || !isFirst;
    concludeSocket(thread, &frame, session, processID, heardBefore);
    if (frame.sawEnd) session->flags |= FW_PEER_ENDED;
    if (frame.socketError == ECONNRESET) session->flags |= FW_PEER_RESET;
    bool isDone = frame.cookie & FW_COOKIE_RETURNS_ZERO ? returned == 0 : returned == 1;
    if (isDone && !(session->flags & FW_HANDSHAKE_DONE)) {
        session->flags |= FW_HANDSHAKE_DONE;
        emit(FW_HANDSHAKE, session, 0, 0);
    }
    return 0;
}

SEC("uprobe")
int BPF_KPROBE(roleSet, void *object) {
    __u32 processID = bpf_get_current_pid_tgid() >> 32;
    count(FW_COUNT_OTHER_HITS, 1);
    if (!isWatched(processID)) return 0;
    struct session *session = findSession(processID, (__u64)object);
    // Used again for another connection.
    if (session && session->flags & FW_HAS_DATA) endSession(processID, (__u64)object);
    __u8 role = bpf_get_attach_cookie(ctx) & FW_COOKIE_CLIENT ? FW_ROLE_CLIENT : FW_ROLE_SERVER;
    makeSession(processID, (__u64)object, role, 0);
    return 0;
}

SEC("uprobe")
int BPF_KPROBE(sessionFreed, void *object) {
    __u64 identity = bpf_get_current_pid_tgid();
    count(FW_COUNT_OTHER_HITS, 1);
    endSession(identity >> 32, (__u64)object);
    struct thread *thread = findThread(identity);
    if (thread && thread->waitingObject == (__u64)object) thread->waitingObject = 0;
    return 0;
}

SEC("uprobe")
int BPF_KPROBE(shutdownEntered, void *object) {
    count(FW_COUNT_OTHER_HITS, 1);
    struct session *session = findSession(bpf_get_current_pid_tgid() >> 32, (__u64)object);
    if (session) emit(FW_END, session, FW_TO_PEER, 0);
    return 0;
}

static __always_inline void nameGiven(__u64 object, const void *name, __u32 length) {
    __u32 processID = bpf_get_current_pid_tgid() >> 32;
    if (!isWatched(processID)) return;
    struct session *session = makeSession(processID, object, FW_ROLE_CLIENT, 0);
    if (!session) return;
    struct fw_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event) + FW_NAME_MAX, 0);
    if (!event) return count(FW_COUNT_DROPPED_EVENTS, 1);
    fill(event, FW_NAME, session);
    long got = 0;
    if (length == 0) {
        got = bpf_probe_read_user_str(event + 1, FW_NAME_MAX, name);
        if (got > 0) got -= 1;  // The zero at its end.
    } else {
        if (length > FW_NAME_MAX) length = FW_NAME_MAX;
        got = bpf_probe_read_user(event + 1, length, name) ? 0 : length;
    }
    event->captured = got > 0 ? got : 0;
    bpf_ringbuf_submit(event, wakeFlags());
}

// SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name): what the macro for SNI calls.
SEC("uprobe")
int BPF_KPROBE(controlEntered, void *object, int command, long argument, void *name) {
    count(FW_COUNT_OTHER_HITS, 1);
    if (command == 55 && argument == 0 && name) nameGiven((__u64)object, name, 0);
    return 0;
}

// gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, length)
SEC("uprobe")
int BPF_KPROBE(gnutlsNameSet, void *object, int type, void *name, __u64 length) {
    count(FW_COUNT_OTHER_HITS, 1);
    if (type == 1 && length > 0 && length <= FW_NAME_MAX) nameGiven((__u64)object, name, length);
    return 0;
}

// MARK: Names

// getaddrinfo(name, service, hints, &result): most programs find their servers by it.
SEC("uprobe")
int BPF_KPROBE(lookupEntered, void *name, void *service, void *hints, void *result) {
    __u64 identity = bpf_get_current_pid_tgid();
    count(FW_COUNT_OTHER_HITS, 1);
    if (!name || !isWatched(identity >> 32)) return 0;
    struct lookup lookup = {.startNs = bpf_ktime_get_ns(), .name = (__u64)name, .result = (__u64)result};
    bpf_map_update_elem(&lookups, &identity, &lookup, BPF_ANY);
    return 0;
}

struct looked {
    struct fw_event event;
    struct fw_lookup lookup;
    __u8 name[FW_NAME_MAX];
};

// The C library's own description of an address, as the ABI of 64-bit machines lays it out (netdb.h).
struct address_info {
    __s32 flags, family, type, protocol;
    __u32 length, padding;
    __u64 address;
    __u64 canonicalName;
    __u64 next;
};

static __always_inline void readAddresses(struct fw_lookup *found, __u64 result) {
    __u64 place = 0;
    if (bpf_probe_read_user(&place, sizeof(place), (void *)result)) return;
    for (int index = 0; index < FW_LOOKUP_ADDRESS_MAX && place; index++) {
        struct address_info info;
        if (bpf_probe_read_user(&info, sizeof(info), (void *)place)) return;
        if (info.family == AF_INET) {
            __be32 ipv4 = 0;
            bpf_probe_read_user(&ipv4, sizeof(ipv4), (void *)(info.address + 4));
            mapIPv4(found->addresses[index], ipv4);
        } else {
            bpf_probe_read_user(found->addresses[index], 16, (void *)(info.address + 8));
        }
        found->count = index + 1;
        place = info.next;
    }
}

SEC("uretprobe")
int BPF_KRETPROBE(lookupReturned, int returned) {
    __u64 identity = bpf_get_current_pid_tgid();
    struct lookup *lookup = bpf_map_lookup_elem(&lookups, &identity);
    if (!lookup) return 0;
    struct looked *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
    if (record) {
        fill(&record->event, FW_LOOKUP, 0);
        record->event.value = returned;
        record->event.offset = bpf_ktime_get_ns() - lookup->startNs;
        __builtin_memset(&record->lookup, 0, sizeof(record->lookup));
        if (returned == 0) readAddresses(&record->lookup, lookup->result);
        long got = bpf_probe_read_user_str(record->name, FW_NAME_MAX, (void *)lookup->name);
        record->event.captured = sizeof(record->lookup) + (got > 0 ? got - 1 : 0);
        bpf_ringbuf_submit(record, wakeFlags());
    } else {
        count(FW_COUNT_DROPPED_EVENTS, 1);
    }
    bpf_map_delete_elem(&lookups, &identity);
    return 0;
}

// MARK: Sockets

static __always_inline void noteQUIC(struct sock *socket, __u32 processID) {
    if (BPF_CORE_READ(socket, __sk_common.skc_dport) != __builtin_bswap16(443)) return;
    if (processID == ownProcessID || bpf_map_lookup_elem(&quicSeen, &processID)) return;
    __u8 one = 1;
    bpf_map_update_elem(&quicSeen, &processID, &one, BPF_ANY);
    emit(FW_QUIC, 0, FW_TO_PEER, 0);
}

// What a socket call inside a library call says of its session.
static __always_inline void usedInCall(
    struct thread *thread, struct sock *socket, int result, __u32 processID, bool isReceive) {
    struct frame *frame = &thread->frames[thread->depth > 1 ? 1 : 0];
    frame->usedSocket = 1;
    if (isReceive && result == 0) frame->sawEnd = 1;
    if (result == -ECONNRESET) frame->socketError = ECONNRESET;
    struct session *session = makeSession(processID, frame->object, 0, FW_MIDSTREAM);
    if (session) assign(processID, frame->object, session, socket, FW_IN_CALL);
    if (thread->waitingObject == frame->object) thread->waitingObject = 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(socketSent, struct sock *socket, int result, int flags) {
    __u64 identity = bpf_get_current_pid_tgid();
    __u32 processID = identity >> 32;
    __u16 protocol = socket->sk_protocol;
    if (protocol == IPPROTO_UDP) {
        noteQUIC(socket, processID);
        return 0;
    }
    struct thread *thread = protocol == IPPROTO_TCP ? findThread(identity) : 0;
    if (!thread) return 0;
    count(FW_COUNT_SOCKET_HITS, 1);
    if (thread->depth > 0) {
        usedInCall(thread, socket, result, processID, false);
    } else if (thread->waitingObject && result > 0) {
        __u64 object = thread->waitingObject;
        thread->waitingObject = 0;
        struct session *session = findSession(processID, object);
        if (session) assign(processID, object, session, socket, FW_NEXT_SEND);
    }
    return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socketReceived, struct sock *socket, int result, int flags) {
    if (socket->sk_protocol != IPPROTO_TCP) return 0;
    __u64 identity = bpf_get_current_pid_tgid();
    struct thread *thread = findThread(identity);
    if (!thread) return 0;
    count(FW_COUNT_SOCKET_HITS, 1);
    if (thread->depth > 0) usedInCall(thread, socket, result, identity >> 32, true);
    else if (result > 0) thread->lastReceived = (__u64)socket;
    return 0;
}

static __always_inline void emitConnect(struct sock *socket, const struct connect *connect, __u32 error) {
    struct addressed *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
    if (!record) return count(FW_COUNT_DROPPED_EVENTS, 1);
    fill(&record->event, FW_CONNECT, 0);
    // The state changes in whatever thread the packet interrupted; who connected was noted then.
    record->event.processID = connect->processID;
    record->event.threadID = connect->threadID;
    __builtin_memcpy(record->event.command, connect->command, sizeof(record->event.command));
    record->event.value = error;
    record->event.offset = bpf_ktime_get_ns() - connect->startNs;
    record->event.captured = sizeof(record->address);
    record->event.role = FW_ROLE_CLIENT;
    readAddress(&record->address, socket);
    bpf_ringbuf_submit(record, wakeFlags());
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(stateChanged, struct sock *socket, int oldState, int newState) {
    __u64 key = (__u64)socket;
    if (newState == TCP_SYN_SENT) {
        __u64 identity = bpf_get_current_pid_tgid();
        struct connect connect = {.startNs = bpf_ktime_get_ns(), .processID = identity >> 32};
        connect.threadID = (__u32)identity;
        if (connect.processID == ownProcessID) return 0;
        bpf_get_current_comm(connect.command, sizeof(connect.command));
        bpf_map_update_elem(&connects, &key, &connect, BPF_ANY);
        return 0;
    }
    if (oldState == TCP_SYN_SENT) {
        struct connect *connect = bpf_map_lookup_elem(&connects, &key);
        if (!connect) return 0;
        connect->tookNs = bpf_ktime_get_ns() - connect->startNs;
        __u32 error = socket->sk_err;
        if (newState == TCP_CLOSE && error == 0) error = ECANCELED;
        emitConnect(socket, connect, newState == TCP_CLOSE ? error : 0);
    }
    if (newState != TCP_CLOSE) return 0;
    bpf_map_delete_elem(&connects, &key);
    struct session_key *owner = bpf_map_lookup_elem(&sockets, &key);
    if (!owner) return 0;
    struct session *session = bpf_map_lookup_elem(&sessions, owner);
    if (session && session->socket == key) {
        if (socket->sk_err == ECONNRESET) session->flags |= FW_PEER_RESET;
        emit(FW_TCP_CLOSED, session, 0, socket->sk_err);
        session->socket = 0;
    }
    bpf_map_delete_elem(&sockets, &key);
    return 0;
}

// MARK: Processes

SEC("raw_tp/sched_process_exec")
int processExecuted(void *context) {
    emit(FW_EXEC, 0, 0, 0);
    return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(processForked, struct task_struct *parent, struct task_struct *child) {
    __u32 parentID = parent->tgid;
    __u32 childID = child->tgid;
    __u8 one = 1;
    if (parentID != childID && bpf_map_lookup_elem(&listed, &parentID)) {
        bpf_map_update_elem(&listed, &childID, &one, BPF_ANY);
    }
    return 0;
}

SEC("raw_tp/sched_process_exit")
int processExited(void *context) {
    __u64 identity = bpf_get_current_pid_tgid();
    __u32 processID = identity >> 32;
    bpf_map_delete_elem(&threads, &identity);
    if (processID != (__u32)identity) return 0;
    bpf_map_delete_elem(&listed, &processID);
    bpf_map_delete_elem(&quicSeen, &processID);
    emit(FW_EXIT, 0, 0, 0);
    return 0;
}
