#include "ProbeObject.h"

// Written in assembly, because the first instruction is the point.
#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".globl farwatch_calibrate_push\n.type farwatch_calibrate_push,@function\n"
    "farwatch_calibrate_push:\n push %rbp\n xor %eax,%eax\n pop %rbp\n ret\n"
    ".size farwatch_calibrate_push, .-farwatch_calibrate_push\n"
    ".globl farwatch_calibrate_subtract\n.type farwatch_calibrate_subtract,@function\n"
    "farwatch_calibrate_subtract:\n sub $8,%rsp\n xor %eax,%eax\n add $8,%rsp\n ret\n"
    ".size farwatch_calibrate_subtract, .-farwatch_calibrate_subtract\n");
#else
__attribute__((noinline)) int farwatch_calibrate_push(void *object) { return object == 0; }
__attribute__((noinline)) int farwatch_calibrate_subtract(void *object) { return object == 0; }
#endif
