#include "sim/system/enclave.hpp"

#include <algorithm>

#include "sim/hardware/pcie/rate.hpp"
#include "sim/system/tile_program.hpp"

namespace fieldsim::system {

hardware::HardwareParams effective_hardware(const Scenario& s) {
  hardware::HardwareParams h = machine_params(s);
  if (s.verification.timing != verify::Timing::attested_tee) return h;
  using hardware::pcie::Direction;
  const verify::TeeParams& tee = s.verification.tee;
  h.link.to_host = std::min(tee.copy_rate, payload_rate(s.hardware.link, Direction::to_host));
  h.link.to_device = std::min(tee.copy_rate, payload_rate(s.hardware.link, Direction::to_device));
  h.link.submit = scaled(h.link.submit, tee.small_copy_factor);
  return h;
}

}  // namespace fieldsim::system
