#include "sim/report/study/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fieldsim::report {

namespace {

constexpr int kFormat = 1;  // of the lines; another one cannot be read

std::string header_line(const JournalHeader& h) {
  const Journal::Json j = {{"fieldsim", h.version},  {"format", kFormat},
                           {"study", h.study},       {"fingerprint", h.fingerprint},
                           {"shard", h.shard.str()}, {"points", h.points},
                           {"keys", h.keys}};
  return j.dump() + "\n";
}

std::optional<JournalHeader> parse_header(const std::string& line) {
  const auto j = Journal::Json::parse(line, nullptr, false);
  if (!j.is_object() || !j.contains("fieldsim")) return std::nullopt;
  try {
    JournalHeader h;
    h.version = j.at("fieldsim");
    if (j.at("format") != kFormat) h.version += fmt::format(", format {}", j.at("format").dump());
    h.study = j.at("study");
    h.fingerprint = j.at("fingerprint");
    h.points = j.at("points");
    h.keys = j.at("keys").get<std::vector<std::string>>();
    const std::string shard = j.at("shard");
    h.shard.number = std::stoul(shard);
    h.shard.of = std::stoul(shard.substr(shard.find('/') + 1));
    return h;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string why() { return std::strerror(errno); }

}  // namespace

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

void Journal::fail(const std::string& what) const {
  throw ResultsError(fmt::format("{}: {}", path_, what));
}

void Journal::lock() {
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  busy_ = errno == EWOULDBLOCK;
  fail(busy_ ? "another sweep is writing here" : "cannot be locked: " + why());
}

bool Journal::resume(const JournalHeader& expected) {
  if (path_.empty() || !std::filesystem::exists(path_)) return false;
  file_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (file_ < 0) fail("cannot be opened: " + why());
  lock();
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  const bool any = static_cast<bool>(std::getline(in, line)) && !in.eof();
  if (!any) {  // it died before the header was whole: nothing was computed
    ::close(file_);
    file_ = -1;
    return false;
  }
  const std::optional<JournalHeader> found = parse_header(line);
  const char* const remedy =
      "nothing was changed; give another output file, or --force to start over";
  if (!found) fail(fmt::format("is no journal of a sweep; {}", remedy));
  if (found->version != expected.version)
    fail(fmt::format("holds results of fieldsim {}, this is {}; {}", found->version,
                     expected.version, remedy));
  if (found->shard.str() != expected.shard.str())
    fail(fmt::format("holds shard {} and not {}; {}", found->shard.str(), expected.shard.str(),
                     remedy));
  if (found->fingerprint != expected.fingerprint || found->points != expected.points)
    fail(fmt::format(
        "holds {} of another study, or of this one before its scenario, its varied "
        "values or a file they name changed; {}",
        found->study == expected.study ? "results" : "'" + found->study + "', results", remedy));
  header_ = *found;
  size_ = static_cast<std::int64_t>(line.size()) + 1;
  while (std::getline(in, line) && !in.eof()) {
    // A hole that a crash of the machine left is no JSON.
    const auto j = Json::parse(line, nullptr, false);
    constexpr auto kNoPoint = std::size_t(-1);
    const std::size_t point = j.is_object() ? j.value("point", kNoPoint) : kNoPoint;
    const Shard& shard = header_.shard;
    if (complete()) {
      const std::size_t k = (point - (shard.number - 1)) / shard.of;
      if (k >= done_ || shard.point(k) != point) break;
      replaced_[k] = line;
    } else {
      if (point != shard.point(done_)) break;
      ++done_;
    }
    size_ += static_cast<std::int64_t>(line.size()) + 1;
  }
  if (::ftruncate(file_, size_) != 0) fail("cannot be written: " + why());
  return true;
}

void Journal::start(const JournalHeader& header) {
  header_ = header;
  done_ = 0;
  replaced_.clear();
  memory_.clear();
  size_ = 0;
  if (!path_.empty()) {
    if (file_ < 0) file_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) fail("cannot be written: " + why());
    lock();
    if (::ftruncate(file_, 0) != 0) fail("cannot be written: " + why());
  }
  append(header_line(header), 0);
}

void Journal::append(const std::string& lines, std::size_t points) {
  if (path_.empty()) {
    memory_ += lines;
  } else {
    std::size_t written = 0;
    while (written < lines.size()) {
      const ssize_t n = ::write(file_, lines.data() + written, lines.size() - written);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        const std::string reason = why();
        // The whole lines of what was written count.
        const std::string_view whole(lines.data(),
                                     std::string_view(lines).substr(0, written).rfind('\n') + 1);
        size_ += static_cast<std::int64_t>(whole.size());
        if (points > 0) done_ += static_cast<std::size_t>(std::ranges::count(whole, '\n'));
        if (::ftruncate(file_, size_) != 0) errno = 0;  // a torn line is cut off the next time
        fail(
            fmt::format("cannot be written: {}; the {} points before are kept: make room and give "
                        "the same command to go on",
                        reason, done_));
      }
      written += static_cast<std::size_t>(n);
    }
  }
  size_ += static_cast<std::int64_t>(lines.size());
  done_ += points;
}

void Journal::replace(std::size_t k, const std::string& line) {
  append(line + "\n", 0);
  replaced_[k] = line;
}

void Journal::sync() {
  if (file_ >= 0 && ::fsync(file_) != 0 && errno != EINVAL) fail("cannot be written: " + why());
}

void Journal::each(const std::function<void(std::string_view line)>& see) const {
  std::ifstream file;
  std::istringstream memory;
  if (path_.empty())
    memory.str(memory_);
  else
    file.open(path_, std::ios::binary);
  std::istream& in = path_.empty() ? static_cast<std::istream&>(memory) : file;
  std::string line;
  std::getline(in, line);
  for (std::size_t k = 0; k < done_; ++k) {
    if (!std::getline(in, line)) fail("cannot be read");
    const auto again = replaced_.find(k);
    see(again == replaced_.end() ? line : again->second);
  }
}

std::optional<Shard> shard_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string line;
  std::getline(in, line);
  const std::optional<JournalHeader> header = parse_header(line);
  if (!header || header->shard.number < 1 || header->shard.number > header->shard.of)
    return std::nullopt;
  return header->shard;
}

}  // namespace fieldsim::report
