# One instruction, one line, into, over and out of functions, over a sleep and its interrupt.
stepi
stepi 3
tbreak main
continue
step
finish
next
until
next
advance hal_wait
up
down
finish
next
continue
