# SPDX-License-Identifier: Apache-2.0
# Options, dependencies and the helpers that every room uses:
#   milliwatt_library(NAME SOURCES ... DEPS ... [SYSTEMC])
#   milliwatt_program(NAME SOURCES ... DEPS ... [SYSTEMC])
#   milliwatt_test(NAME SOURCES ... DEPS ... LABELS ... [SYSTEMC] [TIMEOUT seconds])
#   milliwatt_benchmark(NAME SOURCES ... DEPS ... [SYSTEMC])
# milliwatt_finish() closes the top CMakeLists.txt.

option(MILLIWATT_WERROR "Treat warnings as errors" ON)
option(MILLIWATT_NATIVE "Tune for the machine that builds (-march=native)" OFF)
option(MILLIWATT_COVERAGE "Instrument for gcovr" OFF)
option(MILLIWATT_FUZZ "Build the libFuzzer programs of tests/fuzz (clang)" OFF)
set(MILLIWATT_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")
set(MILLIWATT_REFERENCE "" CACHE PATH
    "Folder of the reference data; when empty, tests look beside the source folder")

# SystemC 2.3.4 of Debian links only with exactly this standard.
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")

find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)

add_library(milliwatt_flags INTERFACE)
target_include_directories(milliwatt_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(milliwatt_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion
                                                 -Wno-sign-conversion)
# Contraction would let two compilers round a product and a sum differently.
target_compile_options(milliwatt_flags INTERFACE -ffp-contract=off)
if(MILLIWATT_WERROR)
  target_compile_options(milliwatt_flags INTERFACE -Werror)
endif()
if(MILLIWATT_NATIVE)
  target_compile_options(milliwatt_flags INTERFACE -march=native)
endif()
if(MILLIWATT_COVERAGE)
  target_compile_options(milliwatt_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(milliwatt_flags INTERFACE --coverage)
endif()
if(MILLIWATT_SANITIZE)
  target_compile_options(milliwatt_flags INTERFACE -fsanitize=${MILLIWATT_SANITIZE}
                                                   -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  target_link_options(milliwatt_flags INTERFACE -fsanitize=${MILLIWATT_SANITIZE})
endif()

# SystemC as a system include: our warnings judge our code only. libsystemc.so asks for an sc_main;
# asking for it earlier takes the stub out of the static library milliwatt_kernel.
add_library(milliwatt_systemc INTERFACE)
target_include_directories(milliwatt_systemc SYSTEM INTERFACE ${SYSTEMC_INCLUDE_DIRS})
target_link_options(milliwatt_systemc INTERFACE LINKER:-u,sc_main)
target_link_libraries(milliwatt_systemc INTERFACE PkgConfig::SYSTEMC)

# A static library of a room, e.g. milliwatt_base from base/.
function(milliwatt_library name)
  cmake_parse_arguments(ARG "SYSTEMC" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC milliwatt_flags ${ARG_DEPS})
  if(ARG_SYSTEMC)
    target_link_libraries(${name} PUBLIC milliwatt_systemc)
  endif()
endfunction()

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  include(GoogleTest)
endif()

# The environment that every test runs in.
set(MILLIWATT_TEST_ENVIRONMENT SYSTEMC_DISABLE_COPYRIGHT_MESSAGE=1)
if(MILLIWATT_REFERENCE)
  list(APPEND MILLIWATT_TEST_ENVIRONMENT MILLIWATT_REFERENCE=${MILLIWATT_REFERENCE})
endif()

# Links a program and the library with its main(), if it has none of its own, before libsystemc, which
# brings another one.
function(milliwatt_link_program name main systemc)
  target_link_libraries(${name} PRIVATE ${main} milliwatt_flags ${ARGN})
  if(systemc)
    target_link_libraries(${name} PRIVATE milliwatt_kernel milliwatt_systemc)
  endif()
endfunction()

# A command for users, at the top of the build folder.
function(milliwatt_program name)
  cmake_parse_arguments(ARG "SYSTEMC" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  milliwatt_link_program(${name} "" "${ARG_SYSTEMC}" ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# Sets the properties of the tests that ctest discovers in a program. A file of its own, read by
# ctest, keeps lists whole, which the PROPERTIES of gtest_discover_tests do not.
function(milliwatt_test_properties program labels timeout)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/${program}_properties.cmake)
  file(WRITE ${file} "foreach(test IN LISTS ${program}_TESTS)
  set_tests_properties(\"\${test}\" PROPERTIES TIMEOUT ${timeout} LABELS \"${labels}\"
                       ENVIRONMENT \"${MILLIWATT_TEST_ENVIRONMENT}\")
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${file})
endfunction()

# One binary of several test files. Labels: unit, model, system, validation, slow. The reference data
# is found through the environment, MILLIWATT_REFERENCE.
function(milliwatt_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(ARG "SYSTEMC" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  milliwatt_link_program(${name} GTest::gtest_main "${ARG_SYSTEMC}" ${ARG_DEPS} GTest::gmock)
  target_compile_definitions(${name} PRIVATE MILLIWATT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             MILLIWATT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
  milliwatt_test_properties(${name} "${ARG_LABELS}" ${ARG_TIMEOUT})
endfunction()

# A Google Benchmark program: built with everything else, run only by the target `bench`.
function(milliwatt_benchmark name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(ARG "SYSTEMC" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  milliwatt_link_program(${name} benchmark::benchmark_main "${ARG_SYSTEMC}" ${ARG_DEPS})
  target_compile_definitions(${name} PRIVATE MILLIWATT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_property(GLOBAL APPEND PROPERTY MILLIWATT_BENCHMARKS ${name})
endfunction()

# The targets that need to know all the others.
function(milliwatt_finish)
  get_property(benchmarks GLOBAL PROPERTY MILLIWATT_BENCHMARKS)
  set(runs)
  foreach(name IN LISTS benchmarks)
    list(APPEND runs COMMAND $<TARGET_FILE:${name}>)
  endforeach()
  if(runs)
    add_custom_target(bench ${runs} DEPENDS ${benchmarks} USES_TERMINAL
                      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  endif()
  if(MILLIWATT_COVERAGE)
    add_custom_target(coverage-report
                      COMMAND gcovr --root ${PROJECT_SOURCE_DIR} --exclude ".*_test\\.cpp"
                              --print-summary --html-details ${PROJECT_BINARY_DIR}/coverage.html
                              ${PROJECT_BINARY_DIR}
                      USES_TERMINAL VERBATIM)
  endif()
endfunction()
