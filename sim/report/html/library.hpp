#pragma once
// What a page is made of beside its data: our style, script and specifications, compiled in, and
// the plotting library, which npm fetches at build time and which may be absent.
#include <string>
#include <string_view>
#include <vector>

namespace fieldsim::report::html {

// A file of plots/ by its path there: "report/page.css", "specs/roofline.vl.json". SIM_CHECK: it
// was compiled in.
std::string_view asset(std::string_view path);

struct Library {
  std::string code;                // empty when it was not found
  std::vector<std::string> tried;  // where it was looked for
};

// library.js in $FIELDSIM_PLOTS, if that is set; else beside the executable or in the build folder.
Library find_library();

// What a reader of a report without plots, or its maker, should do.
std::string missing_text(const Library& library);

}  // namespace fieldsim::report::html
