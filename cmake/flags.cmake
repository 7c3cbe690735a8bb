# Compiler flags of every tree. sp_flags carries those of our own code; generated and third-party code takes only the
# tree's (optimisation, sanitizers).
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g")
set(CMAKE_C_FLAGS_ASAN "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined")
set(CMAKE_C_FLAGS_TSAN "-O1 -g -fno-omit-frame-pointer -fsanitize=thread")
set(CMAKE_C_FLAGS_FUZZ "-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address")
foreach(kind RELEASE DEBUG ASAN TSAN FUZZ)
  set(CMAKE_CXX_FLAGS_${kind} "${CMAKE_C_FLAGS_${kind}}")
endforeach()

# The baseline every machine of the last ten years has; faster paths are function attributes chosen while running.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  add_compile_options(-march=x86-64-v2)
endif()
# x * y + z gives the same bits on every machine, as on the JVM.
add_compile_options(-fno-strict-aliasing -ffp-contract=off)

find_program(SPATE_CCACHE ccache)
if(SPATE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${SPATE_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SPATE_CCACHE}")
endif()

add_library(sp_flags INTERFACE)
target_include_directories(sp_flags INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
target_compile_definitions(sp_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE=>)
target_compile_options(sp_flags INTERFACE -Wall -Wextra -Wshadow -Wno-unused-parameter
    $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<CONFIG:debug>:-DSP_DEBUG> $<$<CONFIG:asan>:-DSP_DEBUG> $<$<CONFIG:tsan>:-DSP_DEBUG> $<$<CONFIG:fuzz>:-DSP_DEBUG>)
if(SPATE_WERROR AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sp_flags INTERFACE -Werror)
endif()
