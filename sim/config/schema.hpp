#pragma once
// Binds a plain struct to the keys of a file. The struct knows nothing of it; its member
// initialisers are the defaults. A misdeclared schema (a duplicate name, a range of the wrong type)
// fails a SIM_CHECK when it is built.
//
//   Schema<Workload> s("workload", "What is asked of the model");
//   s.field("prompt_tokens", &Workload::prompt_tokens, "tokens in the prompt").range(1, 1 << 24)
//    .field("decode_step", &Workload::decode_step, "pins the unverified step");
//
// Members: any integer, double, bool, std::string, a quantity, Value (anything), std::optional of
// these or of a section, std::vector or std::map<std::string, ...> of these or of sections. Instead
// of a member pointer, any callable T& -> member& will do.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/config/report.hpp"
#include "sim/config/schema_leaf.hpp"
#include "sim/config/schema_node.hpp"

namespace fieldsim::config {

template <class E>
struct Choice {
  std::string word;
  E value;
  std::string doc;
};

// The untyped half of Schema<T>: what applies to the field declared last, and to the whole section.
class SchemaBuilder {
 public:
  const SchemaNode& node() const { return *node_; }
  const NodePtr& share() const { return node_; }

 protected:
  SchemaBuilder(std::string name, std::string doc);
  void add(SchemaField field);
  void last_range(std::optional<Bound> low, std::optional<Bound> high);
  void last_items(std::int64_t low, std::int64_t high);
  void last_unit(std::string unit);
  void last_required();
  void last_needs_no_source();
  void set_shorthand(const std::string& name);
  void add_group(std::vector<std::string> names, bool one_needed);

  NodePtr node_;
};

template <class T>
class Schema : public SchemaBuilder {
  template <class A>
  using Member = std::remove_reference_t<std::invoke_result_t<A, T&>>;
  template <class A>
  using Bare = typename Unwrap<Member<A>>::type;  // without std::optional
  template <class A>
  using Item = typename Element<Bare<A>>::type;  // without the container either

 public:
  Schema(std::string name, std::string doc) : SchemaBuilder(std::move(name), std::move(doc)) {
    node_->make_default = [] {
      return std::static_pointer_cast<const void>(std::make_shared<T>());
    };
  }

  // Leaves and lists of leaves, by the type of the member.
  template <class A>
  Schema& field(std::string name, A member, std::string doc) {
    return bind(std::move(name), member, std::move(doc), make_node<Bare<A>>());
  }

  template <class A>
  Schema& choice(std::string name, A member, std::vector<Choice<Item<A>>> choices,
                 std::string doc) {
    return bind(std::move(name), member, std::move(doc),
                wrap<Bare<A>>(choice_node<Item<A>>(std::move(choices))));
  }

  // A std::string (or optional) that names a file: resolved against the file that says it, and a
  // bare name in configs/`folder` besides; it must exist.
  template <class A>
  Schema& file(std::string name, A member, std::string doc, std::string folder = "") {
    NodePtr node = make_node<Bare<A>>();
    node->kind = NodeKind::path;
    node->folder = std::move(folder);
    return bind(std::move(name), member, std::move(doc), std::move(node));
  }

  template <class A>
  Schema& section(std::string name, A member, const Schema<Bare<A>>& schema, std::string doc) {
    return bind(std::move(name), member, std::move(doc), schema.share());
  }

  template <class A>  // std::vector of sections
  Schema& list(std::string name, A member, const Schema<Item<A>>& schema, std::string doc) {
    return bind(std::move(name), member, std::move(doc), wrap<Bare<A>>(schema.share()));
  }

  template <class A>  // std::map<std::string, section>
  Schema& map_of(std::string name, A member, const Schema<Item<A>>& schema, std::string doc) {
    return bind(std::move(name), member, std::move(doc), wrap<Bare<A>>(schema.share()));
  }

  // A section that may be the name of a file in configs/`catalogue`, a path, or a map; the map may
  // say `extends: name` and give only what differs.
  template <class A>
  Schema& reference(std::string name, A member, const Schema<Bare<A>>& schema,
                    std::string catalogue, std::string doc) {
    section(std::move(name), member, schema, std::move(doc));
    node_->fields.back().catalogue = std::move(catalogue);
    return *this;
  }

  // The field declared last. A list's range is that of its items. A number whose default is outside
  // its range must be given.
  Schema& range(Bound low, Bound high) { return last_range(low, high), *this; }
  Schema& at_least(Bound low) { return last_range(low, std::nullopt), *this; }
  Schema& at_most(Bound high) { return last_range(std::nullopt, high), *this; }
  Schema& items(std::int64_t low, std::int64_t high) { return last_items(low, high), *this; }
  Schema& unit(std::string counted) { return last_unit(std::move(counted)), *this; }
  Schema& required() { return last_required(), *this; }
  Schema& needs_no_source() { return last_needs_no_source(), *this; }

  // The whole section. Alternatives should be std::optional members: the ones not given are
  // emptied.
  Schema& shorthand(const std::string& name) { return set_shorthand(name), *this; }
  Schema& exactly_one_of(std::vector<std::string> names) {
    return add_group(std::move(names), true), *this;
  }
  Schema& at_most_one_of(std::vector<std::string> names) {
    return add_group(std::move(names), false), *this;
  }
  // Holds for the sections below too.
  Schema& sourced(Sources sources = Sources::accepted) { return node_->sources = sources, *this; }
  // Runs when everything in the section was read without a problem.
  Schema& check(std::function<void(const T&, Report&)> rule) {
    node_->checks.push_back([rule = std::move(rule)](const void* object, Report& report) {
      rule(*static_cast<const T*>(object), report);
    });
    return *this;
  }

 private:
  template <class A>
  Schema& bind(std::string name, A member, std::string doc, NodePtr node) {
    SchemaField f;
    f.name = std::move(name);
    f.doc = std::move(doc);
    f.node = std::move(node);
    f.optional = Unwrap<Member<A>>::optional;
    f.open = [member](void* object) -> void* {
      auto& m = std::invoke(member, *static_cast<T*>(object));
      if constexpr (Unwrap<Member<A>>::optional) {
        if (!m) m.emplace();
        return &*m;
      } else {
        return &m;
      }
    };
    f.look = [member](const void* object) -> const void* {
      // Only looks; the accessor may be a callable that takes T&.
      auto& m = std::invoke(member, *const_cast<T*>(static_cast<const T*>(object)));
      if constexpr (Unwrap<Member<A>>::optional) {
        return m ? &*m : nullptr;
      } else {
        return &m;
      }
    };
    if constexpr (Unwrap<Member<A>>::optional) {
      f.reset = [member](void* object) { std::invoke(member, *static_cast<T*>(object)).reset(); };
    }
    add(std::move(f));
    return *this;
  }
};

}  // namespace fieldsim::config
