# Line by line over WFI and the interrupt that ends it; through a handler and MRET.
tbreak hal_wait
continue
next
next
next
next
next
next
continue
