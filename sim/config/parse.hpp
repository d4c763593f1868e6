#pragma once
// A strict subset of YAML (JSON is inside it): one document; no anchors, aliases, tags or merge
// keys; scalar, unique keys; bounded size and depth. Anything else is a ConfigError with
// file:line:col.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/config/value.hpp"

namespace fieldsim::config {

inline constexpr std::size_t kMaxFileBytes = 1 << 20;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxNodes = 100'000;
inline constexpr std::size_t kMaxScalarBytes = 64 * 1024;

// Throws every problem found. `filename` is what messages say; it is not opened.
Value parse_text(std::string_view text, const std::string& filename);
Value parse_file(const std::string& path);

// The same, but problems that leave a usable tree (a duplicate key, an anchor, a tag, a merge key)
// are appended, so that the reader can report its own along with them. Syntax still throws.
Value parse_text(std::string_view text, const std::string& filename,
                 std::vector<Problem>& recoverable);
Value parse_file(const std::string& path, std::vector<Problem>& recoverable);

}  // namespace fieldsim::config
