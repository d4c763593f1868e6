#include "tests/kernels/ptx/module.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace fieldsim::kernels::ptx {
namespace {

const std::map<std::string, Op> kOps = {
    {"abs", Op::abs},
    {"add", Op::add},
    {"and", Op::and_},
    {"atom", Op::atom},
    {"bar", Op::bar},
    {"barrier", Op::barrier},
    {"bfi", Op::bfi},
    {"bra", Op::bra},
    {"cp", Op::cp},
    {"createpolicy", Op::createpolicy},
    {"cvt", Op::cvt},
    {"cvta", Op::cvta},
    {"div", Op::div},
    {"ex2", Op::ex2},
    {"exit", Op::exit},
    {"fence", Op::fence},
    {"fma", Op::fma},
    {"ld", Op::ld},
    {"ldmatrix", Op::ldmatrix},
    {"lg2", Op::lg2},
    {"mad", Op::mad},
    {"max", Op::max},
    {"membar", Op::membar},
    {"min", Op::min},
    {"mma", Op::mma},
    {"mov", Op::mov},
    {"mul", Op::mul},
    {"neg", Op::neg},
    {"not", Op::not_},
    {"or", Op::or_},
    {"rcp", Op::rcp},
    {"rem", Op::rem},
    {"ret", Op::ret},
    {"selp", Op::selp},
    {"setp", Op::setp},
    {"shfl", Op::shfl},
    {"shl", Op::shl},
    {"shr", Op::shr},
    {"st", Op::st},
    {"sub", Op::sub},
    {"xor", Op::xor_},
};

std::string trim(const std::string& s) {
  const auto first = s.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return s.substr(first, s.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> split(const std::string& s, char separator) {
  std::vector<std::string> parts;
  int depth = 0;
  std::string part;
  for (char c : s) {
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == separator && depth == 0) {
      parts.push_back(trim(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (!trim(part).empty()) parts.push_back(trim(part));
  return parts;
}

std::optional<Type> type_of(const std::string& s) {
  if (s == "pred") return Type{Kind::predicate, 1};
  if (s == "bf16") return Type{Kind::floating, 2, true};
  if (s == "bf16x2") return Type{Kind::floating, 4, true, true};
  if (s == "f16x2") return Type{Kind::floating, 4, false, true};
  if (s.size() < 2 || std::string("busf").find(s[0]) == std::string::npos) return {};
  const std::string digits = s.substr(1);
  if (digits.find_first_not_of("0123456789") != std::string::npos) return {};
  const int bits = std::atoi(digits.c_str());
  if (bits != 8 && bits != 16 && bits != 32 && bits != 64) return {};
  const Kind kind = s[0] == 'b'   ? Kind::bits
                    : s[0] == 'u' ? Kind::unsigned_int
                    : s[0] == 's' ? Kind::signed_int
                                  : Kind::floating;
  return Type{kind, bits / 8};
}

class Parser {
 public:
  explicit Parser(const std::string& path) : in_(path) {
    if (!in_) throw std::runtime_error("cannot read " + path);
  }

  std::map<std::string, Kernel> run() {
    std::string text;
    std::string statement;
    while (std::getline(in_, text)) {
      ++line_;
      text = trim(text.substr(0, text.find("//")));
      if (text.empty()) continue;
      if (const auto at = text.find(".entry"); at != std::string::npos) {
        name_ = trim(text.substr(at + 6, text.find('(') - at - 6));
        kernel_ = {};
        names_.clear();
        labels_.clear();
        branches_.clear();
        continue;
      }
      if (name_.empty()) continue;
      if (!inside_) {
        inside_ = text == "{";
        continue;
      }
      if (text == "}" && statement.empty() && depth_ == 0) {
        finish();
        continue;
      }
      // Inline assembly comes in braces of its own.
      if (text == "{") {
        ++depth_;
        continue;
      }
      if (text == "}") {
        --depth_;
        continue;
      }
      if (text[0] == '{' && (text[1] == ' ' || text[1] == '\t')) {
        ++depth_;
        text = trim(text.substr(1));
      }
      if (text[0] == '.') continue;
      if (text.back() == ':') {
        labels_[text.substr(0, text.size() - 1)] = static_cast<int>(kernel_.code.size());
        continue;
      }
      statement += (statement.empty() ? "" : " ") + text;
      const auto end = statement.find(';');
      if (end == std::string::npos) continue;
      if (trim(statement.substr(end + 1)) == "}") --depth_;
      add(trim(statement.substr(0, end)));
      statement.clear();
    }
    return std::move(kernels_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("PTX line " + std::to_string(line_) + ": " + what);
  }

  int reg(const std::string& name) {
    const auto [it, fresh] = names_.try_emplace(name, kernel_.registers);
    if (fresh) ++kernel_.registers;
    return it->second;
  }

  Operand operand(std::string s) {
    Operand o;
    if (s.empty()) return o;
    if (s[0] == '[') {
      s = trim(s.substr(1, s.find(']') - 1));
      o.form = Operand::Form::memory;
      const auto plus = s.find('+');
      const std::string base = trim(s.substr(0, plus));
      if (plus != std::string::npos)
        o.value = static_cast<std::uint64_t>(std::strtoll(s.c_str() + plus + 1, nullptr, 0));
      if (base[0] == '%') o.reg = reg(base);
      return o;
    }
    for (const char* prefix : {"%tid.", "%ctaid.", "%ntid.", "%nctaid."})
      if (s.rfind(prefix, 0) == 0) {
        o.form = Operand::Form::special;
        o.value = s == "%tid.x"      ? kTidX
                  : s == "%ctaid.x"  ? kCtaidX
                  : s == "%ntid.x"   ? kNtidX
                  : s == "%nctaid.x" ? kNctaidX
                                     : kOtherDimension;
        return o;
      }
    if (s[0] == '!') o.inverted = true;
    const std::string name = o.inverted ? s.substr(1) : s;
    if (name[0] == '%') {
      o.form = Operand::Form::reg;
      o.reg = reg(name);
      return o;
    }
    o.form = Operand::Form::immediate;
    if (s.size() > 2 && s[0] == '0' && (s[1] == 'f' || s[1] == 'F' || s[1] == 'd' || s[1] == 'D'))
      o.value = std::strtoull(s.c_str() + 2, nullptr, 16);
    else if (s[0] == '-' || (s[0] >= '0' && s[0] <= '9'))
      o.value = static_cast<std::uint64_t>(std::strtoll(s.c_str(), nullptr, 0));
    return o;  // else a symbol: shared memory and the parameter block both start at 0
  }

  void add(std::string s) {
    Instruction i;
    i.line = line_;
    if (s[0] == '@') {
      const auto space = s.find_first_of(" \t");
      i.negated = s[1] == '!';
      i.predicate = reg(s.substr(i.negated ? 2 : 1, space - (i.negated ? 2 : 1)));
      s = trim(s.substr(space));
    }
    const auto space = s.find_first_of(" \t");
    const std::string mnemonic = s.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : trim(s.substr(space));
    std::vector<std::string> parts = split(mnemonic, '.');
    const auto op = kOps.find(parts[0]);
    if (op == kOps.end()) fail("unknown instruction " + mnemonic);
    i.op = op->second;
    for (std::size_t p = 1; p < parts.size(); ++p) {
      if (const auto type = type_of(parts[p])) {
        i.to = i.type;
        i.type = *type;
        continue;
      }
      if (parts[p] == "local") fail("local memory");
      if (parts[p] == "global") i.space = Space::global;
      if (parts[p] == "shared") i.space = Space::shared;
      if (parts[p] == "param") i.space = Space::param;
      i.modifiers.push_back(parts[p]);
    }
    if (i.op == Op::mma && i.has("m16n8k16") && mnemonic.find("bf16") != std::string::npos)
      i.type.bf16 = true;
    if (i.op == Op::bra) {
      branches_.emplace_back(kernel_.code.size(), rest);
      kernel_.code.push_back(i);
      return;
    }
    for (const std::string& part : split(rest, ',')) {
      std::vector<Operand> group;
      if (part[0] == '{') {
        for (const std::string& one : split(part.substr(1, part.size() - 2), ','))
          group.push_back(operand(one));
      } else {
        for (const std::string& one : split(part, '|')) group.push_back(operand(one));
      }
      i.operands.push_back(group);
    }
    kernel_.code.push_back(i);
  }

  void finish() {
    for (const auto& [at, label] : branches_) {
      const auto it = labels_.find(label);
      if (it == labels_.end()) fail("no label " + label);
      kernel_.code[at].target = it->second;
    }
    kernels_[name_] = std::move(kernel_);
    name_.clear();
    inside_ = false;
  }

  std::ifstream in_;
  int line_ = 0;
  int depth_ = 0;
  bool inside_ = false;
  std::string name_;
  Kernel kernel_;
  std::map<std::string, int> names_;
  std::map<std::string, int> labels_;
  std::vector<std::pair<std::size_t, std::string>> branches_;
  std::map<std::string, Kernel> kernels_;
};

}  // namespace

bool Instruction::has(const char* modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}

std::map<std::string, Kernel> parse(const std::string& path) { return Parser(path).run(); }

}  // namespace fieldsim::kernels::ptx
