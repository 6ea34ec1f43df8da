# Nothing is left to happen: the debugger sees it; the run ends when it leaves.
continue
backtrace
monitor irq
continue
detach
