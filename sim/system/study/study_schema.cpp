// The JSON Schema of a study, for editors: every path of a scenario is offered below vary.
#include <nlohmann/json.hpp>

#include "sim/config/describe.hpp"
#include "sim/config/paths.hpp"
#include "sim/system/study/study.hpp"

namespace fieldsim::system {

using Json = nlohmann::ordered_json;

namespace {

Json ends(std::size_t n) {
  return {{"type", "array"}, {"minItems", n}, {"maxItems", n}};
}

Json object(Json properties, Json required) {
  return {{"type", "object"},
          {"additionalProperties", false},
          {"properties", std::move(properties)},
          {"required", std::move(required)}};
}

Json values() {
  const Json draws = {{"type", "integer"}, {"minimum", 1}};
  Json any = Json::array({{{"type", "array"}, {"minItems", 1}},
                          object({{"linear", ends(3)}}, {"linear"}),
                          object({{"log", ends(3)}}, {"log"}),
                          object({{"log2", ends(2)}}, {"log2"}),
                          object({{"draws", draws}}, {"draws"})});
  for (const char* shape : {"uniform", "log_uniform", "normal"})
    any.push_back(object({{shape, ends(2)}, {"draws", draws}}, {shape, "draws"}));
  return {{"anyOf", any}};
}

Json list_or_one(const Json& item) {
  return {{"anyOf", Json::array({item, {{"type", "array"}, {"minItems", 1}, {"items", item}}})}};
}

}  // namespace

std::string study_json_schema(const config::SchemaNode& scenario) {
  Json s = Json::parse(config::json_schema(*study_schema(), "fieldsim study"));
  Json& p = s["properties"];
  const auto replace = [&](const char* key, Json with) {
    with["description"] = p[key]["description"];
    p[key] = std::move(with);
  };
  const Json text = {{"type", {"string", "boolean", "number"}}};
  Json paths = Json::object();
  for (const config::SchemaField& f : scenario.fields) paths[f.name] = values();
  for (const std::string& path : config::leaf_paths(scenario))
    if (path.find_first_of("*[") == std::string::npos) {
      paths[path] = values();
      if (const auto found = config::find_path(scenario, path); found.field != nullptr)
        paths[path]["description"] = found.field->doc;
    }
  const Json group = {
      {"type", "object"}, {"properties", paths}, {"additionalProperties", values()}};
  Json vary = group;
  vary["properties"]["zip"] = list_or_one(group);
  vary["minProperties"] = 1;
  replace("vary", vary);
  replace("base", {{"type", {"string", "object"}}});
  replace("where", list_or_one(text));
  replace("derive", {{"type", "object"}, {"additionalProperties", text}});
  replace("columns", list_or_one({{"type", "string"}}));
  replace("baseline", list_or_one({{"type", "string"}}));
  const Json objective = {{"type", "object"},
                          {"additionalProperties", false},
                          {"minProperties", 1},
                          {"properties", {{"maximize", text}, {"minimize", text}}}};
  replace("objective", list_or_one(objective));
  return s.dump(2) + "\n";
}

}  // namespace fieldsim::system
