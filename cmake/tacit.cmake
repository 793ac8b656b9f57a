# One target a folder: tacit_folder(ring DEPS tacit_crypto) makes the library tacit_ring of the folder's *.cc,
# and, when tests are on, one test program of its *_test.cc. Files under kernels/ named *.isa.cc are compiled
# once for each instruction set, as namespace tacit::<isa>.

set(TACIT_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
                   -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND TACIT_WARNINGS -Wno-subobject-linkage)  # a file that is compiled with others is no header
  # g++ 12 sees an overlap, or a copy beyond the end, where std::string is put together.
  list(APPEND TACIT_WARNINGS -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  # Instrumented code and vector intrinsics make g++ 12 see uninitialised members in its own library, and a null
  # pointer where a container that is not empty was asked for its data.
  set(TACIT_FALSE_ALARMS -Wno-uninitialized -Wno-maybe-uninitialized -Wno-nonnull)
else()
  list(APPEND TACIT_WARNINGS -Wno-sign-conversion)  # not part of g++'s -Wconversion
endif()
set(TACIT_SANITIZE "" CACHE STRING "address,undefined or thread; with fuzzer-no-link, clang builds the fuzzers")

add_library(tacit_options INTERFACE)
target_include_directories(tacit_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
add_compile_options(${TACIT_WARNINGS})
# All of it may become part of libtacit_runtime.so (bindings/c), and precompiled headers want the same of all.
add_compile_options(-fPIC -fno-semantic-interposition)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ goes through its memory for what it may free from 128 MB on, a fifth of the time; few files need 500.
  add_compile_options(--param ggc-min-heapsize=500000)
endif()
target_compile_options(tacit_options INTERFACE -fno-omit-frame-pointer
                                               -fstack-protector-strong)
if(TACIT_SANITIZE)
  target_compile_options(tacit_options INTERFACE -fsanitize=${TACIT_SANITIZE} -fno-sanitize-recover=all
                                                 ${TACIT_FALSE_ALARMS})
  target_link_options(tacit_options INTERFACE -fsanitize=${TACIT_SANITIZE})
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(TACIT_ISAS portable avx2 avx512)
  set(TACIT_FLAGS_avx2 -mavx2 -mbmi2 -mfma -maes -mpclmul -mpopcnt)
  set(TACIT_FLAGS_avx512 ${TACIT_FLAGS_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512ifma -mavx512vnni
                         -mavx512vbmi -mgfni -mvaes -mprefer-vector-width=512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(TACIT_ISAS portable neon)
  set(TACIT_FLAGS_neon -march=armv8-a+crypto)
else()
  set(TACIT_ISAS portable)
endif()

# What g++ reads once, where it can: the standard library's headers, in one precompiled header for all folders and one
# each for the command line and for all tests; and a folder's own headers, by taking eight of its files at a time. Two
# files that use one name for different things stand ALONE. Every file still includes what it uses: with both options
# off, as suits those who change things (ccache finds more then), nothing else changes.
option(TACIT_PRECOMPILED "read the standard library's headers once" ON)
option(TACIT_TOGETHER "compile eight files of a folder at a time" ON)
set(TACIT_HEADERS <algorithm> <array> <atomic> <chrono> <cmath> <condition_variable> <deque> <filesystem> <fstream>
                  <functional> <map> <memory> <mutex> <numeric> <optional> <random> <set> <span> <sstream> <string>
                  <string_view> <thread> <unordered_map> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)
set(TACIT_APP_HEADERS ${TACIT_HEADERS})
set(TACIT_TEST_HEADERS ${TACIT_HEADERS} <gtest/gtest.h>)
function(tacit_read_once target kind)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${TACIT_TOGETHER} UNITY_BUILD_BATCH_SIZE 8)
  if(NOT TACIT_PRECOMPILED)
    return()
  endif()
  get_property(first GLOBAL PROPERTY TACIT_FIRST_${kind})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${TACIT_${kind}})
    set_property(GLOBAL PROPERTY TACIT_FIRST_${kind} ${target})
  endif()
endfunction()

# For what only calls the folders, where nothing takes long to run: kind is APP_HEADERS or TEST_HEADERS.
function(tacit_compile_sooner target kind)
  target_compile_options(${target} PRIVATE -O1)
  if(kind STREQUAL TEST_HEADERS)
    target_link_libraries(${target} PRIVATE GTest::gtest)
  endif()
  tacit_read_once(${target} ${kind})
endfunction()

add_custom_target(unit_tests)

function(tacit_folder name)
  cmake_parse_arguments(F "" "" "DEPS;TEST_DEPS;ALONE" ${ARGN})
  set(target tacit_${name})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(sources)
  set(tests)
  set(testing)
  foreach(alone ${F_ALONE})  # a file, or a folder with its last slash
    set(these ${all})
    list(FILTER these INCLUDE REGEX "^${CMAKE_CURRENT_SOURCE_DIR}/${alone}")
    set_source_files_properties(${these} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
  foreach(file ${all})
    file(RELATIVE_PATH inside ${CMAKE_CURRENT_SOURCE_DIR} ${file})
    if(file MATCHES "_test\\.cc$")
      list(APPEND tests ${file})
    elseif(inside MATCHES "^testing/")
      list(APPEND testing ${file})
    elseif(file MATCHES "\\.isa\\.cc$")
      get_filename_component(stem ${file} NAME_WE)
      foreach(isa ${TACIT_ISAS})
        set(object ${target}_${stem}_${isa})
        add_library(${object} OBJECT ${file})
        string(TOUPPER ${isa} upper)
        target_compile_definitions(${object} PRIVATE TACIT_ISA=${isa} TACIT_ISA_${upper}=1)
        target_compile_options(${object} PRIVATE -O3 ${TACIT_FLAGS_${isa}} ${TACIT_FALSE_ALARMS})
        target_link_libraries(${object} PRIVATE tacit_options fmt::fmt)
        list(APPEND sources $<TARGET_OBJECTS:${object}>)
      endforeach()
    else()
      list(APPEND sources ${file})
    endif()
  endforeach()
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC tacit_options ${F_DEPS})
  tacit_read_once(${target} HEADERS)
  if(TACIT_TESTS AND testing)  # helpers for tests of this folder and of those that name <name>_testing
    add_library(${target}_testing STATIC ${testing})
    target_link_libraries(${target}_testing PUBLIC ${target} ${F_TEST_DEPS})
    tacit_compile_sooner(${target}_testing TEST_HEADERS)
    list(APPEND F_TEST_DEPS ${target}_testing)
  endif()
  if(TACIT_TESTS AND tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} ${F_TEST_DEPS} GTest::gtest_main)
    target_compile_options(${target}_test PRIVATE -Wno-conversion)
    tacit_compile_sooner(${target}_test TEST_HEADERS)
    add_dependencies(unit_tests ${target}_test)
    gtest_discover_tests(${target}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
  endif()
endfunction()
