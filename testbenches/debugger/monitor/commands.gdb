# Every monitor command.
monitor help
monitor map
tbreak hal_plic_dispatch
continue
monitor time
monitor irq
monitor ring
monitor sem
monitor cmd 1
monitor cmd 7
monitor cmd
monitor regs
monitor regs plic
monitor regs nothing
monitor regs clint
monitor stats cpu.in
monitor stats nothing
monitor trace 6
monitor trace x
monitor what
kill
