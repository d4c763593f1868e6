#include "sim/config/read.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "sim/config/reader.hpp"

namespace fieldsim::config {

void read_into(const SchemaNode& schema, const Value& value, void* object, Provenance& provenance,
               std::vector<Problem>& problems) {
  Reader(schema, provenance, problems)
      .section(schema, value, object, "", value.where, Sources::none);
}

void sort_problems(std::vector<Problem>& problems) {
  std::unordered_map<std::string, std::size_t> order;
  for (const Problem& p : problems) order.emplace(p.where.file, order.size());
  std::ranges::stable_sort(problems, {}, [&](const Problem& p) {
    return std::tuple(order.at(p.where.file), p.where.line, p.where.column);
  });
}

}  // namespace fieldsim::config
