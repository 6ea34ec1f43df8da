# Toolchain: Debian's bare-metal RISC-V gcc with picolibc, RV32IMAC.
# -misa-spec=2.2 keeps Zicsr and Zifencei inside "i": the spelling rv32imac_zicsr_zifencei matches no
# multilib and would silently link the rv64 libgcc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(target_flags "-march=rv32imac -mabi=ilp32 -misa-spec=2.2 -mcmodel=medany")
set(CMAKE_C_FLAGS_INIT "${target_flags} --specs=picolibc.specs")
set(CMAKE_ASM_FLAGS_INIT "${target_flags}")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # there is no linker script for a probe program
