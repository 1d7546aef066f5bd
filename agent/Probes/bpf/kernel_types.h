// The few types of the kernel that the probes look into, with the few fields. Where a field lies is not told here: the loader
// finds it by the running kernel's own description (BTF, "compile once, run everywhere"), so that one object fits all
// kernels and the object does not depend on the machine it was made on.
#ifndef FARWATCH_KERNEL_TYPES_H
#define FARWATCH_KERNEL_TYPES_H

#define __VMLINUX_H__ 1  // bpf_tracing.h: registers have the kernel's names.

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
typedef unsigned long size_t;
typedef int pid_t;
typedef _Bool bool;
#define true 1
#define false 0

// From the kernel's user-space interface (linux/bpf.h), which never changes.
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };
enum bpf_map_type {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_RINGBUF = 27,
};

// The layout of x86-64 registers is fixed by the architecture's ABI: no relocation.
struct pt_regs {
    unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
    union {
        __u8 u6_addr8[16];
    } in6_u;
};

struct sock_common {
    union {
        struct {
            __be32 skc_daddr;
            __be32 skc_rcv_saddr;
        };
    };
    union {
        struct {
            __be16 skc_dport;
            __u16 skc_num;
        };
    };
    unsigned short skc_family;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
    struct sock_common __sk_common;
    int sk_err;
    __u16 sk_protocol;
};

struct tcp_sock {
    __u32 srtt_us;
};

struct task_struct {
    pid_t pid;
    pid_t tgid;
};

#pragma clang attribute pop

#endif
