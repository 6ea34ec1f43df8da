# The ELFs: hal + driver + one application each.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # picolibc's stdio declares its streams as a GNU dialect only

set(FIRMWARE_LINK_ADDRESS 0x80000000 CACHE STRING "Where the ELFs load and run: RAM of the platform")
set(FIRMWARE_STACK_BYTES 0x8000 CACHE STRING "Stack, inside the ELF's footprint")
set(FIRMWARE_ELF_FOLDER ${CMAKE_BINARY_DIR} CACHE PATH "Where the ELFs go")

add_library(firmware_options INTERFACE)
target_compile_options(firmware_options INTERFACE
  -ffunction-sections -fdata-sections -ffp-contract=off
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wconversion -pedantic>)

include(sources.cmake)
add_library(hal STATIC hal/rv32/crt0.S hal/rv32/trap_entry.S hal/rv32/machine.c hal/rv32/memory.c
                       hal/rv32/stdio.c ${hal_sources})
# The compiler must not make the loop of memset a call of memset.
set_source_files_properties(hal/rv32/memory.c PROPERTIES COMPILE_OPTIONS -fno-tree-loop-distribute-patterns)
target_include_directories(hal PUBLIC hal hal/rv32)
target_link_libraries(hal PRIVATE firmware_options)

# firmware_app(NAME LIBRARIES...): apps/NAME.c, or all of apps/NAME/, to NAME.elf in
# FIRMWARE_ELF_FOLDER.
function(firmware_app name)
  file(GLOB sources CONFIGURE_DEPENDS apps/${name}.c apps/${name}/*.c)
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES SUFFIX .elf
                        RUNTIME_OUTPUT_DIRECTORY ${FIRMWARE_ELF_FOLDER}
                        LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/hal/rv32/link.ld)
  target_link_libraries(${name} PRIVATE firmware_options ${ARGN} hal)
  target_link_options(${name} PRIVATE -nostartfiles -T ${CMAKE_CURRENT_SOURCE_DIR}/hal/rv32/link.ld
    -Wl,--defsym=__link_address=${FIRMWARE_LINK_ADDRESS}
    -Wl,--defsym=__stack_bytes=${FIRMWARE_STACK_BYTES} -Wl,--undefined=_start,--undefined=stdout
    -Wl,--gc-sections -Wl,--fatal-warnings)
endfunction()

firmware_app(hello)

file(GLOB driver_sources CONFIGURE_DEPENDS driver/*.c)
add_library(epoch STATIC ${driver_sources})
target_include_directories(epoch PUBLIC driver include)
target_link_libraries(epoch PRIVATE firmware_options PUBLIC hal)

add_library(common STATIC apps/common/common.c)
target_include_directories(common PUBLIC apps/common)
target_link_libraries(common PRIVATE firmware_options PUBLIC epoch)

firmware_app(contexts common)
firmware_app(network common)
firmware_app(ring epoch)
firmware_app(smnist common)
firmware_app(selftest epoch)
firmware_app(ticks epoch)
