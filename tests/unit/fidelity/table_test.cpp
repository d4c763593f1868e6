// Reading tables: the formats, their units, and what is wrong with a file.
#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>

#include "sim/base/error.hpp"
#include "sim/system/calibrate/host.hpp"
#include "sim/system/calibrate/table.hpp"

using namespace fieldsim;
using namespace fieldsim::calibrate;

namespace {

struct File {
  explicit File(const std::string& text, const std::string& end = ".csv")
      : path(std::string(FIELDSIM_BINARY_DIR) + "/fidelity_table_test" + std::to_string(++count) +
             end) {
    std::ofstream(path) << text;
  }
  ~File() { std::remove(path.c_str()); }
  std::string path;
  static int count;
};
int File::count = 0;

const char* kAttention =
    "op_name,kernel_source,batch_size,isl,num_heads,num_key_value_heads,head_dim,kv_cache_dtype,"
    "step,latency\n";

Where where_of(const std::string& path) {
  try {
    read_table(path);
  } catch (const ConfigError& e) {
    return e.problems().front().where;
  }
  return {"no error", 0, 0};
}

}  // namespace

TEST_CASE("attention rows: history plus the new token, milliseconds to microseconds") {
  const File f(std::string(kAttention) +
               "generation_attention,vllm_flash_attn_fa3,4,1,32,8,128,fp8,1023,0.025\n"
               "context_attention,vllm_flash_attn_fa3,2,512,8,0,128,bfloat16,0,0.5\n");
  const Table t = read_table(f.path);
  REQUIRE(t.rows.size() == 2);
  CHECK(t.rows[0].op == Operation::decode);
  CHECK(t.rows[0].attention.context == 1024);
  CHECK(t.rows[0].attention.fp8);
  CHECK(t.rows[0].measured_us == Approx(25));
  CHECK(t.rows[0].layout() == "32/8");
  CHECK(t.rows[1].op == Operation::prefill);
  CHECK(t.rows[1].attention.context == 512);
  CHECK(t.rows[1].attention.kv_heads == 8);  // 0 means as many as query heads
  CHECK(t.rows[1].line == 3);
}

TEST_CASE("products and quantisation") {
  const File g("op_name,m,n,k,latency\ngemm,16,4096,8192,0.02\n");
  const Table t = read_table(g.path);
  CHECK(t.rows.at(0).op == Operation::gemm);
  CHECK(t.rows.at(0).flops() == 2.0 * 16 * 4096 * 8192);
  const File q(
      "op_name,m,k,quant_dtype,latency\ncompute_scale,16,64,fp8,0.001\nscale_matrix,16,64,fp8,0."
      "001\n");
  const Table s = read_table(q.path);
  CHECK(s.rows.at(0).op == Operation::scale);
  CHECK(s.rows.at(1).op == Operation::quantize);
}

TEST_CASE("written tables read back as the same rows") {
  const File f(std::string(kAttention) + "generation_attention,x,4,1,32,8,128,fp8,1023,0.025\n");
  const Table t = read_table(f.path);
  const File again(to_csv(t.rows));
  const Table u = read_table(again.path);
  REQUIRE(u.rows.size() == 1);
  CHECK(u.rows[0].attention.context == t.rows[0].attention.context);
  CHECK(u.rows[0].attention.fp8 == t.rows[0].attention.fp8);
  CHECK(u.rows[0].measured_us == Approx(t.rows[0].measured_us));
}

TEST_CASE("a planned row has no latency") {
  const File f("op_name,m,n,k,latency\ngemm,16,4096,8192,\n");
  CHECK(read_table(f.path).rows.at(0).measured_us == 0);
}

TEST_CASE("what is wrong with a table is said with its line") {
  CHECK(where_of(File("").path).file != "no error");
  CHECK(where_of(File("a,b\n1,2\n").path).line == 1);
  CHECK(where_of(File(std::string(kAttention) + "x,y,4,1,32\n").path).line == 2);
  CHECK(where_of(File("op_name,m,n,k,latency\ngemm,1,2,3,4\ngemm,one,2,3,4\n").path).line == 3);
  CHECK(where_of(File("op_name,m,n,k,latency\ngemm,1,2,3,-4\n").path).line == 2);
  CHECK(where_of(File("op_name,m,n,k,latency\ngemm,1.5,2,3,4\n").path).line == 2);
  CHECK(where_of("/no/such/table.csv").file == "/no/such/table.csv");
  CHECK(where_of(File("{\"something\": 1}", ".json").path).file != "no error");
  CHECK(where_of(File("{broken", ".json").path).file != "no error");
}

TEST_CASE("nvbandwidth gives link rates") {
  const File f(R"({"nvbandwidth": {"testcases": [
    {"name": "host_to_device_memcpy_ce", "bandwidth_matrix": [["55.36", "N/A"]]},
    {"name": "device_to_device_memcpy_read_ce", "bandwidth_matrix": [["395.1"]]}]}})",
               ".json");
  const Table t = read_table(f.path);
  REQUIRE(t.points.size() == 1);
  CHECK(t.points[0].parameter == "link.to_device");
  CHECK(t.points[0].value == Approx(55.36e9));
}

TEST_CASE("fieldsim-measure gives kernel rows and points") {
  const File f(R"({"tool": "fieldsim-measure", "device": {"name": "H200"}, "results": [
    {"group": "attention", "name": "fused", "unit": "us", "all": {"median": 31.5},
     "parameters": {"batch": 2, "q_heads": 32, "kv_heads": 8, "head_dim": 128, "context": 4096}},
    {"group": "memory", "name": "copy", "unit": "us", "all": {"median": 9}, "rate": 4300,
     "rate_unit": "GB/s", "parameters": {"bytes": 1}}]})",
               ".json");
  const Table t = read_table(f.path);
  REQUIRE(t.rows.size() == 1);
  CHECK(t.rows[0].attention.context == 4096);
  CHECK(t.rows[0].measured_us == Approx(31.5));
  REQUIRE(t.points.size() == 1);
  CHECK(t.points[0].value == Approx(4.3e12));
}

TEST_CASE("Nsight Compute gives the achieved share of bandwidth") {
  const File f(
      "==PROF== Connected\n\"ID\",\"Kernel Name\",\"Metric Name\",\"Metric Unit\",\"Metric "
      "Value\"\n"
      "\"0\",\"read, then "
      "write\",\"dram__throughput.avg.pct_of_peak_sustained_elapsed\",\"%\",\"91.5\"\n");
  const Table t = read_table(f.path);
  REQUIRE(t.points.size() == 1);
  CHECK(t.points[0].parameter == "hbm.achieved");
  CHECK(t.points[0].value == Approx(0.915));
  CHECK(t.points[0].what == "read, then write");
}

TEST_CASE("host overheads: a fixed part and one per request") {
  std::vector<HostRow> rows;
  for (const std::int64_t b : {8, 16, 32, 64, 128})
    rows.push_back({b, 2, {{"schedule", 20.0 + 2.5 * static_cast<double>(b)}}});
  const HostFit fit = fit_host(rows);
  CHECK(fit.costs.at("schedule").fixed_us == Approx(20));
  CHECK(fit.costs.at("schedule").request_us == Approx(2.5));
  CHECK(fit.held_out.at("schedule").mape < 1e-9);
}
