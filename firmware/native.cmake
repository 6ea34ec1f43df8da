# Programs for cpu.kind = native: libepoch, the HAL and an application as a shared object that a
# simulator loads (hal/native/host.h). Made for a debugger, whatever the build type.
file(GLOB native_driver CONFIGURE_DEPENDS driver/*.c)
add_library(epoch_native STATIC ${native_driver} ${hal_sources} hal/native/machine.c
                                hal/native/stdio.c)
target_include_directories(epoch_native PUBLIC driver include hal hal/native)
target_compile_options(epoch_native PUBLIC
  -Wall -Wextra -Wshadow -Wconversion -pedantic -ffp-contract=off -O2 -g -fno-omit-frame-pointer
  -fPIC -fvisibility=hidden -fexceptions -U_FORTIFY_SOURCE)
# What the simulator calls, and what stands in front of the C library's functions of the same name.
target_link_options(epoch_native INTERFACE
  -Wl,--undefined=hal_native_run,--undefined=printf,--undefined=puts,--undefined=putchar
  -Wl,--undefined=exit,--undefined=abort)

add_library(common_native STATIC apps/common/common.c)
target_include_directories(common_native PUBLIC apps/common)
target_link_libraries(common_native PUBLIC epoch_native)

# native_program(NAME FOLDER SOURCES...): to FOLDER/NAME.so.
function(native_program name folder)
  add_library(native_${name} MODULE ${ARGN})
  set_target_properties(native_${name} PROPERTIES PREFIX "" SUFFIX .so OUTPUT_NAME ${name}
                        LIBRARY_OUTPUT_DIRECTORY ${folder})
  target_link_libraries(native_${name} PRIVATE common_native)
endfunction()

# firmware_native(NAME): apps/NAME.c, or all of apps/NAME/, to <build>/firmware/NAME.so.
function(firmware_native name)
  file(GLOB sources CONFIGURE_DEPENDS apps/${name}.c apps/${name}/*.c)
  native_program(${name} ${PROJECT_BINARY_DIR}/firmware ${sources})
  add_dependencies(native_programs native_${name})
endfunction()
add_custom_target(native_programs)
