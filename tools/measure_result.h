#pragma once
// What follows from the answers of all circuits on all inputs: printed, and kept in the record.
// Used by measure when all chunks are answered, and by merge when all parts are there.

#include "circuits/components/circuit.h"
#include "circuits/measures/ablation_matrix.h"
#include "circuits/measures/evaluation.h"
#include "tools/measure_fields.h"

namespace assay::tools {

/// A measurement whose inputs are all answered, and where its results go.
struct Conclusion {
  const MeasureRequest& request;
  const ExperimentSubject& subject;
  const circuits::Circuit& circuit;
  const Console& console;
  MeasurementRecord& record;
};

/// The measures, and the curve, tests, … that were asked for.
void conclude_one_ablation(const Conclusion& conclusion, const circuits::Evaluation& evaluation);
void conclude_all_ablations(const Conclusion& conclusion, const circuits::AblationMatrix& matrix);

/// What the interpretation does not mention but the circuit needs, and the other way round.
/// @throws std::invalid_argument if it was derived from another model.
void compare_with_interpretation(const Conclusion& conclusion);

}  // namespace assay::tools
