#pragma once
// Predicted against measured: `fieldsim validate --report`.
#include <string>
#include <vector>

#include "sim/config/provenance.hpp"
#include "sim/report/html/page.hpp"
#include "sim/system/calibrate/validate.hpp"

namespace fieldsim::report::html {

// `rows` are those that passed the physics filter.
Page validation_page(const std::string& hardware, const calibrate::Validation& v,
                     const std::vector<calibrate::Row>& rows, const config::Provenance& provenance);

}  // namespace fieldsim::report::html
