# What the hart writes and reads; one byte beside others that nobody watches; a device's register.
tbreak main
continue
watch device.tail
continue
continue
delete
awatch -l device.ring_size
continue
info watchpoints
delete
rwatch -l *(unsigned char*)0x20000129
continue
info symbol $pc
x/i $pc - 4
delete
watch -l *((unsigned char*)&device.tail + 3)
continue
