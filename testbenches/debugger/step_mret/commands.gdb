# In the handler of an interrupt, and by MRET out of it.
tbreak hal_trap_dispatch
continue
print/x $mcause
finish
while *(unsigned*)$pc != 0x30200073
stepi
end
x/i $pc
stepi
print $pc == (unsigned)$mepc
delete
continue
