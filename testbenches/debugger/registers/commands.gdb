# Registers, CSRs by name, memory.
info registers pc
tbreak main
continue
print $pc == main
print $sp > 0x80000000
print/x $misa & 0x40000101
info registers mhartid
set var $mscratch = 0x12345678
print/x $mscratch
print/x $mstatus & 8
set var $a0 = 42
print $a0
set var $mhartid = 1
print $minstret > 1000
set var $mcycle = 5
print $mcycle
print argc = 3
print argc
print/x *(unsigned*)0x80000000 == *(unsigned*)_start
set var *(int*)0x80100000 = 0x01020304
x/4xb 0x80100000
compare-sections .text
print *(int*)0x70000000
set var *(int*)0x70000000 = 1
info registers hstatus
p $nosuch
info threads
print argc = 1
call (int)hal_platform_hart()
print/x (int)hal_timer_now_ns() > 0
print $fa0 = 1.5
print $fa0
set var $fcsr = 0xe1
print $frm
print $fflags
kill
