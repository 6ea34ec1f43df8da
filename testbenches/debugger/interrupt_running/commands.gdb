# Ctrl-C while the hart runs.
shell (sleep 0.7; kill -INT $PPID) &
continue
x/i $pc
stepi
shell (sleep 0.7; kill -INT $PPID) &
continue
print $pc == spinning
kill
