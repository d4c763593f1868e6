// The stored predictions: a change of the model is seen here. Regenerate with
// `fidelity_accuracy self > validation/gates/self.csv` and say in the commit why it moved.
#include <catch2/catch.hpp>

#include <sstream>

#include "sim/system/calibrate/csv.hpp"
#include "validation/gates/self.hpp"

TEST_CASE("predictions are those stored in validation/gates/self.csv") {
  std::istringstream now(fieldsim::gates::self_table());
  std::istringstream stored(fieldsim::calibrate::read_file(std::string(FIELDSIM_SOURCE_DIR) +
                                                           "/validation/gates/self.csv"));
  std::string a, b;
  int lines = 0, changed = 0;
  while (std::getline(now, a)) {
    ++lines;
    REQUIRE(std::getline(stored, b));
    const auto cut = [](const std::string& s) { return s.rfind(','); };
    REQUIRE(a.substr(0, cut(a)) == b.substr(0, cut(b)));
    if (lines == 1) continue;
    const double x = std::stod(a.substr(cut(a) + 1)), y = std::stod(b.substr(cut(b) + 1));
    // Six digits are stored; the C library's last bit may differ between machines.
    if (std::abs(x / y - 1) > 1e-4) {
      ++changed;
      UNSCOPED_INFO(a.substr(0, cut(a)) << ": " << y << " -> " << x << " us");
    }
  }
  CHECK_FALSE(std::getline(stored, b));
  CHECK(lines > 300);
  CHECK(changed == 0);
}
