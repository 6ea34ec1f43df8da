# One instruction, one line, into, over and out of functions, over a sleep and its interrupt.
stepi
stepi 3
tbreak main
continue
step
finish
next
next
advance 26
until 29
step
up
down
tbreak hello.c:29
finish
next
continue
