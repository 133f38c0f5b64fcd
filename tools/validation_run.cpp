#include "tools/validation_run.h"

#include <fmt/chrono.h>

#include <chrono>
#include <ctime>

#include "axioms/vacuity.h"
#include "interp/network/network.h"
#include "tools/interrupt.h"
#include "tools/progress.h"

namespace assay::tools {
namespace {

/// Runs `work` and takes its time.
template <typename Work>
axioms::Times timed(const Work& work) {
  axioms::Times times{.started =
                          fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))};
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  times.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  times.cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  return times;
}

}  // namespace

Portion Portion::whole(const Validation& validation) {
  const interp::Range all{0, validation.inputs.count};
  return {.chunk = validation.network.inputs_per_run(), .own = all, .left = {all}};
}

axioms::CheckResult check(const Validation& validation, const axioms::Inputs& tokens,
                          std::optional<interp::Ranges> ranges,
                          const std::function<bool(const axioms::CheckResult&)>& enough) {
  Progress line(validation.quiet);
  return axioms::check(
      validation.experiment(), tokens,
      {.inputs = validation.inputs.count,
       .ranges = std::move(ranges),
       .witnesses = validation.witnesses,
       .not_replaced = validation.not_replaced,
       .on_progress = [&](int64_t done, int64_t of) { line.count(done, of, "inputs"); },
       .enough = enough,
       .stop = &watch_interrupts(),
       .features = validation.task.get<axioms::InputFeatures>(),
       .division = {.drawn = validation.inputs.scope == axioms::Scope::Distribution},
       .interchange = validation.interchange});
}

axioms::Report report_of(const Validation& validation, const axioms::CheckResult& result,
                         const Portion& portion, const axioms::Times& times) {
  axioms::Report report = axioms::make_report(validation.interpretation, result, validation.claims,
                                              validation.confidence, validation.network,
                                              validation.task.readout(), validation.inputs.scope);
  if (validation.sequential) report.sequential = {.limit = validation.inputs.count};
  report.part = {.shard = portion.shard,
                 .inputs = validation.inputs.count,
                 .chunk = portion.chunk,
                 .counted = result.counted,
                 .witnesses = validation.witnesses,
                 .output = validation.program.steps[validation.program.output].name,
                 .readings = result.readings,
                 .by_features = result.by_features};
  if (const auto* features = validation.task.get<axioms::InputFeatures>())
    report.part->features = features->all;
  report.task = validation.task.to_json();  // with what --data has said of it
  report.inputs_text = validation.inputs.words;
  report.proofs = validation.proofs;
  report.facts = validation.facts;
  report.facts.times = times;
  conclude(report);
  return report;
}

axioms::Report run(const Validation& validation, const Portion& portion,
                   axioms::CheckResult& result) {
  axioms::Looks looks(validation.claims, validation.confidence,
                      portion.begun ? &portion.begun->report : nullptr, validation.proofs);
  const bool looking = validation.sequential && portion.shard.is_whole();
  axioms::Vacuity vacuity;
  const auto reported = [&](const axioms::CheckResult& counted, const axioms::Times& times) {
    axioms::Report report = report_of(validation, counted, portion, times);
    axioms::add_vacuity(report, vacuity);
    if (portion.begun) axioms::add_counts(report, portion.begun->report);
    if (looking) looks.note(report);
    axioms::complete(report);
    return report;
  };
  const auto enough = [&](const axioms::CheckResult& so_far) {
    if (looking && looks.look(so_far)) return true;
    if (validation.keep) {
      validation.keep([&] {
        axioms::CheckResult partial = so_far;
        partial.complete = false;
        return reported(partial, {});
      });
    }
    return false;
  };
  const axioms::Times times = timed([&] {
    if (portion.shard.index == 1)
      vacuity = axioms::vacuity(validation.experiment(), validation.inputs.tokens,
                                validation.inputs.count,
                                validation.inputs.scope == axioms::Scope::Domain);
    result = check(validation, validation.inputs.tokens, portion.left, enough);
  });
  return reported(result, times);
}

}  // namespace assay::tools
