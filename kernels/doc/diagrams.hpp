#pragma once
#include <string>

namespace fieldsim::kernels::doc {

std::string steps_svg();          // one row tile's steps over warps, cache and anchors
std::string shared_memory_svg();  // bytes of a CTA, to scale
std::string pipeline_svg();       // one warp's copies and arithmetic over time
std::string combine_svg();        // items, slots, last arriver

}  // namespace fieldsim::kernels::doc
