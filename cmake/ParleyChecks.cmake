# Checks that are not unit tests: the tree's own rules, headers that stand alone, and programs that
# use an installed libparley from outside.

# One source per header, compiled without a precompiled header. Not part of `all`: `dev lint` asks.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  ${PROJECT_SOURCE_DIR}/src/*.h ${PROJECT_SOURCE_DIR}/include/*.h ${PROJECT_SOURCE_DIR}/sim/*.h)
set(alone "")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "^(src|include)/" "" include_name ${header})
  string(MAKE_C_IDENTIFIER ${header} stem)
  set(source ${PROJECT_BINARY_DIR}/headers/${stem}.cc)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "#include \"${include_name}\"\n#include \"${include_name}\"\n")
  endif()
  list(APPEND alone ${source})
endforeach()
if(alone)
  add_library(parley_headers_check OBJECT EXCLUDE_FROM_ALL ${alone})
  target_include_directories(parley_headers_check PRIVATE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
  target_compile_options(parley_headers_check PRIVATE -O0 -g0 -fno-sanitize=all)
  target_link_libraries(parley_headers_check PRIVATE parley_flags OpenSSL::SSL)
  target_compile_definitions(parley_headers_check PRIVATE
    PARLEY_TEST_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors")
endif()

if(NOT PARLEY_TESTS)
  return()
endif()
find_program(PARLEY_PYTHON python3)
if(PARLEY_PYTHON AND EXISTS ${PROJECT_SOURCE_DIR}/tools/tidy.py)
  add_test(NAME tidy COMMAND ${PARLEY_PYTHON} ${PROJECT_SOURCE_DIR}/tools/tidy.py)
  add_test(NAME tidy_test COMMAND ${PARLEY_PYTHON} ${PROJECT_SOURCE_DIR}/tests/tidy_test.py)
  set_tests_properties(tidy tidy_test PROPERTIES LABELS tidy)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/src/parley AND EXISTS ${PROJECT_SOURCE_DIR}/tests/consumer/CMakeLists.txt)
  add_subdirectory(tests/consumer)
endif()
