// Bad input to the quantiser is an error value that names the argument, before any launch.
#include <catch2/catch.hpp>
#include <cfloat>
#include <string>
#include <vector>

#include "kernels/quant/int8.hpp"

using namespace fieldsim::integrity;

namespace {

struct Device {  // host memory stands in for device memory: check() only looks at addresses
  alignas(16) std::uint16_t x[16] = {};
  alignas(16) std::int8_t codes[16] = {};
  std::uint64_t first_nan = kNoNan;
  float scale = 1.0F;
  QuantArgs args() {
    QuantArgs a;
    a.x = x;
    a.length = 16;
    a.scales = Scales{&scale, 1, 1};
    a.codes = codes;
    a.first_nan = &first_nan;
    return a;
  }
};

void refused(const Outcome& outcome, Code code, const std::string& argument) {
  CHECK(std::string(code_name(outcome.code)) == code_name(code));
  CHECK(outcome.argument == argument);
}

}  // namespace

TEST_CASE("INT8 quantiser: a scale that is not positive, finite and normal is refused by index") {
  const float bad =
      GENERATE(0.0F, -0.0F, -1.0F, FLT_TRUE_MIN, FLT_MIN / 2, INFINITY, -INFINITY, NAN);
  const std::vector<float> scales{1.0F, FLT_MIN, FLT_MAX, bad};
  const std::uint16_t x = 0x3c00;
  std::int8_t code = 0;
  const Outcome outcome =
      quantize_int8_reference(Float16::f16, &x, 1, Scales{scales.data(), 4, 1}, &code);
  refused(outcome, Code::bad_scale, "scales.values");
  CHECK(outcome.index == 3);
  CHECK(check_scales(Scales{scales.data(), 3, 1}).ok());
}

TEST_CASE("INT8 quantiser: the first NaN's index is reported and infinities are not NaN") {
  std::vector<std::uint16_t> x(1000, 0x7c00);  // +inf in FP16
  x[77] = 0x7c01;
  x[500] = 0xffff;
  std::vector<std::int8_t> codes(x.size());
  const float s = 1.0F;
  const Outcome outcome =
      quantize_int8_reference(Float16::f16, x.data(), 1000, Scales{&s, 1, 1}, codes.data());
  refused(outcome, Code::nan_input, "x");
  CHECK(outcome.index == 77);
  CHECK(int{codes[76]} == 127);
}

TEST_CASE("INT8 quantiser: scale counts and lengths are checked in the reference") {
  const float s = 1.0F;
  const std::uint16_t x = 0;
  std::int8_t code = 0;
  const auto run = [&](const Scales& scales, std::int64_t length = 1) {
    return quantize_int8_reference(Float16::f16, &x, length, scales, &code);
  };
  refused(run(Scales{nullptr, 1, 1}), Code::bad_argument, "scales.values");
  refused(run(Scales{&s, 0, 1}), Code::bad_argument, "scales.count");
  refused(run(Scales{&s, 1, 0}), Code::bad_argument, "scales.inner");
  refused(run(Scales{&s, 1, 1}, -1), Code::bad_argument, "length");
  CHECK(run(Scales{&s, 1, 1}, 0).ok());
}

TEST_CASE("INT8 quantiser: launch arguments are checked one by one") {
  Device d;
  CHECK(check(d.args()).ok());
  const auto with = [&](auto change) {
    QuantArgs a = d.args();
    change(a);
    return check(a);
  };
  refused(with([](QuantArgs& a) { a.type = static_cast<Float16>(9); }), Code::bad_argument, "type");
  refused(with([](QuantArgs& a) { a.length = -1; }), Code::bad_argument, "length");
  refused(with([](QuantArgs& a) { a.x = nullptr; }), Code::bad_argument, "x");
  refused(with([](QuantArgs& a) { a.x += 1; }), Code::bad_align, "x");
  refused(with([](QuantArgs& a) { a.codes = nullptr; }), Code::bad_argument, "codes");
  refused(with([](QuantArgs& a) { a.codes += 4; }), Code::bad_align, "codes");
  refused(with([](QuantArgs& a) { a.first_nan = nullptr; }), Code::bad_argument, "first_nan");
  refused(with([](QuantArgs& a) { a.scales.values = nullptr; }), Code::bad_argument,
          "scales.values");
  refused(with([](QuantArgs& a) { a.scales.count = 0; }), Code::bad_argument, "scales.count");
  refused(with([](QuantArgs& a) { a.scales.inner = -2; }), Code::bad_argument, "scales.inner");
}
