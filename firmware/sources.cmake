# What the RISC-V build and the native one share.
set(hal_sources hal/args.c hal/dma.c hal/fdt_walker.c hal/platform.c hal/plic.c hal/simctl.c
                hal/timer.c hal/trap.c hal/uart.c)
