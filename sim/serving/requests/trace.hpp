#pragma once
// A trace of requests as text: a CSV with the columns TIMESTAMP, ContextTokens and GeneratedTokens,
// as the Azure LLM inference traces have them (Patel et al., "Splitwise", ISCA'24;
// Azure/AzurePublicDataset). Other columns are passed over. A timestamp is a date and time of up to
// picoseconds ("2023-11-16 18:15:46.6805900", an offset of +00:00 or Z may follow) or seconds
// ("12.5"); the first request arrives at zero.
#include <string>
#include <vector>

#include "sim/serving/requests/params.hpp"

namespace fieldsim::serving {

// Throws ConfigError with every problem: file:line:column, what was expected, the nearest column.
// Requests must be in the order of their arrival, and there must be one.
std::vector<Request> parse_trace(const std::string& text, const std::string& file);

}  // namespace fieldsim::serving
