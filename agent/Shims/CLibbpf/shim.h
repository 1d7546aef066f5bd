// libbpf: loads the probes into the kernel, attaches them, reads their ring. Imported by `Probes` alone.
#ifndef FARWATCH_CLIBBPF_SHIM_H
#define FARWATCH_CLIBBPF_SHIM_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Its options are macros that check their own size, which Swift cannot call. All processes (-1), or one.
static inline struct bpf_link *farwatch_attach_uprobe(
    const struct bpf_program *program, int is_return, int process_id, const char *path, size_t offset, __u64 cookie) {
    struct bpf_uprobe_opts options = {
        .sz = sizeof(struct bpf_uprobe_opts), .bpf_cookie = cookie, .retprobe = is_return != 0};
    return bpf_program__attach_uprobe_opts(program, process_id, path, offset, &options);
}

// Many functions of one file by one link (BPF_TRACE_UPROBE_MULTI, kernel 6.6): libbpf knows it from 1.3 on, Debian 12 has 1.1. The
// numbers and the layout are the kernel's user-space interface (linux/bpf.h), which never changes.
#define FARWATCH_UPROBE_MULTI 48

static inline void farwatch_expect_uprobe_multi(struct bpf_program *program) {
    bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)FARWATCH_UPROBE_MULTI);
}

// Returns the link's descriptor, or -1 with errno. All processes (0), or one.
static inline int farwatch_attach_uprobe_multi(
    const struct bpf_program *program, int is_return, unsigned process_id, const char *path,
    const unsigned long long *offsets, const unsigned long long *cookies, unsigned count) {
    struct {
        unsigned program, target, type, flags;
        unsigned long long path, offsets, references, cookies;
        unsigned count, multi_flags, process_id, padding;
    } arguments;
    memset(&arguments, 0, sizeof(arguments));
    arguments.program = (unsigned)bpf_program__fd(program);
    arguments.type = FARWATCH_UPROBE_MULTI;
    arguments.path = (unsigned long long)path;
    arguments.offsets = (unsigned long long)offsets;
    arguments.cookies = (unsigned long long)cookies;
    arguments.count = count;
    arguments.multi_flags = is_return ? 1 : 0;
    arguments.process_id = process_id;
    return (int)syscall(__NR_bpf, 28 /* BPF_LINK_CREATE */, &arguments, sizeof(arguments));
}

// The print function is variadic; what we have to say of a refusal we say ourselves.
static inline void farwatch_silence_libbpf(void) { libbpf_set_print(0); }

#endif
