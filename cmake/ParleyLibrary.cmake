# One precompiled header of standard headers for all libraries, a second with GoogleTest for tests.
# Only written when missing: a touched source would rebuild both headers and all that use them.
foreach(stem parley_std parley_testing)
  if(NOT EXISTS ${PROJECT_BINARY_DIR}/${stem}.cc)
    file(WRITE ${PROJECT_BINARY_DIR}/${stem}.cc "")
  endif()
endforeach()
set(PARLEY_STD_HEADERS
  <algorithm> <array> <chrono> <cstdint> <cstring> <deque> <expected> <functional> <map> <memory>
  <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
add_library(parley_std OBJECT ${PROJECT_BINARY_DIR}/parley_std.cc)
target_link_libraries(parley_std PRIVATE parley_flags)
target_precompile_headers(parley_std PRIVATE ${PARLEY_STD_HEADERS})

if(PARLEY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  enable_testing()
  # Under the sanitizers the tests themselves cost most of a clean build: they are compiled as they
  # stand and watched by AddressSanitizer only; what they test keeps both sanitizers.
  set(PARLEY_TEST_OPTIONS "")
  if(PARLEY_SANITIZE)
    set(PARLEY_TEST_OPTIONS -O0 -fno-sanitize=undefined)
  endif()
  add_library(parley_testing_pch OBJECT ${PROJECT_BINARY_DIR}/parley_testing.cc)
  target_compile_options(parley_testing_pch PRIVATE ${PARLEY_TEST_OPTIONS})
  target_link_libraries(parley_testing_pch PRIVATE parley_flags GTest::gmock)
  target_precompile_headers(parley_testing_pch PRIVATE
    ${PARLEY_STD_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
endif()

# An executable with a precompiled header is compiled with -fPIC, as the header is: compilers
# refuse one that was made for -fPIC in a file for -fPIE, GCC without stopping.
function(parley_precompiled name from)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_precompile_headers(${name} REUSE_FROM ${from})
endfunction()

# parley_program(<name> SOURCES ... USES <layer>... LINKS <external>...): an executable of the house.
function(parley_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_USES PREPEND parley_)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS} parley_flags)
  parley_precompiled(${name} parley_std)
endfunction()

# parley_test(<name> SOURCES ... USES <layer>...): a GoogleTest binary of the house.
function(parley_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_USES PREPEND parley_)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(${name} PRIVATE ${PARLEY_TEST_OPTIONS})
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS} parley_flags GTest::gmock GTest::gtest_main)
  parley_precompiled(${name} parley_testing_pch)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
endfunction()

# parley_fuzz(<name> USES <layer>...): <name>.cc of the current folder as a libFuzzer target in the
# fuzz preset; in the sanitized test presets as a program and a test that replay corpus/<name>.
function(parley_fuzz name)
  cmake_parse_arguments(ARG "" "" "USES;LINKS" ${ARGN})
  set(target fuzz_${name})
  if(PARLEY_FUZZ)
    parley_program(${target} SOURCES ${name}.cc USES ${ARG_USES} LINKS ${ARG_LINKS})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  elseif(PARLEY_TESTS AND PARLEY_SANITIZE)
    if(NOT TARGET fuzz_replay)
      add_library(fuzz_replay OBJECT replay_main.cc)
      target_compile_options(fuzz_replay PRIVATE ${PARLEY_TEST_OPTIONS})
      target_link_libraries(fuzz_replay PRIVATE parley_flags)
    endif()
    add_executable(${target} ${name}.cc $<TARGET_OBJECTS:fuzz_replay>)
    list(TRANSFORM ARG_USES PREPEND parley_)
    target_compile_options(${target} PRIVATE ${PARLEY_TEST_OPTIONS})
    target_link_libraries(${target} PRIVATE ${ARG_USES} ${ARG_LINKS} parley_flags GTest::gmock)
    parley_precompiled(${target} parley_testing_pch)
    add_test(NAME fuzz_${name} COMMAND ${target} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz)
  else()
    return()
  endif()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
endfunction()

# parley_library(<layer> [FOLDER <folder>] USES <layer>... LINKS <external>...): one folder,
# src/<layer> unless told otherwise, one static library, one test binary from the *_test.cc files
# that stand beside the code.
function(parley_library layer)
  cmake_parse_arguments(ARG "" "FOLDER" "USES;LINKS" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER src/${layer})
  endif()
  cmake_path(GET ARG_FOLDER PARENT_PATH parent)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${ARG_FOLDER}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    list(APPEND sources ${PROJECT_BINARY_DIR}/parley_std.cc)
  endif()

  add_library(parley_${layer} STATIC ${sources})
  target_include_directories(parley_${layer} PUBLIC
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/${parent})
  list(TRANSFORM ARG_USES PREPEND parley_ OUTPUT_VARIABLE uses)
  target_link_libraries(parley_${layer} PUBLIC ${uses} PRIVATE ${ARG_LINKS} parley_flags)
  target_precompile_headers(parley_${layer} REUSE_FROM parley_std)

  if(PARLEY_TESTS AND tests)
    parley_test(parley_${layer}_test SOURCES ${tests} USES ${layer} LINKS ${ARG_LINKS})
    foreach(owner ${layer} ${ARG_USES})
      if(EXISTS ${PROJECT_SOURCE_DIR}/tests/vectors/${owner})
        target_compile_definitions(parley_${layer}_test PRIVATE
          PARLEY_TEST_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors")
      endif()
    endforeach()
  endif()
endfunction()
