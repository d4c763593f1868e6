#pragma once
// A study's rows as the table of a report.
#include "sim/report/html/sweep_report.hpp"
#include "sim/report/study/run.hpp"

namespace fieldsim::report {

// REQUIRES: `run` comes from StudyOptions::report.
html::SweepTable sweep_table(const StudyRun& run, const system::Study& study);

}  // namespace fieldsim::report
