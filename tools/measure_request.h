#pragma once
// What is asked of a circuit: the options of `assay measure`, as parts of a run record them.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "circuits/measures/certified_stability.h"
#include "circuits/measures/hypothesis_tests.h"
#include "tools/circuit_options.h"

namespace assay::tools {

inline constexpr const char* kAllAblations = "all";

/// The options of a measurement. Parts of one run agree in them.
struct MeasureRequest {
  ExperimentOptions experiment;  ///< its ablation may be kAllAblations
  std::filesystem::path circuit, interpretation;
  std::string method = "eap-ig", correction = "benjamini-hochberg";
  int64_t draws = 199;
  double alpha = 0.05, margin = circuits::TestConfig().margin;
  bool curve = false, completeness = false, tests = false, stability = false;
  bool certified_stability = false;
  double deleted = circuits::CertificationConfig().deleted;
  uint64_t seed = 1;

  bool of_all_ablations() const { return experiment.ablation == kAllAblations; }
  circuits::TestConfig test_config() const;
};
nlohmann::ordered_json to_json(const MeasureRequest& request);
/// @throws std::runtime_error "WHERE: field …".
MeasureRequest measure_request_from_json(const nlohmann::ordered_json& json,
                                         const std::string& where);

/// The request, if its options mean something together: what would be refused at the end is refused
/// at once. @throws std::invalid_argument for others.
MeasureRequest meaningful(MeasureRequest request);

}  // namespace assay::tools
