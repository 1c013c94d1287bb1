# What users get: one libparley (static and shared), the public headers, a CMake package and a
# pkg-config file. The layers are an inside matter: both libraries are made of their objects.
include(CMakePackageConfigHelpers)

set(objects "")
foreach(layer core crypto sctp sdp loop trace stun tls channel jsep ice turn session peer mdns runtime
    parley)
  list(APPEND objects $<TARGET_OBJECTS:parley_${layer}>)
endforeach()

# SemVer: before 1.0 a minor version may break what stood before, so it is part of the SONAME.
set(soversion ${PROJECT_VERSION_MAJOR})
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(soversion 0.${PROJECT_VERSION_MINOR})
  set(compatibility SameMinorVersion)
endif()

function(parley_product target type)
  add_library(${target} ${type} ${objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME parley LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
  target_compile_features(${target} PUBLIC cxx_std_23)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PRIVATE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
endfunction()

parley_product(parley STATIC)
set_target_properties(parley PROPERTIES EXPORT_NAME static)
add_library(parley::parley ALIAS parley)
set(products parley)
if(PARLEY_SHARED)
  parley_product(parley_shared SHARED)
  set_target_properties(parley_shared PROPERTIES EXPORT_NAME shared)
  target_link_options(parley_shared PRIVATE -Wl,--exclude-libs,ALL)
  list(APPEND products parley_shared)
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/parley)
install(TARGETS ${products} EXPORT parleyTargets COMPONENT parley
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/parley DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT parley FILES_MATCHING PATTERN "*.h")
install(EXPORT parleyTargets NAMESPACE parley:: DESTINATION ${package} COMPONENT parley)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/parleyConfig.cmake.in
  ${PROJECT_BINARY_DIR}/parleyConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/parleyConfigVersion.cmake
  COMPATIBILITY ${compatibility})
install(FILES ${PROJECT_BINARY_DIR}/parleyConfig.cmake ${PROJECT_BINARY_DIR}/parleyConfigVersion.cmake
  DESTINATION ${package} COMPONENT parley)

# The file finds its prefix from where it stands, so that an installed tree may be moved.
file(RELATIVE_PATH PARLEY_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" PARLEY_PC_UP ${PARLEY_PC_UP})
configure_file(${PROJECT_SOURCE_DIR}/cmake/parley.pc.in ${PROJECT_BINARY_DIR}/parley.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/parley.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT parley)
