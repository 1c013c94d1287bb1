# Compiler settings every target of the house shares; nothing here reaches users of the library.
add_library(parley_flags INTERFACE)
target_compile_features(parley_flags INTERFACE cxx_std_23)
target_compile_options(parley_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -fvisibility=hidden -fvisibility-inlines-hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(PARLEY_PLANTED)
  add_compile_definitions(PARLEY_PLANTED)
endif()
if(PARLEY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Also handed to the consumers that the tests build against an installed tree.
set(PARLEY_SANITIZERS "")
if(PARLEY_SANITIZE)
  set(PARLEY_SANITIZERS -fsanitize=address,undefined)
  add_compile_options(-fno-sanitize-recover=all -fno-omit-frame-pointer)
  # GCC 12 loses sight of a variant's alternatives once the sanitizers have instrumented it.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
elseif(PARLEY_TSAN)
  set(PARLEY_SANITIZERS -fsanitize=thread)
endif()
add_compile_options(${PARLEY_SANITIZERS})
add_link_options(${PARLEY_SANITIZERS})

include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=lld PARLEY_HAS_LLD)
if(PARLEY_HAS_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# ccache refuses precompiled headers unless it is told that the house does not care about
# __TIME__, and unless the preprocessor names the PCH it used. It must care about the dates of
# headers: one that is saved during a compile would otherwise leave a stale object.
find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros ${PARLEY_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  else()
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()
