#pragma once
// The requests of a run in the order of their arrival: those of a trace, or drawn. A drawn request
// is a pure function of (seed, its number), so that every policy meets the same stream.
#include <cstdint>
#include <vector>

#include "sim/serving/requests/params.hpp"

namespace fieldsim::serving {

// `traced` is the trace that the parameters name, empty without one. Requests that would arrive at
// or after `duration` are left out.
std::vector<Request> request_stream(const RequestsParams& params, std::vector<Request> traced,
                                    std::uint64_t seed);

}  // namespace fieldsim::serving
