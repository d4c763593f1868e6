#pragma once
// The bytes of a file, checked before any parser sees them: regular, bounded, text, valid UTF-8.
#include <string>
#include <string_view>

namespace fieldsim::config {

// Throws ConfigError for a missing file (with the nearest name), a directory, an unreadable or an
// oversized one; at most kMaxFileBytes + 1 bytes are read.
std::string read_source(const std::string& path);

// Throws ConfigError at the first byte that is not text.
void check_text(std::string_view text, const std::string& filename);

}  // namespace fieldsim::config
