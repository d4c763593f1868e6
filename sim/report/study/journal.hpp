#pragma once
// What a sweep has computed so far, on disk: a header line, then one line of JSON a point in the
// study's order, appended as points are done.
//
// Invariants: the header says what the lines belong to; line k is point number k of this shard; a
// line that ends in a newline is whole. A torn last line (the process or the machine died) is cut
// off when the journal is opened again. One process at a time: the file is locked. Behind the last
// point stand lines that take the place of earlier ones: points that were tried again.
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace fieldsim::report {

// Results that cannot be kept, or are not ours to write over: the user's to mend.
struct ResultsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Shard {  // points k with k mod of == number - 1
  std::size_t number = 1, of = 1;
  std::size_t size(std::size_t points) const {
    return points / of + (number - 1 < points % of ? 1 : 0);
  }
  std::size_t point(std::size_t k) const { return number - 1 + k * of; }
  std::string str() const { return std::to_string(number) + "/" + std::to_string(of); }
};

struct JournalHeader {
  std::string version, study, fingerprint;
  Shard shard;
  std::size_t points = 0;         // of the whole study
  std::vector<std::string> keys;  // of the results, in the order of `values`
};

class Journal {
 public:
  using Json = nlohmann::ordered_json;

  explicit Journal(std::string path) : path_(std::move(path)) {}  // "": in memory
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Takes up what is there: false when there is nothing. Throws ResultsError when it belongs to
  // another study, version or shard, or is in use; the file is left as it is. The keys of
  // `expected` are not compared.
  bool resume(const JournalHeader& expected);
  void start(const JournalHeader& header);  // a fresh file; whatever was there is gone
  void append(const std::string& lines, std::size_t points);  // whole lines, each with its newline
  void replace(std::size_t k, const std::string& line);       // REQUIRES: complete()
  void sync();

  const JournalHeader& header() const { return header_; }
  std::size_t done() const { return done_; }
  bool busy() const { return busy_; }  // another process has it
  bool complete() const { return done_ == header_.shard.size(header_.points); }
  const std::string& path() const { return path_; }
  // The text of each point's line, in order.
  void each(const std::function<void(std::string_view line)>& see) const;

 private:
  void lock();
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  int file_ = -1;
  std::int64_t size_ = 0;  // bytes of whole lines
  std::string memory_;
  JournalHeader header_;
  std::size_t done_ = 0;
  std::map<std::size_t, std::string> replaced_;  // by k
  bool busy_ = false;
};

// The shard that a journal says it is; nothing for anything else.
std::optional<Shard> shard_of(const std::string& path);

}  // namespace fieldsim::report
