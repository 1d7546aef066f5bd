// A handler may call next to nothing (signal-safety(7)), so it only writes the signal's number into a pipe; a thread
// reads it.
#define _GNU_SOURCE
#include "CRuntime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

// Written once, under `once`, before any handler is installed; only read afterwards.
static int ends[2] = {-1, -1};
static int open_error = 0;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_pipe(void) {
    if (farwatch_pipe(ends) != 0) {
        open_error = errno;
        return;
    }
    // A full pipe must not stop the thread that the handler interrupts; 65536 unread signals tell no more than one.
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
}

static void handle(int number) {
    int error = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(ends[1], &byte, 1);
    (void)ignored;
    errno = error;
}

int farwatch_signal_pipe(void) {
    pthread_once(&once, open_pipe);
    errno = open_error;
    return ends[0];
}

int farwatch_signal_watch(int number, int watch) {
    struct sigaction action = {.sa_handler = watch ? handle : SIG_DFL, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0 ? 0 : errno;
}
