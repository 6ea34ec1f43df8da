# Ctrl-C while the accelerator works and the hart waits for it.
tbreak hal_plic_dispatch
continue
shell (sleep 0.3; kill -INT $PPID) &
continue
monitor ring
monitor sem
stepi
tbreak hal_plic_dispatch
continue
kill
