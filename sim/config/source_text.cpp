#include "sim/config/source_text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "sim/base/error.hpp"
#include "sim/config/catalogue.hpp"
#include "sim/config/parse.hpp"

namespace fieldsim::config {

namespace fs = std::filesystem;

namespace {
[[noreturn]] void fail(const std::string& path, const std::string& message,
                       std::string nearest = "") {
  throw ConfigError({Problem{{path, 0, 0}, "", message, std::move(nearest)}});
}

// Opening a named pipe nobody writes to would wait for ever; the shell's own <(...) is fine.
bool is_stream(const std::string& path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

// The length of the UTF-8 sequence at the front, 0 when it is not valid.
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned b = byte(0);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b < 0xE0) return tail(1) ? 2 : 0;
  if (b >= 0xE0 && b < 0xF0) {
    const bool overlong = b == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = b == 0xED && byte(1) >= 0xA0;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (b >= 0xF0 && b < 0xF5) {
    const bool overlong = b == 0xF0 && byte(1) < 0x90;
    const bool beyond = b == 0xF4 && byte(1) >= 0x90;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}
}  // namespace

std::string read_source(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail(path, "no such file", nearest_file(path));
  if (status.type() == fs::file_type::none) fail(path, "cannot be read: " + error.message());
  if (fs::is_directory(status)) fail(path, "is a directory, not a file");
  if (!fs::is_regular_file(status) && !is_stream(path)) fail(path, "is not a regular file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rb"),
                                                           &std::fclose);
  if (!in) fail(path, fmt::format("cannot be read: {}", std::strerror(errno)));
  // One byte over the limit is enough to know, so a device without an end is no trap.
  std::string text(kMaxFileBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), in.get()));
  if (std::ferror(in.get()) != 0)
    fail(path, fmt::format("cannot be read: {}", std::strerror(errno)));
  if (text.size() > kMaxFileBytes) fail(path, fmt::format("larger than {} bytes", kMaxFileBytes));
  return text;
}

void check_text(std::string_view text, const std::string& filename) {
  Where at{filename, 1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    if (control || c == 0x7F)
      throw ConfigError(at, "", fmt::format("not a text file: byte 0x{:02X}", c));
    const std::size_t n = utf8_length(text.substr(i));
    if (n == 0) throw ConfigError(at, "", fmt::format("not valid UTF-8: byte 0x{:02X}", c));
    i += n;
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      ++at.column;
    }
  }
}

}  // namespace fieldsim::config
