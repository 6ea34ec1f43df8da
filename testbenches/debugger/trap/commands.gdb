# A trap without handler stops before the run ends by it.
continue
print $mepc - (unsigned)&faulty
print/x $mcause
print/x $s3
continue
