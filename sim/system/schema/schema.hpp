#pragma once
// The keys of the files: how YAML binds to the structs of the models.
#include "sim/config/schema.hpp"
#include "sim/hardware/params.hpp"
#include "sim/model/shape.hpp"
#include "sim/system/scenario.hpp"

namespace fieldsim::system {

config::Schema<hardware::HostParams> host_schema();
config::Schema<hardware::TileNumbers> tile_schema();
config::Schema<hardware::HardwareParams> hardware_schema();
config::Schema<ModelFile> model_file_schema();
// The keys of Hugging Face's config.json that matter here; others are passed over.
config::Schema<model::ModelShape> model_shape_schema();
config::Schema<verify::Scheme> scheme_schema();
config::Schema<verify::MitigationParams> mitigation_schema();
config::Schema<Published> published_schema();
config::Schema<verify::VerificationParams> verification_schema();
config::Schema<recovery::Faults> faults_schema();
config::Schema<recovery::RecoveryParams> recovery_schema();
config::Schema<serving::IndexParams> index_schema(const char* doc, const char* vectors);
config::Schema<serving::AnchorParams> anchors_schema();
void check_anchors(const Scenario& scenario, config::Report& report);
config::Schema<Scenario> scenario_schema();

}  // namespace fieldsim::system
