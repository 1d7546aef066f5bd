// libbpf: loads the probes into the kernel, attaches them, reads their ring. Imported by `Probes` alone.
#ifndef FARWATCH_CLIBBPF_SHIM_H
#define FARWATCH_CLIBBPF_SHIM_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

// Its options are macros that check their own size, which Swift cannot call. All processes (-1), or one.
static inline struct bpf_link *farwatch_attach_uprobe(
    const struct bpf_program *program, int is_return, int process_id, const char *path, size_t offset, __u64 cookie) {
    struct bpf_uprobe_opts options = {
        .sz = sizeof(struct bpf_uprobe_opts), .bpf_cookie = cookie, .retprobe = is_return != 0};
    return bpf_program__attach_uprobe_opts(program, process_id, path, offset, &options);
}

// The print function is variadic; what we have to say of a refusal we say ourselves.
static inline void farwatch_silence_libbpf(void) { libbpf_set_print(0); }

#endif
