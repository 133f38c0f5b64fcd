#pragma once
// A validation at work: `assay validate` makes one of files, a host of another language of what it
// holds in memory (tools/python).

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "axioms/checker.h"
#include "axioms/interchange.h"
#include "axioms/looks.h"
#include "axioms/merge.h"
#include "axioms/report.h"
#include "circuits/interpretation/interpretation.h"
#include "interp/execution/shards.h"
#include "tasks/task.h"
#include "tools/validation_inputs.h"

namespace assay::tools {

/// What is tested, on what, and how it is reported. All that it refers to must outlive it.
struct Validation {
  const interp::Network& network;
  const circuits::Interpretation& interpretation;
  const circuits::Program& program;  ///< of the interpretation
  const tasks::Task& task;
  ValidationInputs inputs;
  std::vector<axioms::Claim> claims = {};
  double confidence = 0.95;
  int64_t witnesses = 1;
  bool sequential = false;      ///< ends when all claims are decided
  bool quiet = false;           ///< shows no progress
  axioms::RunFacts facts = {};  ///< of the report, but for its times
  std::optional<axioms::Proofs> proofs = {};
  std::vector<std::string> not_replaced = {};        ///< as CheckConfig's
  const axioms::Interchange* interchange = nullptr;  ///< when set: exchange values between inputs
  /// When set: called after every chunk with the report so far, which it may keep.
  std::function<void(const std::function<axioms::Report()>& so_far)> keep = {};

  axioms::Experiment experiment() const { return {network, program, task.decision()}; }
};

/// Which of the inputs are checked.
struct Portion {
  interp::Shard shard = {};
  int64_t chunk = 1;
  interp::Range own = {};                         ///< the shard's
  std::optional<axioms::NamedReport> begun = {};  ///< what goes on here
  interp::Ranges left = {};                       ///< of its own inputs, those not counted yet

  /// All inputs of a validation.
  static Portion whole(const Validation& validation);
};

/// Counts on these tokens, as many as the validation has inputs. @param ranges, enough  as
/// CheckConfig's.
axioms::CheckResult check(const Validation& validation, const axioms::Inputs& tokens,
                          std::optional<interp::Ranges> ranges = std::nullopt,
                          const std::function<bool(const axioms::CheckResult&)>& enough = {});

/// The report of what was counted: everything about it but what is found of vacuity.
axioms::Report report_of(const Validation& validation, const axioms::CheckResult& result,
                         const Portion& portion, const axioms::Times& times);

/// Asks what vacuity asks, which looks at the first inputs of the whole run, in the first part, and
/// counts. A shard knows nothing of the others, so it counts all of its inputs, and merging
/// decides. Stops where the user interrupts it (interrupt.h), with a partial report.
/// @param result  what was counted here, without what was begun.
axioms::Report run(const Validation& validation, const Portion& portion,
                   axioms::CheckResult& result);

}  // namespace assay::tools
