# Ctrl-C while the hart sleeps in WFI; a step then lasts until it has woken.
break *nap
continue
delete
shell (sleep 0.7; kill -INT $PPID) &
continue
print $pc == awake
monitor time
set var $naps = $s1
stepi
print $s1 == $naps + 1
print $mcause
set var $s1 = 0
jump *again
