#pragma once
// Validation under transformations that preserve meaning: the same inputs in another guise, with
// the same answers. A network and a claim about it that depend on the guise are seen here.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "axioms/checker.h"
#include "axioms/report_fields.h"
#include "tasks/subject.h"
#include "tools/terminal.h"
#include "tools/validation_inputs.h"

namespace assay::tools {

/// @param names  of transformations; `all` stands for every one that the task has.
/// @throws std::invalid_argument for one that it does not have, listing those that it has.
std::vector<tasks::Transformation> transformations_named(const tasks::Task& task,
                                                         const std::vector<std::string>& names);

/// What is found on the inputs in one guise.
struct Guise {
  std::string name;  ///< of the transformation; `as drawn`
  std::string help;
  statistics::Estimate wrong;  ///< answers of the network that are not true
  axioms::CheckResult result;
};

/// The inputs as drawn, whose result is known, then in each guise; ends before one that was
/// interrupted. The seed chooses where a transformation leaves a choice.
std::vector<Guise> check_guises(
    const tasks::Subject& subject, const std::vector<tasks::Transformation>& transformations,
    const ValidationInputs& inputs, uint64_t seed, const axioms::CheckResult& as_drawn,
    const std::function<axioms::CheckResult(const axioms::Inputs& inputs)>& check);

/// Rates that are surely worse than as drawn, each at `confidence`, stand out.
void print_guises(const std::vector<Guise>& guises, double confidence, const Console& console);

nlohmann::ordered_json to_json(const std::vector<Guise>& guises, double confidence);

// --- as records (interp/files/fields.h)

struct GuiseRow {
  std::string node;
  axioms::Axiom axiom = axioms::Axiom::PE;
  statistics::Estimate estimate;
  double confidence = 0.95;  ///< the report's
};

struct GuiseRecord {
  std::string name, help;
  statistics::Estimate wrong;
  std::vector<GuiseRow> rows;
};

template <class V>
void fields(V& v, GuiseRow& row) {
  v("node", row.node, "name of the node");
  v.through("axiom", row.axiom, axioms::axiom_as_json, axioms::axiom_from_json,
            interp::json_shapes::text_among({"PE", "CE", "PR", "CR"}), "PE, CE, PR or CR");
  fields(v, row.estimate);
  v.derived("upper", statistics::upper_bound(row.estimate, row.confidence),
            "one-sided bound of the rate", interp::shares());
}

template <class V>
void fields(V& v, GuiseRecord& guise) {
  v("transformation", guise.name, "its name");
  v("help", guise.help, "what it changes");
  v("n", guise.wrong.n, "inputs", interp::counts());
  v("wrong", guise.wrong.failures, "that the network answers wrongly", interp::counts());
  v.derived("accuracy", 1 - guise.wrong.rate(), "the share of the others", interp::shares());
  v("rows", guise.rows, "one per node and axiom");
}

/// What a report holds, with what follows from it computed anew.
/// @param confidence  of the report's bounds.
nlohmann::ordered_json renewed_guises(const nlohmann::ordered_json& under, double confidence);

}  // namespace assay::tools
