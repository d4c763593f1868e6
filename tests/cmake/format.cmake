# cmake -DROOT=<repository> -P format.cmake : the sources as clang-format-16 leaves them.
# Prints "skipped" where it is not installed.
cmake_minimum_required(VERSION 3.25)
find_program(CLANG_FORMAT clang-format-16)
if(NOT CLANG_FORMAT)
  message("skipped: clang-format-16 is not installed")
  return()
endif()
file(GLOB_RECURSE files ${ROOT}/sim/*.?pp ${ROOT}/kernels/*.?pp ${ROOT}/kernels/*.cu ${ROOT}/kernels/*.cuh
     ${ROOT}/tests/*.?pp ${ROOT}/validation/*.?pp ${ROOT}/validation/*.cu ${ROOT}/validation/*.cuh)
execute_process(COMMAND ${CLANG_FORMAT} --dry-run --Werror --ferror-limit=1 ${files}
                RESULT_VARIABLE code ERROR_VARIABLE found)
if(NOT code EQUAL 0)
  string(REGEX MATCHALL "[^\n]*: error:[^\n]*" found "${found}")
  list(JOIN found "\n" found)
  message(FATAL_ERROR "${found}\nrun clang-format-16 -i on them")
endif()
list(LENGTH files count)
message("${count} files are formatted")
