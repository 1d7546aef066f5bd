// Open descriptors from process to process (unix(7), SCM_RIGHTS), and giving privileges up (capabilities(7)): ancillary data lies
// behind macros, and capget and capset have no wrapper in the C library.
#define _GNU_SOURCE
#include "CRuntime.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(FARWATCH_DESCRIPTORS_MAX * sizeof(int))];
};

int farwatch_socket_pair(int ends[2]) {
    int raw[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw) != 0) {
        return -1;
    }
    for (int end = 0; end < 2; end++) {
        ends[end] = fcntl(raw[end], F_DUPFD_CLOEXEC, 3);
    }
    int error = errno;
    close(raw[0]);
    close(raw[1]);
    if (ends[0] < 0 || ends[1] < 0) {
        close(ends[0]);
        close(ends[1]);
        errno = error;
        return -1;
    }
    return 0;
}

ssize_t farwatch_send(int socket, const void *bytes, size_t byte_count, const int *descriptors, size_t count) {
    if (count > FARWATCH_DESCRIPTORS_MAX) {
        errno = E2BIG;
        return -1;
    }
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = byte_count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t farwatch_receive(int socket, void *bytes, size_t byte_count, int *descriptors, size_t *count) {
    struct iovec part = {.iov_base = bytes, .iov_len = byte_count};
    union control control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *count = 0;
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) {
        return -1;
    }
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        // The kernel closes what did not fit; what did is ours, and the buffer holds no more than the array.
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t index = 0; index < *count; index++) {
            close(descriptors[index]);
        }
        *count = 0;
        errno = EMSGSIZE;
        return -1;
    }
    return received;
}

int farwatch_capabilities(uint64_t *effective, uint64_t *permitted) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0) {
        return -1;
    }
    *effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    *permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    return 0;
}

int farwatch_capabilities_keep(uint64_t kept) {
    uint64_t effective, permitted;
    if (farwatch_capabilities(&effective, &permitted) != 0) {
        return -1;
    }
    kept &= permitted;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)kept, .permitted = (uint32_t)kept},
        {.effective = (uint32_t)(kept >> 32), .permitted = (uint32_t)(kept >> 32)}};
    return (int)syscall(SYS_capset, &header, data);
}

int farwatch_become(uid_t user, gid_t group, const gid_t *groups, size_t group_count) {
    // Groups first: once the user is given up, they could no longer be changed. The C library does it for all threads.
    if (setgroups(group_count, groups) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(user, user, user) != 0) {
        return -1;
    }
    if (user != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0) {
        errno = EPERM;  // The way back to root must be shut.
        return -1;
    }
    return 0;
}

int farwatch_forbid_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
