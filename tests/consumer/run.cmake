# Run by ctest with the variables that tests/consumer/CMakeLists.txt sets.
set(here ${CMAKE_CURRENT_LIST_DIR})
set(work ${BUILD}/consumer/${WAY})
set(prefix ${work}/prefix)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed (${result}): ${ARGN}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} --component parley)

set(kinds static)
if(SHARED)
  list(APPEND kinds shared)
  # A shared library shows the public interface and nothing of the inside.
  execute_process(COMMAND ${NM} -DC --defined-only ${prefix}/${LIBDIR}/libparley.so
    OUTPUT_VARIABLE symbols RESULT_VARIABLE result)
  if(NOT result EQUAL 0 OR NOT symbols MATCHES "parley::RTCPeerConnection::close")
    message(FATAL_ERROR "libparley.so does not show RTCPeerConnection::close")
  endif()
  string(REGEX MATCH
    " [TBDR] (parley::(core|crypto|sctp|sdp|loop|stun|tls|channel|jsep|ice|session|peer|runtime)::|SSL_|EVP_)[^\n]*"
    leak "${symbols}")
  if(leak)
    message(FATAL_ERROR "libparley.so shows a symbol of its inside: ${leak}")
  endif()
endif()

foreach(kind IN LISTS kinds)
  set(out ${work}/${kind})
  if(WAY STREQUAL find_package)
    set(static OFF)
    if(kind STREQUAL static)
      set(static ON)
    endif()
    run(${CMAKE_COMMAND} -G Ninja -S ${here}/project -B ${out} -DCMAKE_PREFIX_PATH=${prefix}
      -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS} -DEXPECTED_VERSION=${VERSION}
      -DPARLEY_USE_STATIC_LIBS=${static})
    run(${CMAKE_COMMAND} --build ${out})
    run(${out}/consumer)
  else()
    set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
    set(static "")
    if(kind STREQUAL static)
      set(static --static)
    endif()
    execute_process(COMMAND ${PKG_CONFIG} ${static} --cflags --libs parley
      OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    if(kind STREQUAL static)
      string(REPLACE "-lparley" "-l:libparley.a" flags "${flags}")
    endif()
    separate_arguments(flags UNIX_COMMAND "${FLAGS} ${flags}")
    file(MAKE_DIRECTORY ${out})
    run(${CXX} -std=c++23 -DPARLEY_EXPECTED_VERSION="${VERSION}" ${here}/main.cc -o ${out}/consumer ${flags})
    run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${prefix}/${LIBDIR} ${out}/consumer)
  endif()
endforeach()
