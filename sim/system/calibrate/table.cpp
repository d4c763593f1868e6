#include "sim/system/calibrate/table.hpp"

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/system/calibrate/csv.hpp"
#include "sim/system/calibrate/table_json.hpp"

namespace fieldsim::calibrate {
namespace {

constexpr double kUsPerMs = 1e3;
constexpr std::int64_t kWeightCopies =
    6;  // aiconfigurator collect_gemm.py cycles six weight buffers

double latency_us(const Csv& csv, std::size_t i) {
  if (csv.text_or(i, "latency", "").empty()) return 0;  // a planned row
  const double ms = csv.number(i, "latency");
  if (ms <= 0)
    throw ConfigError(Where{csv.path(), csv.line(i), 1}, "latency", "must be positive (ms)");
  return ms * kUsPerMs;
}

Row attention_row(const Csv& csv, std::size_t i) {
  Row row;
  auto& a = row.attention;
  a.batch = csv.integer(i, "batch_size");
  a.query_tokens = csv.integer(i, "isl");
  a.query_heads = csv.integer(i, "num_heads");
  a.kv_heads = csv.integer(i, "num_key_value_heads");
  if (a.kv_heads == 0) a.kv_heads = a.query_heads;  // the collector's way of saying MHA
  a.head_dim = csv.integer_or(i, "head_dim", 128);
  a.window = csv.integer_or(i, "window_size", 0);
  a.fp8 = csv.text_or(i, "kv_cache_dtype", "bfloat16").find("fp8") != std::string::npos;
  const std::int64_t step = csv.integer_or(i, "step", 0);
  const std::string op = csv.text_or(i, "op_name", "");
  const bool decode = op.empty() ? a.query_tokens == 1 : op.starts_with("generation");
  row.op = decode ? Operation::decode : Operation::prefill;
  // A decode row counts history (context = step + 1 new token); a prefill row's step is its prefix.
  a.context = decode ? step + 1 : step + a.query_tokens;
  return row;
}

Row gemm_row(const Csv& csv, std::size_t i) {
  Row row;
  row.op = Operation::gemm;
  row.gemm = {csv.integer(i, "m"), csv.integer(i, "n"), csv.integer(i, "k"), kWeightCopies, false};
  return row;
}

Row quantize_row(const Csv& csv, std::size_t i) {
  Row row;
  const bool scale = csv.text_or(i, "op_name", "") == "compute_scale";
  row.op = scale ? Operation::scale : Operation::quantize;
  row.quantize = {csv.integer(i, "m"), csv.integer(i, "k"), false};
  return row;
}

Table read_csv(const std::string& path, const std::string& text) {
  const Csv csv = Csv::parse(text, path);
  if (csv.has("Metric Name")) return read_nsight(csv);
  Row (*make)(const Csv&, std::size_t) = nullptr;
  if (csv.has("num_key_value_heads"))
    make = attention_row;
  else if (csv.has("m") && csv.has("n") && csv.has("k"))
    make = gemm_row;
  else if (csv.has("m") && csv.has("k") && csv.has("quant_dtype"))
    make = quantize_row;
  if (!make)
    throw ConfigError(
        Where{path, 1, 1}, "",
        "this header is none of: attention (num_heads, num_key_value_heads, ...), GEMM "
        "(m, n, k), quantisation (m, k, quant_dtype), Nsight Compute (Metric Name)");
  Table table;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    Row row = make(csv, i);
    row.device = csv.text_or(i, "device", "");
    row.kernel = csv.text_or(i, "kernel_source", "");
    row.file = path;
    row.line = csv.line(i);
    row.measured_us = latency_us(csv, i);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Table read_table(const std::string& path) {
  const std::string text = read_file(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (text[first] == '{' || text[first] == '['))
    return read_json(path, text);
  return read_csv(path, text);
}

std::string to_csv(const std::vector<Row>& rows) {
  std::string out;
  const char* last = nullptr;
  const auto ms = [](const Row& r) {
    return r.measured_us > 0 ? fmt::format("{:.9g}", r.measured_us / kUsPerMs) : std::string();
  };
  for (const Row& r : rows) {
    const auto& a = r.attention;
    const char* header =
        "op_name,batch_size,isl,num_heads,num_key_value_heads,head_dim,kv_cache_dtype,step,"
        "latency\n";
    if (r.op == Operation::gemm) header = "op_name,m,n,k,latency\n";
    if (r.op == Operation::quantize || r.op == Operation::scale)
      header = "op_name,m,k,quant_dtype,latency\n";
    if (header != last) out += header;
    last = header;
    switch (r.op) {
      case Operation::decode:
      case Operation::prefill:
        out += fmt::format(
            "{},{},{},{},{},{},{},{},{}\n",
            r.op == Operation::decode ? "generation_attention" : "context_attention", a.batch,
            a.query_tokens, a.query_heads, a.kv_heads, a.head_dim, a.fp8 ? "fp8" : "bfloat16",
            r.op == Operation::decode ? a.context - 1 : a.context - a.query_tokens, ms(r));
        break;
      case Operation::gemm:
        out += fmt::format("gemm,{},{},{},{}\n", r.gemm.m, r.gemm.n, r.gemm.k, ms(r));
        break;
      case Operation::quantize:
      case Operation::scale:
        out += fmt::format("{},{},{},fp8,{}\n",
                           r.op == Operation::scale ? "compute_scale" : "scale_matrix",
                           r.quantize.rows, r.quantize.columns, ms(r));
        break;
    }
  }
  return out;
}

}  // namespace fieldsim::calibrate
