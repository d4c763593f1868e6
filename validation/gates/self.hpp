#pragma once
// A few hundred predictions at the architectures' defaults: what the model says today. A change of
// the model shows up as a changed line of validation/gates/self.csv and has to be explained.
#include <string>

#include <fmt/format.h>

#include "sim/system/calibrate/plan.hpp"
#include "tests/unit/fidelity/gpus.hpp"

namespace fieldsim::gates {

inline std::string self_table() {
  using namespace fieldsim::calibrate;
  std::string out = "gpu,operation,shape,us\n";
  const std::pair<const char*, hardware::GpuParams> gpus[] = {{"a100", fidelity_test::a100()},
                                                              {"h100", fidelity_test::h100()},
                                                              {"h200", fidelity_test::h200()},
                                                              {"l40s", fidelity_test::l40s()},
                                                              {"b200", fidelity_test::b200()}};
  for (const auto& [part, gpu] : gpus) {
    const auto shape = hardware::tile::shape_of(gpu);
    const auto params = hardware::tile::default_params(shape);
    for (const Operation op : {Operation::decode, Operation::prefill, Operation::gemm,
                               Operation::quantize, Operation::scale}) {
      const auto rows = candidate_shapes(op, shape);
      const std::size_t stride = rows.size() / 20 + 1;
      for (std::size_t i = 0; i < rows.size(); i += stride) {
        const Row& r = rows[i];
        const auto& a = r.attention;
        std::string s;
        if (op == Operation::decode || op == Operation::prefill)
          s = fmt::format("b{} q{} {}/{} c{} {}", a.batch, a.query_tokens, a.query_heads,
                          a.kv_heads, a.context, r.precision());
        else if (op == Operation::gemm)
          s = fmt::format("{}x{}x{}", r.gemm.m, r.gemm.n, r.gemm.k);
        else
          s = fmt::format("{}x{}", r.quantize.rows, r.quantize.columns);
        out += fmt::format("{},{},{},{:.6g}\n", part, hardware::tile::name(op), s,
                           predict(r, gpu, params).us);
      }
    }
  }
  return out;
}

}  // namespace fieldsim::gates
