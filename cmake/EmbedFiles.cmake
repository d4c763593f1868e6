# cmake -DROOT=folder -DFILES=a|b -DOUT=file.cpp -P EmbedFiles.cmake
# Text files as C++ string literals for sim/report/html/library.cpp. FILES is split at '|'.
cmake_minimum_required(VERSION 3.25)
string(REPLACE "|" ";" FILES "${FILES}")
set(out "#include <cstddef>
#include <string_view>

namespace fieldsim::report::html {

struct Embedded {
  std::string_view path, text;
};
extern const Embedded kEmbedded[];
extern const std::size_t kEmbeddedCount;

const Embedded kEmbedded[] = {
")
set(count 0)
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text)
  string(APPEND out "    {\"${file}\", R\"embedded(${text})embedded\"},\n")
  math(EXPR count "${count} + 1")
endforeach()
string(APPEND out "};\nconst std::size_t kEmbeddedCount = ${count};\n\n}  // namespace fieldsim::report::html\n")
file(WRITE ${OUT} "${out}")
