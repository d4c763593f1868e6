#pragma once
// How a C++ type becomes a node of the schema, and how a value gets in and out of it.
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/config/schema_node.hpp"

namespace fieldsim::config {

template <class M>
struct Unwrap {
  using type = M;
  static constexpr bool optional = false;
};
template <class M>
struct Unwrap<std::optional<M>> {
  using type = M;
  static constexpr bool optional = true;
};

template <class M>
struct Element {
  using type = M;
};
template <class M>
struct Element<std::vector<M>> {
  using type = M;
};
template <class M>
struct Element<std::map<std::string, M>> {
  using type = M;
};

template <class M>
concept AnyQuantity = requires { DimensionOf<M>::value; };
template <class M>
concept Integer = std::integral<M> && !std::same_as<M, bool>;

// One end of a range: a count, a ratio or a quantity.
struct Bound {
  Scalar value;
  std::optional<Dimension> dimension;
  template <Integer I>
  Bound(I v) : value(static_cast<std::int64_t>(v)) {}  // NOLINT: range(1, 8) reads as it should
  Bound(double v) : value(v) {}                        // NOLINT
  template <AnyQuantity Q>
  Bound(Q q) : value(q.count()), dimension(DimensionOf<Q>::value) {}  // NOLINT
};

namespace detail {
template <class M>
constexpr NodeKind leaf_kind() {
  if constexpr (std::same_as<M, bool>)
    return NodeKind::boolean;
  else if constexpr (Integer<M>)
    return NodeKind::count;
  else if constexpr (std::same_as<M, double>)
    return NodeKind::ratio;
  else if constexpr (std::same_as<M, std::string>)
    return NodeKind::text;
  else if constexpr (std::same_as<M, Value>)
    return NodeKind::any;
  else {
    static_assert(AnyQuantity<M>, "not a leaf: use section(), choice(), list() or map_of()");
    return NodeKind::quantity;
  }
}
}  // namespace detail

// The node of one value; its closures are the only place that knows the C++ type.
template <class M>
NodePtr leaf_node() {
  auto node = std::make_shared<SchemaNode>();
  node->kind = detail::leaf_kind<M>();
  if constexpr (AnyQuantity<M>) {
    node->dimension = DimensionOf<M>::value;
    node->store = [](void* m, const Scalar& v) {
      *static_cast<M*>(m) = M::raw(std::get<std::int64_t>(v));
    };
    node->load = [](const void* m) { return Scalar(static_cast<const M*>(m)->count()); };
  } else if constexpr (Integer<M>) {
    // A narrower member bounds the field even when no range is declared.
    if constexpr (sizeof(M) < sizeof(std::int64_t) || std::is_unsigned_v<M>) {
      node->low = Scalar(static_cast<std::int64_t>(std::numeric_limits<M>::min()));
      if constexpr (sizeof(M) < sizeof(std::int64_t))
        node->high = Scalar(static_cast<std::int64_t>(std::numeric_limits<M>::max()));
    }
    node->store = [](void* m, const Scalar& v) {
      *static_cast<M*>(m) = static_cast<M>(std::get<std::int64_t>(v));
    };
    node->load = [](const void* m) {
      return Scalar(static_cast<std::int64_t>(*static_cast<const M*>(m)));
    };
  } else {
    node->store = [](void* m, const Scalar& v) { *static_cast<M*>(m) = std::get<M>(v); };
    node->load = [](const void* m) { return Scalar(*static_cast<const M*>(m)); };
  }
  return node;
}

// The words of an enumeration: `C` has word, value and doc.
template <class E, class C>
NodePtr choice_node(std::vector<C> choices) {
  SIM_CHECK(!choices.empty(), "a choice needs words");
  auto node = std::make_shared<SchemaNode>();
  node->kind = NodeKind::choice;
  std::vector<E> values;
  for (C& c : choices) {
    node->choices.push_back({std::move(c.word), std::move(c.doc)});
    values.push_back(std::move(c.value));
  }
  node->store = [values](void* m, const Scalar& v) {
    *static_cast<E*>(m) = values[static_cast<std::size_t>(std::get<std::int64_t>(v))];
  };
  node->load = [values](const void* m) -> Scalar {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == *static_cast<const E*>(m)) return static_cast<std::int64_t>(i);
    return std::monostate{};
  };
  return node;
}

// The node of a container whose element has its own node; anything else is that node itself.
template <class M>
NodePtr wrap(NodePtr element) {
  if constexpr (std::same_as<M, typename Element<M>::type>) {
    return element;
  } else {
    using E = typename Element<M>::type;
    static_assert(!std::same_as<E, bool>, "std::vector<bool> has no addressable items");
    auto node = std::make_shared<SchemaNode>();
    node->element = std::move(element);
    node->clear = [](void* m) { static_cast<M*>(m)->clear(); };
    if constexpr (std::same_as<M, std::vector<E>>) {
      node->kind = NodeKind::list;
      node->append = [](void* m, const std::string&) -> void* {
        return &static_cast<M*>(m)->emplace_back();
      };
      node->visit = [](const void* m, const SchemaNode::Visitor& see) {
        for (const E& item : *static_cast<const M*>(m)) see("", &item);
      };
    } else {
      node->kind = NodeKind::map_of;
      node->append = [](void* m, const std::string& key) -> void* {
        return &(*static_cast<M*>(m))[key];
      };
      node->visit = [](const void* m, const SchemaNode::Visitor& see) {
        for (const auto& [key, item] : *static_cast<const M*>(m)) see(key, &item);
      };
    }
    return node;
  }
}

template <class M>
NodePtr make_node() {
  return wrap<M>(leaf_node<typename Element<M>::type>());
}

}  // namespace fieldsim::config
