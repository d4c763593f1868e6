#pragma once
// Journal to CSV and JSON lines.
#include "sim/report/study/run.hpp"

namespace fieldsim::report {

// Refuses what could not be written in the end: a folder that is missing, a file without a journal
// beside it that says it is ours.
void require_outputs(const StudyOptions& options, bool ours);

// "" when no file is written.
std::string journal_path(const StudyOptions& options);

// Two passes: the first finds the best rows. Files appear whole or not at all.
void write_rows(const Journal& journal, View& view, const StudyOptions& options, StudyRun& run);

// The same once all is computed: whatever is wrong now, the message says where the results are.
void write_computed(const Journal& journal, const system::Points& points, View& view,
                    const StudyOptions& options, StudyRun& run);

JournalHeader header_of(const system::Points& points, const Shard& shard);

// Takes up the journal when it is of this study; with --force, anything else may be there.
bool take_up(Journal& journal, const JournalHeader& header, const StudyOptions& options);

}  // namespace fieldsim::report
