// The compiled probes, and two functions whose only use is to be probed: what a probe costs on this machine is measured on them.
#ifndef FARWATCH_PROBE_OBJECT_H
#define FARWATCH_PROBE_OBJECT_H

extern const unsigned char farwatch_probe_object[];
extern const unsigned long farwatch_probe_object_size;

static inline const void *farwatch_probe_bytes(void) { return farwatch_probe_object; }

// Begins with a push, which the kernel emulates: the cheap place for a probe.
int farwatch_calibrate_push(void *object);
// Begins with a subtraction, which the kernel executes out of line: the dear one.
int farwatch_calibrate_subtract(void *object);

static inline const void *farwatch_calibrate_push_address(void) { return (const void *)farwatch_calibrate_push; }
static inline const void *farwatch_calibrate_subtract_address(void) { return (const void *)farwatch_calibrate_subtract; }

#endif
