// Hand-derived figures (Llama-2-13B at N = 64,000).
#include <catch2/catch.hpp>

#include "sim/model/flops.hpp"
#include "sim/model/parameters.hpp"
#include "tests/unit/model/shapes.hpp"

using namespace fieldsim;
using namespace fieldsim::model;

namespace {

double count(Flops f) { return static_cast<double>(f.count()); }

}  // namespace

TEST_CASE("FLOP of one decoded token at 64,000") {
  const ModelShape s = test::llama2_13b();
  CHECK(linear_flops_per_token(s).count() == 2 * (13'015'864'320 - 32'000 * 5'120 - 81 * 5'120));
  CHECK(count(linear_flops_per_token(s)) == Approx(2.57e10).epsilon(0.001));
  CHECK(attention_flops_per_token(s, 64'000).count() == 4LL * 40 * 5120 * 64'000);
  CHECK(count(attention_flops_per_token(s, 64'000)) == Approx(5.24e10).epsilon(0.001));
}

TEST_CASE("FLOP of a whole prompt of 64,000") {
  const ModelShape s = test::llama2_13b();
  CHECK(count(prefill_linear_flops(s, 64'000)) == Approx(1.62e15).epsilon(0.005));
  CHECK(count(prefill_attention_flops(s, 64'000)) == Approx(1.68e15).epsilon(0.005));
  const Flops both = prefill_linear_flops(s, 64'000) + prefill_attention_flops(s, 64'000);
  CHECK(count(both) == Approx(3.30e15).epsilon(0.005));
}

TEST_CASE("prefill attention is the sum over its tokens, in any cut into chunks") {
  for (const ModelShape& s : {test::llama2_13b(), test::llama31_8b(), test::mistral_7b()}) {
    CAPTURE(s.name);
    Flops one_by_one;
    for (std::int64_t context = 1; context <= 6000; ++context) {
      one_by_one += attention_flops_per_token(s, context);
    }
    CHECK(prefill_attention_flops(s, 6000) == one_by_one);
    CHECK(prefill_attention_flops(s, 1000) + prefill_attention_flops(s, 3500, 1000) +
              prefill_attention_flops(s, 1500, 4500) ==
          one_by_one);
  }
}

TEST_CASE("MLA: decode works on the latent, prefill on full heads") {
  const ModelShape s = test::deepseek_v2_lite();
  CHECK(attention_flops_per_token(s, 1000).count() == 2LL * 27 * 16 * (576 + 512) * 1000);
  CHECK(prefill_attention_flops(s, 1000).count() == 2LL * 27 * 16 * (192 + 128) * 500'500);
}

TEST_CASE("linear work of MoE counts the active experts and the router") {
  const ModelShape s = test::mixtral_8x7b();
  const std::int64_t expert = 3LL * 4096 * 14336;
  const std::int64_t attention = 4096LL * 4096 * 2 + 2LL * 4096 * 1024;
  CHECK(layer_linear_flops_per_token(s).count() == 2 * 32 * (attention + 8 * 4096 + 2 * expert));
}

TEST_CASE("linear FLOP are twice the active parameters, norms and biases aside") {
  for (const ModelShape& s : test::all_shapes()) {
    CAPTURE(s.name);
    CHECK(count(linear_flops_per_token(s)) ==
          Approx(2.0 * static_cast<double>(active_parameters(s))).epsilon(2e-4));
  }
}
