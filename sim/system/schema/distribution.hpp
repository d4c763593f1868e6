#pragma once
// How a distribution is written: a bare value is constant, {exponential: 5 s}, {uniform: [1 s, 5
// s]}, {lognormal: {median: 2 s, sigma: 1}}, {geometric: 40}.
#include <string>

#include "sim/base/distribution.hpp"
#include "sim/config/schema.hpp"

namespace fieldsim::system {

template <class T>
config::Schema<LogNormal<T>> lognormal_schema() {
  constexpr double kWidest = 10;
  config::Schema<LogNormal<T>> s("lognormal", "Its logarithm is normal: a heavy tail");
  s.field("median", &LogNormal<T>::median, "half of the draws are below it")
      .required()
      .at_least(T{})
      .field("sigma", &LogNormal<T>::sigma, "standard deviation of the logarithm")
      .required()
      .range(0.0, kWidest);
  return s;
}

template <class T>
config::Schema<Drawn<T>> distribution_schema(const std::string& name, const std::string& doc) {
  using P = Drawn<T>;
  config::Schema<P> s(name, doc);
  s.field("constant", &P::constant, "always the same")
      .at_least(T{})
      .field("exponential", &P::exponential, "memoryless, with this mean")
      .at_least(T{})
      .field("uniform", &P::uniform, "between two values")
      .at_least(T{})
      .items(2, 2)
      .section("lognormal", &P::lognormal, lognormal_schema<T>(), "a heavy tail")
      .field("geometric", &P::geometric, "1, 2, ... with this mean")
      .at_least(T{})
      .exactly_one_of({"constant", "exponential", "uniform", "lognormal", "geometric"})
      .shorthand("constant")
      .check([](const P& p, config::Report& report) {
        if (p.uniform && p.uniform->front() > p.uniform->back())
          report.problem("uniform", "the first value is above the second; give [low, high]");
      });
  return s;
}

}  // namespace fieldsim::system
