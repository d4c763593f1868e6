# cmake -DROOT=<repository> -P lint.cmake
# No ';' in the name of a TEST_CASE (CTest would split it into tests that run nothing), no name that
# begins like an option, no file over 400 lines.
cmake_minimum_required(VERSION 3.25)
set(most_lines 400)
string(ASCII 1 mark)  # stands for ';', at which lists split

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/sim/*.?pp ${ROOT}/kernels/*.?pp ${ROOT}/kernels/*.cu
     ${ROOT}/kernels/*.cuh ${ROOT}/tests/*.?pp ${ROOT}/validation/*.?pp ${ROOT}/validation/*.cu
     ${ROOT}/validation/*.cuh)
set(wrong 0)
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} text)
  string(REPLACE ";" "${mark}" text "${text}")
  string(REGEX MATCHALL "(TEST_CASE|SCENARIO)\\([ \n]*\"[^\"]*\"" names "${text}")
  foreach(name IN LISTS names)
    if("${name}" MATCHES "${mark}")
      string(REPLACE "${mark}" "<semicolon>" name "${name}")
      message("${file}: ${name}")
      math(EXPR wrong "${wrong} + 1")
    endif()
  endforeach()
  if("${text}" MATCHES "TEST_CASE\\([ \n]*\"-")
    message("${file}: a test's name begins with '-'")
    math(EXPR wrong "${wrong} + 1")
  endif()
  string(REGEX MATCHALL "\n" newlines "${text}")
  list(LENGTH newlines lines)
  if(lines GREATER most_lines)
    message("${file}: ${lines} lines, at most ${most_lines}")
    math(EXPR wrong "${wrong} + 1")
  endif()
endforeach()
list(LENGTH files count)
if(wrong GREATER 0)
  message(FATAL_ERROR "${wrong} findings in ${count} files")
endif()
message("${count} files are clean")
