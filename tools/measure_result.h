#pragma once
// What follows from the answers of all circuits on all inputs: printed, and as members of the
// report. Used by measure when all chunks are answered, and by merge when all parts are there.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "circuits/components/circuit.h"
#include "circuits/measures/ablation_matrix.h"
#include "circuits/measures/evaluation.h"
#include "interp/files/fields.h"
#include "tools/measure_request.h"

namespace assay::tools {

/// A measurement whose inputs are all answered, and where its results go.
struct Conclusion {
  const MeasureRequest& request;
  const ExperimentSubject& subject;
  const circuits::Circuit& circuit;
  const Console& console;
  nlohmann::ordered_json& report;
};

/// The measures, and the curve, tests, … that were asked for.
void conclude_one_ablation(const Conclusion& conclusion, const circuits::Evaluation& evaluation);
void conclude_all_ablations(const Conclusion& conclusion, const circuits::AblationMatrix& matrix);

/// A circuit beside the one that an interpretation implies.
struct ImpliedCircuit {
  std::string path;
  std::map<std::string, std::string> components;
  std::vector<std::string> not_mentioned, not_in_circuit;
};
/// What the interpretation does not mention but the circuit needs, and the other way round.
/// @throws std::invalid_argument if it was derived from another model.
void compare_with_interpretation(const Conclusion& conclusion);

template <class V>
void fields(V& v, ImpliedCircuit& implied) {
  v("path", implied.path, "of the interpretation");
  interp::by_name(v, "components", implied.components, "by node, where it lives",
                  nlohmann::ordered_json::object());
  v("not_mentioned", implied.not_mentioned, "edges of the circuit that it does not imply");
  v("not_in_circuit", implied.not_in_circuit, "edges that it implies and the circuit lacks");
}

}  // namespace assay::tools
