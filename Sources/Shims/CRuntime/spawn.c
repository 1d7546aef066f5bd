// Starts a program from a process that has many threads.
//
// Between fork and exec the child holds a copy of one thread and of every lock as it happened to stand, so it may call
// only what signal-safety(7) lists: no allocation, no locale, no stdio. All that needs memory is prepared by the
// parent. The child reports a failed step through a pipe that exec closes; end of file therefore means that the program
// runs.
#define _GNU_SOURCE
#include "CRuntime.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Linux 5.11's flag of close_range; older headers lack it.
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

struct failure {
    int step;
    int error;
};

static _Noreturn void report(int pipe, int step) {
    struct failure failure = {step, errno};
    // Eight bytes are less than PIPE_BUF: written whole, or the parent is gone and nobody listens.
    while (write(pipe, &failure, sizeof failure) < 0 && errno == EINTR) {
    }
    _exit(127);
}

// A program must not start with the parent's handlers (exec resets those by itself) nor with the parent's ignored
// signals (exec keeps those: SIGPIPE would stay ignored).
static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &action, NULL);  // Fails for SIGKILL, SIGSTOP and libc's own two; they need no reset.
    }
}

static int place_descriptors(const int standard[3]) {
    for (int place = 0; place < 3; place++) {
        if (standard[place] >= 0 && dup2(standard[place], place) < 0) {
            return -1;
        }
    }
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return 0;
    }
#endif
    struct rlimit limit;
    rlim_t end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end) {
        end = limit.rlim_cur;
    }
    for (int descriptor = 3; (rlim_t)descriptor < end; descriptor++) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);  // Fails where nothing is open, which is as good.
    }
    return 0;
}

// Groups first: once the user is given up, they could no longer be changed. glibc's wrappers would wait for the
// parent's other threads, which a forked child does not have, so the kernel is called directly.
static int change_user(const struct farwatch_spawn *spawn) {
    if (syscall(SYS_setgroups, spawn->group_count, spawn->groups) != 0) {
        return -1;
    }
    if (syscall(SYS_setresgid, spawn->group, spawn->group, spawn->group) != 0) {
        return -1;
    }
    if (syscall(SYS_setresuid, spawn->user, spawn->user, spawn->user) != 0) {
        return -1;
    }
    if (spawn->user != 0 && syscall(SYS_setresuid, -1, 0, -1) == 0) {
        errno = EPERM;  // The way back to root must be shut.
        return -1;
    }
    return 0;
}

static _Noreturn void become(const struct farwatch_spawn *spawn, pid_t parent, int pipe) {
    reset_signals();
    if (spawn->own_group && setpgid(0, 0) != 0) {
        report(pipe, FARWATCH_SPAWN_GROUP);
    }
    if (place_descriptors(spawn->standard) != 0) {
        report(pipe, FARWATCH_SPAWN_DESCRIPTORS);
    }
    if (spawn->change_user && change_user(spawn) != 0) {
        report(pipe, FARWATCH_SPAWN_USER);
    }
    if (spawn->directory != NULL && chdir(spawn->directory) != 0) {
        report(pipe, FARWATCH_SPAWN_DIRECTORY);
    }
    if (spawn->death_signal != 0) {
        // After the change of user, which clears it (prctl(2)).
        if (prctl(PR_SET_PDEATHSIG, spawn->death_signal) != 0) {
            report(pipe, FARWATCH_SPAWN_DEATH_SIGNAL);
        }
        if (getppid() != parent) {
            _exit(127);  // The parent ended before the request was made.
        }
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(spawn->executable, spawn->arguments, spawn->environment);
    report(pipe, FARWATCH_SPAWN_EXECUTE);
}

// Not among 0, 1 and 2: the child puts others there.
int farwatch_pipe(int ends[2]) {
    int raw[2];
    if (pipe2(raw, O_CLOEXEC) != 0) {
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

int farwatch_spawn(const struct farwatch_spawn *spawn, pid_t *child, int *failed_step) {
    *failed_step = FARWATCH_SPAWN_FORK;
    int ends[2];
    if (farwatch_pipe(ends) != 0) {
        return errno;
    }
    sigset_t all, before;
    sigfillset(&all);
    // No handler of ours may run in the child: it would write into the parent's pipe.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t process = fork();
    int fork_error = errno;
    if (process == 0) {
        become(spawn, parent, ends[1]);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return fork_error;
    }
    struct failure failure;
    ssize_t count;
    do {
        count = read(ends[0], &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    close(ends[0]);
    if (count == (ssize_t)sizeof failure) {
        while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
        }
        *failed_step = failure.step;
        return failure.error;
    }
    *child = process;
    return 0;
}

int farwatch_process_descriptor(pid_t process) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, process, 0);
#else
    return -1;
#endif
}

int farwatch_has_ended(pid_t process) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        return errno == EINTR ? 0 : -1;
    }
    return info.si_pid == process;
}

void farwatch_name_thread(const char *name) {
    prctl(PR_SET_NAME, name);
}

char *const *farwatch_environment(void) {
    return environ;
}
