// What Swift cannot do itself: fork and exec, a signal handler, reading `environ`, passing descriptors and giving up privileges.
// Imported by `Runtime` alone.
#ifndef FARWATCH_CRUNTIME_H
#define FARWATCH_CRUNTIME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The step of a start that failed, in the order in which they are taken.
enum farwatch_spawn_step {
    FARWATCH_SPAWN_FORK = 0,
    FARWATCH_SPAWN_GROUP = 1,
    FARWATCH_SPAWN_DESCRIPTORS = 2,
    FARWATCH_SPAWN_USER = 3,
    FARWATCH_SPAWN_DIRECTORY = 4,
    FARWATCH_SPAWN_DEATH_SIGNAL = 5,
    FARWATCH_SPAWN_EXECUTE = 6,
};

struct farwatch_spawn {
    const char *executable;       // A path; nothing is searched.
    char *const *arguments;       // Ends with NULL.
    char *const *environment;     // Ends with NULL.
    const char *directory;        // NULL: the parent's.
    int standard[3];              // What becomes descriptors 0, 1 and 2: each 3 or above, or -1 for the parent's own.
    int own_group;                // Whether the child leads a process group of its own.
    int death_signal;             // Sent to the child when the starting THREAD ends; 0: none.
    int change_user;              // Whether the next four apply.
    uid_t user;
    gid_t group;
    const gid_t *groups;          // Supplementary ones.
    size_t group_count;
};

// Starts a program. Returns 0 and the child's id, or an errno and the step that failed; then no child is left behind.
// Every signal of the child is reset, no descriptor but 0, 1 and 2 survives into the program.
int farwatch_spawn(const struct farwatch_spawn *spawn, pid_t *child, int *failed_step);

// Opens a pipe: the reading end, then the writing one. Both are 3 or above, also where the process lacks 0, 1 or 2, and
// are closed by exec. Returns 0, or -1 with errno.
int farwatch_pipe(int ends[2]);

// A descriptor that is readable once the process has ended, or -1 where the kernel has none (before 5.3).
int farwatch_process_descriptor(pid_t process);

// 1 when the child has ended and waits to be reaped, 0 when it runs, -1 when it is no child of ours.
int farwatch_has_ended(pid_t process);

// Routes watched signals into a pipe, one byte each, and returns its reading end; -1 with errno when it cannot be made.
// The pipe is made once and lives as long as the process.
int farwatch_signal_pipe(void);

// Starts or stops routing one signal into the pipe. Stopping restores the default action. Returns 0, or an errno.
int farwatch_signal_watch(int number, int watch);

// Names the calling thread; the kernel keeps 15 bytes.
void farwatch_name_thread(const char *name);

// The variables of this process, ending with NULL. Not to be used while another thread changes them.
char *const *farwatch_environment(void);

// Descriptors one message can carry.
#define FARWATCH_DESCRIPTORS_MAX 64

// Two connected sockets that keep messages apart (SOCK_SEQPACKET), each 3 or above, closed by exec. Returns 0, or -1 with errno.
int farwatch_socket_pair(int ends[2]);

// Sends one message, with open descriptors. Returns its bytes, or -1 with errno; a peer that is gone is EPIPE, not a signal.
ssize_t farwatch_send(int socket, const void *bytes, size_t byte_count, const int *descriptors, size_t count);

// Takes one message with the descriptors in it, room for FARWATCH_DESCRIPTORS_MAX of them. Returns its bytes, 0 at the end, -1 with
// errno; a message that does not fit is EMSGSIZE, and its descriptors are closed.
ssize_t farwatch_receive(int socket, void *bytes, size_t byte_count, int *descriptors, size_t *count);

// What the calling thread may do. Returns 0, or -1 with errno.
int farwatch_capabilities(uint64_t *effective, uint64_t *permitted);

// Gives all up but these, for the calling thread. Returns 0, or -1 with errno.
int farwatch_capabilities_keep(uint64_t kept);

// Makes the whole process another user's, with no way back. Returns 0, or -1 with errno.
int farwatch_become(uid_t user, gid_t group, const gid_t *groups, size_t group_count);

// No program the calling thread starts from now on gains anything by its owner or its file's capabilities. Returns 0, or -1.
int farwatch_forbid_new_privileges(void);

#endif
