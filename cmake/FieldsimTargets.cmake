# The three ways a target comes into being here: a library of one floor, a test
# executable of one label, a program. All share one set of flags.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(fieldsim_flags INTERFACE)
target_include_directories(fieldsim_flags INTERFACE ${PROJECT_SOURCE_DIR})
# -ffp-contract=off: the same result on every machine. -Wno-restrict: g++ 12 reports it falsely at -O3.
target_compile_options(fieldsim_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
    -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough -Werror>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict -fcoroutines>)
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(fieldsim_flags INTERFACE -fuse-ld=mold)
endif()
if(FIELDSIM_SANITIZE)
  target_compile_options(fieldsim_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${FIELDSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer>)
  target_link_options(fieldsim_flags INTERFACE -fsanitize=${FIELDSIM_SANITIZE})
endif()
if(FIELDSIM_COVERAGE)
  target_compile_options(fieldsim_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:--coverage -O0>)
  target_link_options(fieldsim_flags INTERFACE --coverage)
endif()

# fieldsim_library(NAME SOURCES a.cpp ... [DEPS public ...] [PRIVATE private ...])
function(fieldsim_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE fieldsim_flags ${ARG_PRIVATE})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
  endif()
endfunction()

# fieldsim_test(NAME LABEL unit SOURCES a.cpp ... DEPS ...): a Catch2 executable; each TEST_CASE is a CTest case.
# One label an executable, and an empty selection fails: Catch2 2.13's CTest glue loses lists and passes on nothing.
function(fieldsim_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} fieldsim_flags Catch2::Catch2WithMain)
  target_compile_definitions(${name} PRIVATE FIELDSIM_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             FIELDSIM_BINARY_DIR="${PROJECT_BINARY_DIR}")
  catch_discover_tests(${name} TEST_PREFIX "${name}: " EXTRA_ARGS -w NoTests
                       PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600)
endfunction()
