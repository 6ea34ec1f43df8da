# A buffer that the accelerator reads, another that it writes: the run stops at the very access.
tbreak copy_through
continue
tbreak hal_dma_sync_for_device
continue
set var $from = (unsigned char*)buffer->cpu
rwatch -l $from[100]
continue
monitor time
monitor ring
set var $a0 = 1
stepi
delete
tbreak *hal_dma_sync_for_cpu if $a2 == 4096
continue
set var $to = *(unsigned char**)$a0
print $to[100] == $from[100]
watch -l $to[100]
continue
continue
print $to[100] == $from[100]
monitor ring
delete
continue
