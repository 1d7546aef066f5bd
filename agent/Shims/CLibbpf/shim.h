// libbpf: loads the probes into the kernel, attaches them, reads their ring. Imported by `Probes` alone.
#ifndef FARWATCH_CLIBBPF_SHIM_H
#define FARWATCH_CLIBBPF_SHIM_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// A number the system tells in a file: all of it, or what stands behind a colon (`config:0`). Negative where it tells none.
static inline int farwatch_number_in(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return -1;
    int number = -1;
    if (fscanf(file, "%*[^0-9]%d", &number) != 1) {
        rewind(file);
        if (fscanf(file, "%d", &number) != 1) number = -1;
    }
    fclose(file);
    return number;
}

// One function: by a performance event, which its link keeps (kernel 5.15). libbpf's own way ends with a structure that holds two
// descriptors; ours with one, which may be handed to another process and is all there is. Returns it, or -1 with errno.
// All processes (-1), or one.
static inline int farwatch_attach_uprobe(
    const struct bpf_program *program, int is_return, int process_id, const char *path, size_t offset, __u64 cookie) {
    int type = farwatch_number_in("/sys/bus/event_source/devices/uprobe/type");
    int bit = farwatch_number_in("/sys/bus/event_source/devices/uprobe/format/retprobe");
    if (type < 0 || bit < 0 || bit > 63) {
        errno = ENOTSUP;
        return -1;
    }
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.size = sizeof(attributes);
    attributes.type = (__u32)type;
    attributes.config = is_return ? 1ULL << bit : 0;
    attributes.config1 = (__u64)path;
    attributes.config2 = offset;
    int event = (int)syscall(
        __NR_perf_event_open, &attributes, process_id, process_id == -1 ? 0 : -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (event < 0) return -1;
    struct bpf_link_create_opts options = {.sz = sizeof(options), .perf_event = {.bpf_cookie = cookie}};
    int link = bpf_link_create(bpf_program__fd(program), event, BPF_PERF_EVENT, &options);
    int error = errno;
    if (link >= 0 && ioctl(event, PERF_EVENT_IOC_ENABLE, 0) != 0) {
        error = errno;
        close(link);
        link = -1;
    }
    close(event);
    errno = error;
    return link;
}

// A program on an event of the kernel: the link's descriptor alone, without the structure around it. Or -1 with errno.
static inline int farwatch_attach_to_kernel(const struct bpf_program *program) {
    struct bpf_link *link = bpf_program__attach(program);
    if (link == NULL) return -1;
    int descriptor = fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 3);
    int error = errno;
    // Closes its own; the program stays attached by ours.
    bpf_link__destroy(link);
    errno = error;
    return descriptor;
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
