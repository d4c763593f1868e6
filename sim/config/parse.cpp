// The only file that knows yaml-cpp 0.7, by its event interface: YAML::Node accepts duplicate keys,
// cycles and second documents, and loses the positions of keys.
#include "sim/config/parse.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>
#include <utility>

#include "sim/config/source_text.hpp"

namespace fieldsim::config {

namespace {

constexpr std::size_t kMaxRecoverable = 100;  // a bomb of anchors should not become a bomb of text

// Builds the tree event by event, so that what is refused is refused before it takes memory.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, std::vector<Problem>& recoverable)
      : file_(file), recoverable_(recoverable), room_(recoverable.size() + kMaxRecoverable) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      fail(mark,
           "a second document starts here; one file is one document (or the indentation does not "
           "fit)");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    no_anchor(mark, anchor);
    add({Value::Kind::null, where(mark), {}, {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases (*name) are not supported; write the value again");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    no_anchor(mark, anchor);
    no_tag(mark, tag);
    if (text.size() > kMaxScalarBytes)
      fail(mark, fmt::format("a text longer than {} bytes", kMaxScalarBytes));
    if (text.find('\0') != std::string::npos) fail(mark, "a text with a NUL byte in it");
    // yaml-cpp marks a quoted scalar with the tag "!", a plain one with "?".
    add({tag == "!" ? Value::Kind::quoted : Value::Kind::plain, where(mark), text, {}, {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Value::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Value::Kind::map);
  }
  void OnMapEnd() override { close(); }

  Value take() { return std::move(root_); }

 private:
  struct Frame {
    Value value;
    std::string key;
    Where key_where;
    bool have_key = false;
    bool drop = false;                           // the value of a key that was refused
    std::unordered_map<std::string, int> lines;  // of the keys so far
  };

  Where where(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& message) const {
    throw ConfigError(where(mark), "", message);
  }
  // A problem after which the tree is still right: the second value of a key is dropped.
  void note(const Where& at, std::string message) {
    if (recoverable_.size() < room_) recoverable_.push_back({at, "", std::move(message), ""});
  }
  void no_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) note(where(mark), "anchors (&name) are not supported; write the value again");
  }
  void no_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      note(where(mark), fmt::format("tags are not supported: {}", tag.substr(0, 60)));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Value::Kind kind) {
    no_anchor(mark, anchor);
    no_tag(mark, tag);
    if (at_key())
      fail(mark, "a key must be a word, not a list or a section (or a bracket is never closed)");
    if (stack_.size() >= kMaxDepth)
      fail(mark, fmt::format("nested deeper than {} levels", kMaxDepth));
    Frame frame;
    frame.value = {kind, where(mark), {}, {}, {}};
    stack_.push_back(std::move(frame));
  }
  void close() {
    Value value = std::move(stack_.back().value);
    stack_.pop_back();
    add(std::move(value));
  }
  // Keys and values arrive as the same events; only their order tells them apart.
  bool at_key() const {
    return !stack_.empty() && stack_.back().value.is_map() && !stack_.back().have_key;
  }
  void add(Value value) {
    if (++nodes_ > kMaxNodes)
      throw ConfigError(value.where, "", fmt::format("more than {} values in one file", kMaxNodes));
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (at_key()) {
      begin_field(stack_.back(), std::move(value));
    } else if (Frame& frame = stack_.back(); frame.value.is_map()) {
      if (!frame.drop)
        frame.value.fields.push_back(
            {std::move(frame.key), std::move(frame.key_where), std::move(value)});
      frame.have_key = false;
    } else {
      frame.value.items.push_back(std::move(value));
    }
  }
  void begin_field(Frame& frame, Value key) {
    if (key.is_null()) throw ConfigError(key.where, "", "a key is missing before the colon");
    frame.have_key = true;
    frame.drop = true;
    const auto [first, fresh] = frame.lines.emplace(key.text, key.where.line);
    if (key.text == "<<" && key.kind == Value::Kind::plain) {
      note(key.where, "merge keys (<<) are not supported; use 'extends'");
    } else if (!fresh) {
      note(key.where, fmt::format("duplicate key '{}', first given in line {}",
                                  key.text.substr(0, 60), first->second));
    } else {
      frame.drop = false;
      frame.key = std::move(key.text);
      frame.key_where = std::move(key.where);
    }
  }

  const std::string& file_;
  std::vector<Problem>& recoverable_;
  std::size_t room_;
  std::vector<Frame> stack_;
  Value root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// A syntax error ends the reading; what was found before it is still worth saying.
[[noreturn]] void rethrow(const ConfigError& error, const std::vector<Problem>& recoverable) {
  std::vector<Problem> all = recoverable;
  all.insert(all.end(), error.problems().begin(), error.problems().end());
  throw ConfigError(std::move(all));
}

std::string plain_words(const YAML::Exception& error) {
  if (dynamic_cast<const YAML::DeepRecursion*>(&error) != nullptr)
    return fmt::format("nested deeper than {} levels", kMaxDepth);
  if (error.msg == YAML::ErrorMsg::DOC_IN_SCALAR || error.msg == YAML::ErrorMsg::EOF_IN_SCALAR)
    return "a quoted text is never closed";
  return "not valid YAML: " + error.msg;
}

}  // namespace

Value parse_text(std::string_view text, const std::string& filename,
                 std::vector<Problem>& recoverable) {
  if (text.size() > kMaxFileBytes)
    throw ConfigError({filename, 0, 0}, "", fmt::format("larger than {} bytes", kMaxFileBytes));
  check_text(text, filename);
  // yaml-cpp lets a quote stay open at the end of a file; at an end-of-document mark it does not.
  std::string marked(text);
  marked += text.ends_with('\n') ? "...\n" : "\n...\n";
  std::istringstream in(marked);
  std::vector<Problem> found;
  Builder builder(filename, found);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    const Where at = e.mark.is_null() ? Where{filename, 0, 0}
                                      : Where{filename, e.mark.line + 1, e.mark.column + 1};
    rethrow(ConfigError(at, "", plain_words(e)), found);
  } catch (const ConfigError& e) {
    rethrow(e, found);
  }
  recoverable.insert(recoverable.end(), found.begin(), found.end());
  Value root = builder.take();
  if (root.is_null()) throw ConfigError({filename, 0, 0}, "", "the file is empty");
  return root;
}

Value parse_file(const std::string& path, std::vector<Problem>& recoverable) {
  return parse_text(read_source(path), path, recoverable);
}

Value parse_text(std::string_view text, const std::string& filename) {
  std::vector<Problem> problems;
  Value root = parse_text(text, filename, problems);
  if (!problems.empty()) throw ConfigError(std::move(problems));
  return root;
}

Value parse_file(const std::string& path) { return parse_text(read_source(path), path); }

}  // namespace fieldsim::config
