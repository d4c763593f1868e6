#include <catch2/catch.hpp>

#include "validation/measure/decode_plan.hpp"

using namespace fieldsim::measure;

TEST_CASE("Decode plan: the shape is Llama-2-13B's") {
  const DecoderShape s;
  // 13,015,864,320 parameters, less the 81 normalisation vectors of 5,120 that are left out here.
  const std::int64_t parameters = (s.layers * s.layer_weight_bytes() + s.head_bytes()) / 2;
  CHECK(parameters == 13'015'864'320 - 81 * 5120);
  // 819,200 bytes of K and V a token.
  CHECK(s.layers * s.layer_kv_bytes() == std::int64_t{819'200} * 65'536);
  CHECK(s.layers * s.layer_anchor_bytes() == std::int64_t{819'200} * 256);
}

TEST_CASE("Decode plan: everything fits in 141 GB, layers are cut in 40 GB, the context in 2 GB") {
  const DecodePlan h200 = plan_decode({}, 130'000'000'000);
  CHECK((h200.fits && !h200.reduced && h200.note.empty()));
  CHECK(h200.shape.layers == 40);
  const DecodePlan small = plan_decode({}, 40'000'000'000);
  CHECK((small.fits && small.reduced));
  CHECK(small.shape.layers ==
        (40'000'000'000 - DecoderShape{}.head_bytes()) /
            (DecoderShape{}.layer_weight_bytes() + DecoderShape{}.layer_kv_bytes() +
             DecoderShape{}.layer_anchor_bytes()));
  CHECK(small.shape.context == 65'536);
  CHECK(small.note.find("of 40 layers") != std::string::npos);
  const DecodePlan tiny = plan_decode({}, 2'000'000'000);
  CHECK((tiny.fits && tiny.reduced && tiny.shape.context < 65'536 && tiny.shape.layers >= 1));
  CHECK(tiny.shape.total_bytes() <= 2'000'000'000);
}

TEST_CASE("Decode plan: what cannot fit is refused with the missing bytes") {
  const DecodePlan none = plan_decode({}, 500'000'000);
  CHECK_FALSE(none.fits);
  CHECK(none.note.find("500000000") != std::string::npos);
}
