# The run starts anew, in the same session, with its breakpoints.
break main
continue
next
set var *(int*)main = 0
monitor reset
maintenance flush register-cache
info registers pc mcycle
monitor time
continue
delete
continue
