#pragma once
// What every run of requests must satisfy: its books, the audit of its record, and what is shown of
// it while it lasts.
#include "tests/property/agents/campaign.hpp"

namespace fieldsim::test {

const Family& requests();

}  // namespace fieldsim::test
