# Reading a device changes nothing: a claim is not claimed, a latch not latched, and the run ends as
# it does without a debugger.
tbreak hal_plic_dispatch
continue
x/wx 0x0c200004
x/wx 0x0c200004
x/8xb 0x10000000
x/4wx 0x0200bff8
x/4wx 0x20000000
x/4wx 0x10100000
x/2wx 0x21000000
set var *(int*)0x20000104 = 1
continue
