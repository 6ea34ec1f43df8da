# Soft, hard, temporary and conditional breakpoints, commands.
break hal_uart_init
hbreak main
tbreak hal_wait
commands 1
silent
printf "uart at %x\n", base
continue
end
continue
continue
print $pc == hal_wait
backtrace 2
info breakpoints
delete
continue
