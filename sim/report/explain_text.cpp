// An explanation for people.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/report/explain.hpp"
#include "sim/report/names.hpp"
#include "sim/report/summary.hpp"

namespace fieldsim::report {

namespace ex = system::explain;
using hardware::TaskLog;

namespace {

constexpr double kShown = 5e-4;  // smaller shares and elasticities are named, not tabled

std::string quoted_set(const std::string& assignment) { return "--set '" + assignment + "'"; }

std::string quoted_sets(const std::vector<std::string>& all) {
  std::string s;
  for (const std::string& a : all) s += (s.empty() ? "" : " ") + quoted_set(a);
  return s;
}

const char* moment(TaskLog::Mark m) {
  switch (m) {
    case TaskLog::Mark::decode_began:
      return "the end of the prefill";
    case TaskLog::Mark::first_token:
      return "the first token";
    case TaskLog::Mark::decode_ended:
      return "the last kept token";
    case TaskLog::Mark::drained:
      return "the last verdict";
  }
  return "";
}

double share(Duration part, Duration whole) {
  return whole.count() == 0 ? 0.0 : seconds(part) / seconds(whole);
}

void critical_path(std::string& out, const ex::Explanation& e) {
  if (!e.path) {
    out +=
        "no critical path: the analytic fidelity computes closed forms and executes no tasks; "
        "--fidelity event has one\n\n";
    return;
  }
  const Duration prefill = e.path->prefill.total(), decode = e.path->decode.total();
  out += fmt::format("critical path to {}: {}, {} of {} tasks\n", moment(e.metric.until),
                     duration_text(seconds(e.path->length)), grouped(e.tasks_on_path),
                     grouped(e.tasks));
  out += fmt::format("  {:<11}{:<27}{:>22}{:>22}\n", "for", "limited by", "prefill", "decode");
  const auto cell = [](Duration part, Duration whole) {
    if (part == Duration::zero()) return std::string("-");
    return fmt::format("{} {:6.2f} %", duration_text(seconds(part)), 100 * share(part, whole));
  };
  Duration small_prefill, small_decode;
  for (std::size_t c = 0; c < hardware::kCategories; ++c)
    for (std::size_t l = 0; l < hardware::kLimiters; ++l) {
      const Duration p = e.path->prefill.at(c, l), d = e.path->decode.at(c, l);
      if (share(p, prefill) < kShown && share(d, decode) < kShown) {
        small_prefill += p;
        small_decode += d;
        continue;
      }
      out += fmt::format("  {:<11}{:<27}{:>22}{:>22}\n", hardware::kCategoryNames[c],
                         hardware::kLimiterNames[l], cell(p, prefill), cell(d, decode));
    }
  if (small_prefill + small_decode > Duration::zero())
    out += fmt::format("  {:<38}{:>22}{:>22}\n", "parts below 0.05 %", cell(small_prefill, prefill),
                       cell(small_decode, decode));
  out +=
      fmt::format("  {:<38}{:>22}{:>22}\n\n", "all", cell(prefill, prefill), cell(decode, decode));
}

void classes(std::string& out, const ex::Explanation& e) {
  if (e.classes.empty()) return;
  out += fmt::format("  {:<26}{:>9}{:>9}{:>12}{:>12}{:>12}{:>9}\n", "tasks", "ran", "on path",
                     "time on it", "least slack", "mean slack", "unused");
  const auto text = [](const std::optional<Duration>& d) {
    return d ? duration_text(seconds(*d)) : std::string("-");
  };
  for (const ex::TaskClass& c : e.classes)
    out += fmt::format("  {:<26}{:>9}{:>9}{:>12}{:>12}{:>12}{:>9}\n",
                       c.what + (c.decode ? "" : " (before decode)"), grouped(c.count),
                       grouped(c.on_path), duration_text(seconds(c.time_on_path)),
                       text(c.least_slack), text(c.mean_slack), grouped(c.leading_nowhere));
  out +=
      "  A prefill chunk or decode step is one task, its kernels in stream order taken apart "
      "above. "
      "Slack: how much later the\n  other tasks could have ended; unused: thrown away, or for "
      "later "
      "than what is explained.\n\n";
}

void ceilings(std::string& out, const char* phase, Duration time,
              const std::vector<ex::Ceiling>& all) {
  if (all.empty()) return;
  out += fmt::format("  {:<28}{:>12}{:>10}   with all else free, {} at most\n",
                     fmt::format("{}, {}", phase, duration_text(seconds(time))), "at work", "share",
                     phase);
  for (const ex::Ceiling& c : all) {
    if (c.share < kShown) continue;
    out += fmt::format("  {:<28}{:>12}{:>8.2f} %   {:.4g} x as fast\n", c.resource,
                       duration_text(seconds(c.busy)), 100 * c.share, 1.0 / c.share);
  }
  out += '\n';
}

void agents(std::string& out, const ex::Agents& a) {
  out +=
      fmt::format("where the agents' time goes, {} simulated\n", duration_text(seconds(a.elapsed)));
  out += fmt::format("  {:<28}{:>14}{:>10}\n", "", "of all agents", "share");
  for (const ex::AgentsTime& t : a.times) {
    std::string name = t.activity;
    std::ranges::replace(name, '_', ' ');
    out += fmt::format("  {:<28}{:>14}{:>8.2f} %\n", name, duration_text(t.time_s), 100 * t.share);
  }
  out +=
      "  admission: for a place in the batch and KV memory; verdict: a full window, stop and wait, "
      "or an output held back;\n  others verdict: for the writer of what is to be read. Agents "
      "overlap, so there is no critical path of the run.\n\n";
  out += "bound of each resource\n";
  ceilings(out, "run", a.elapsed, a.ceilings);
  for (const ex::Room& r : a.rooms) {
    const std::string peak = r.bytes ? bytes_text(r.peak) : fmt::format("{:.0f}", r.peak);
    const std::string all = r.bytes ? bytes_text(r.capacity) : fmt::format("{:.0f}", r.capacity);
    out += fmt::format("  {:<28}{:>12}{:>8.2f} %   at most in use, of {}\n", r.name, peak,
                       r.capacity > 0 ? 100 * r.peak / r.capacity : 0.0, all);
  }
  out += '\n';
}

std::string gains(const std::optional<ex::Side>& s) {
  if (!s) return "-";
  if (!s->problem.empty()) return "cannot";
  std::string run = fmt::format("{:+.2f} %{}", 100 * s->gain, s->fits ? "" : " (no room)");
  if (!s->predicted_gain) return run;
  return fmt::format("{:+.2f} / {}{}", 100 * *s->predicted_gain, run, s->kink ? "*" : "");
}

void elasticities(std::string& out, const ex::Explanation& e) {
  out += fmt::format("elasticity of {}, d ln / d ln of the parameter\n", e.metric.path);
  out += fmt::format("  {:<21}{:>12}{:>9}{:>9}{:>20}{:>20}  {}\n", "", "now", "by path", "by runs",
                     "10 % more", "10 % less", "the run with more");
  std::vector<std::string> idle;
  bool kink = false, step = false, full = false;
  for (const ex::Elasticity& one : e.elasticities) {
    const double by_runs = one.measured.value_or(0), by_path = one.predicted.value_or(0);
    if (std::fabs(by_runs) < kShown && std::fabs(by_path) < kShown) {
      idle.push_back(one.parameter.label);
      continue;
    }
    for (const auto& s : {one.up, one.down}) {
      kink = kink || (s && s->kink);
      full = full || (s && !s->fits);
      step = step || (s && std::fabs(std::fabs(s->factor - 1) - ex::kStep) > 1e-3);
    }
    const auto& shown = one.up ? one.up : one.down;
    const bool whole = one.parameter.knob.is_count();
    out += fmt::format("  {:<21}{:>12}{:>9}{:>9}{:>20}{:>20}  {}\n",
                       one.parameter.label + (whole ? " #" : ""), one.parameter.knob.text(),
                       one.predicted ? fmt::format("{:+.3f}", by_path) : "-",
                       one.measured ? fmt::format("{:+.3f}", by_runs) : "-", gains(one.up),
                       gains(one.down), shown ? quoted_set(shown->assignment) : "");
  }
  if (!idle.empty()) out += listed("no effect:", idle);
  out += e.path ? "  10 % more, 10 % less: speed gained, as the path predicts / in the run"
                : "  10 % more, 10 % less: speed gained in the run";
  if (step) out += "; # counts move by one at least";
  if (full) out += "; no room: more than device memory holds";
  out += '\n';
  if (e.agents)
    out +=
        "  Agents meet at other moments in every run: gains of some tenths of a percent are "
        "within that noise\n";
  if (kink)
    out +=
        "  * the two part by over 0.02 %: the path moves to another resource, or others change "
        "pace "
        "with this one\n";
  out += '\n';
}

void faster(std::string& out, const ex::Explanation& e) {
  out += fmt::format("what would make it {:g}x faster\n", e.goal.speedup);
  std::vector<ex::Alone> all = e.alone;
  std::stable_sort(all.begin(), all.end(), [](const ex::Alone& a, const ex::Alone& b) {
    if (a.reached != b.reached) return a.reached;
    return a.reached ? a.factor < b.factor : a.speedup > b.speedup;
  });
  std::vector<std::string> idle, stuck;
  for (const ex::Alone& a : all) {
    constexpr double kAny = 1.005;
    if (a.reached)
      out += fmt::format("  {:<22}{:>7.3g} x better  {}\n", a.label, a.factor,
                         quoted_set(a.assignment));
    else if (a.speedup >= kAny)
      out += fmt::format("  {:<22}not by this alone: {:.3g} x better gives {:.3g}x\n", a.label,
                         a.factor, a.speedup);
    else
      (a.assignment.empty() ? stuck : idle).push_back(a.label);
  }
  if (!stuck.empty()) out += listed("no more can be had (ranges, device memory):", stuck);
  if (!idle.empty()) out += listed("nothing gained, however much better:", idle);
  constexpr std::size_t kPairs = 3;
  for (std::size_t i = 0; i < std::min(kPairs, e.together.size()); ++i) {
    const ex::Together& t = e.together[i];
    out += fmt::format("  {:<22}{:>7.3g} x better and {} {:.3g} x  {}\n", t.first, t.first_factor,
                       t.second, t.second_factor, quoted_sets(t.assignments));
  }
  if (e.together.empty())
    out += std::ranges::any_of(e.alone, &ex::Alone::reached)
               ? "  no pair does it with less than one of the two alone\n"
               : "  no pair of these does it either\n";
  out +=
      "  Of pairs, both by the same factor but for whole counts; nothing is said of what a factor "
      "costs.\n\n";
}

void policies(std::string& out, const ex::Explanation& e) {
  if (e.alternatives.empty()) return;
  out += "other policies, everything else as it is\n";
  std::vector<std::string> same;
  for (const ex::Alternative& a : e.alternatives) {
    if (!a.problem.empty()) {
      out += fmt::format("  {:<44}cannot be had: {}\n", a.label, a.problem);
      continue;
    }
    if (std::fabs(a.speedup - 1) < kShown) {
      same.push_back(a.label);
      continue;
    }
    std::string notes = a.weaker ? "  (checks less or later)" : "";
    if (!a.fits) notes += "  (does not fit in memory)";
    out += fmt::format("  {:<44}{:>7.3g}x  {}{}\n", a.label, a.speedup, quoted_sets(a.assignments),
                       notes);
  }
  if (!same.empty()) out += listed("no difference:", same);
}

}  // namespace

std::string explanation_text(const system::LoadedScenario& loaded, const ex::Explanation& e) {
  const system::Scenario& s = loaded.scenario;
  std::string out = fmt::format(
      "{}\n{} on {} - verification {} - {} fidelity - {} = {:.4g}, {} is better\n\n", s.name,
      s.model.name, s.hardware.name, name_of(s.verification.timing), name_of(s.fidelity),
      e.metric.path, e.value, e.metric.higher_is_better ? "higher" : "lower");
  if (e.agents) {
    agents(out, *e.agents);
  } else {
    critical_path(out, e);
    classes(out, e);
    out += "bound of each resource\n";
    ceilings(out, "prefill", e.prefill, e.prefill_ceilings);
    ceilings(out, "decode", e.decode, e.decode_ceilings);
  }
  elasticities(out, e);
  faster(out, e);
  policies(out, e);
  return out;
}

}  // namespace fieldsim::report
