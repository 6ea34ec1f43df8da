# Breakpoints that GDB writes into memory itself, as EBREAK.
set remote software-breakpoint-packet off
break main
break hal_wait
continue
next
delete 1
continue
delete
continue
