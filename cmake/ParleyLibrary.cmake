# One precompiled header of standard headers for all libraries, a second with GoogleTest for tests.
file(WRITE ${PROJECT_BINARY_DIR}/parley_std.cc "")
add_library(parley_std OBJECT ${PROJECT_BINARY_DIR}/parley_std.cc)
target_link_libraries(parley_std PRIVATE parley_flags)
target_precompile_headers(parley_std PRIVATE
  <algorithm> <array> <chrono> <cstdint> <cstring> <deque> <expected> <functional> <map> <memory>
  <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)

if(PARLEY_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  enable_testing()
  file(WRITE ${PROJECT_BINARY_DIR}/parley_testing.cc "")
  add_library(parley_testing_pch OBJECT ${PROJECT_BINARY_DIR}/parley_testing.cc)
  target_link_libraries(parley_testing_pch PRIVATE parley_flags GTest::gmock)
  target_precompile_headers(parley_testing_pch PRIVATE
    <algorithm> <array> <chrono> <cstdint> <cstring> <deque> <expected> <functional> <map> <memory>
    <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
    <gmock/gmock.h> <gtest/gtest.h>)
endif()

# parley_test(<name> SOURCES ... USES <layer>...): a GoogleTest binary of the house.
function(parley_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_USES PREPEND parley_)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS} parley_flags GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM parley_testing_pch)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
endfunction()

# parley_library(<layer> USES <layer>... LINKS <external>...): one folder under src/, one static
# library, one test binary from the *_test.cc files that stand beside the code.
function(parley_library layer)
  cmake_parse_arguments(ARG "" "" "USES;LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${layer}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    list(APPEND sources ${PROJECT_BINARY_DIR}/parley_std.cc)
  endif()

  add_library(parley_${layer} STATIC ${sources})
  target_include_directories(parley_${layer} PUBLIC
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  list(TRANSFORM ARG_USES PREPEND parley_ OUTPUT_VARIABLE uses)
  target_link_libraries(parley_${layer} PUBLIC ${uses} PRIVATE ${ARG_LINKS} parley_flags)
  target_precompile_headers(parley_${layer} REUSE_FROM parley_std)

  if(PARLEY_TESTS AND tests)
    parley_test(parley_${layer}_test SOURCES ${tests} USES ${layer} LINKS ${ARG_LINKS})
  endif()
endfunction()
