// Parts about the circuits of a network, which is loaded again.

#include <stdexcept>

#include "circuits/components/ablation.h"
#include "interp/files/json_difference.h"
#include "tasks/registry.h"
#include "tools/discovery_fields.h"
#include "tools/measure_fields.h"
#include "tools/measurement.h"
#include "tools/merges.h"
#include "tools/task_options.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kEdgesShown = 12;

/// The network that a discovery was about, if it is still there and the same.
interp::LoadedModel model_of(const axioms::Source& source) {
  interp::LoadedModel model = interp::load_model(source.path);
  if (model.sha256 != source.sha256)
    throw std::invalid_argument(
        fmt::format("{}: not the network that the parts are about: its hash differs", source.path));
  return model;
}

std::vector<circuits::ChunkSums> chunk_sums_of(const NamedRecord& record,
                                               const circuits::ComponentGraph& graph) {
  std::vector<circuits::ChunkSums> sums;
  for (const ordered_json& chunk : record.record.at("chunks"))
    sums.push_back(about(fmt::format("{}: chunks[{}]", record.name, sums.size()),
                         [&] { return chunk_sums_from_json(chunk, graph); }));
  return sums;
}

/// The circuit's file is going to say how its edges were scored: in a way that there is, and by
/// which chunks of inputs can be scored alone.
void require_shared_out(const DiscoveryFacts& facts, const ordered_json& whole,
                        const std::string& where) {
  about(where, [&] {
    options_of(facts, whole);
    if (!circuits::discoverers().at(facts.method).effects)
      throw std::invalid_argument(fmt::format(
          "field 'method': {} decides on all inputs at once, and has no parts", facts.method));
  });
}

/// What a file states of sizes is believed only where it holds as many answers.
void require_answers(const MeasureRequest& request, const ordered_json& chunks,
                     const std::string& where) {
  const int64_t inputs = request.experiment.data.empty() ? request.experiment.inputs : 0;
  if (interp::Chunks(inputs, interp::kInputsPerComponentRun).count() > std::ssize(chunks))
    throw std::invalid_argument(fmt::format(
        "{}: field 'request.inputs': {} are more than {} chunks", where, inputs, chunks.size()));
}

/// What the files that are named in the parts hold now must be what they held then.
void require_unchanged(const ordered_json& whole, const Measurement& measurement,
                       const std::string& where) {
  const ordered_json then = interp::write_record(interp::read_record<MeasuredFiles>(whole, where));
  if (const auto difference = interp::first_difference(then, measurement.facts()))
    throw std::invalid_argument(
        fmt::format("{}: not what the files named in it hold now: {}", where, *difference));
}

std::vector<circuits::ChunkAnswers> answers_of(const ordered_json& chunks,
                                               const Measurement& measurement,
                                               const std::string& where) {
  if (chunks.size() != measurement.chunks().size())
    throw std::invalid_argument(fmt::format("{}: expected {} chunks in all parts, found {}", where,
                                            measurement.chunks().size(), chunks.size()));
  std::vector<circuits::ChunkAnswers> answers;
  for (size_t i = 0; i < chunks.size(); ++i)
    answers.push_back(about(fmt::format("{}: chunk {} of the whole", where, i), [&] {
      return measured_chunk_from_json(chunks[i], measurement, static_cast<int64_t>(i));
    }));
  return answers;
}

}  // namespace

Merged merge_discoveries(const Merging& merging) {
  if (merging.out.empty()) throw std::invalid_argument("--out: where is the circuit to go?");
  double seconds = 0;
  for (const auto& [name, record] : merging.parts)
    seconds += interp::read_record<DiscoveryPart>(record, name).seconds;
  const std::string& where = merging.parts.front().name;
  ordered_json whole = joined_parts(merging.parts, "chunks", {"command", "seconds"});
  const auto part = interp::read_record<DiscoveryPart>(whole, where);
  require_shared_out(part.facts, whole, where);
  const ExperimentFacts& experiment = part.facts.experiment;
  const InputFacts& inputs = experiment.inputs;
  const interp::LoadedModel model = model_of(experiment.model);
  const auto task = about(where, [&] { return tasks::task_from_json(experiment.task); });
  const circuits::ComponentGraph graph(model.model->places(),
                                       part.positions ? task->readout() + 1 : 0);
  about(where, [&] { require_fits(part.selection, graph); });
  for (const NamedRecord& each : merging.parts) chunk_sums_of(each, graph);
  const auto chunks = chunk_sums_of({where, whole}, graph);
  if (interp::Chunks(inputs.count, interp::kInputsPerComponentRun).count() != std::ssize(chunks))
    throw std::invalid_argument(
        fmt::format("{}: {} chunks of {} inputs", where, chunks.size(), inputs.count));
  Discovery discovery{
      .model = *model.model,
      .graph = graph,
      .scores = circuits::scores_of(chunks, inputs.count, inputs.independent && inputs.count > 1,
                                    part.facts.ablation),
      .seconds = seconds,
      .facts = std::move(whole)};
  // What the parts had loaded stays named: their scores may rest on it.
  for (const char* member :
       {"kind", "schema", "command", "version", "positions", "selection", "seconds", "chunks"})
    discovery.facts.erase(member);
  const Console& console = merging.session.console;
  console.fact("task", describe(*task));
  return {.record = conclude(discovery, part.selection, merging.out, kEdgesShown, console)};
}

Merged merge_measurements(const Merging& merging) {
  const std::string& where = merging.parts.front().name;
  const ordered_json whole = joined_parts(merging.parts, "chunks", {"command"});
  const interp::Shape asked =
      interp::json_shapes::object({{"request", interp::json_shapes::anything()}});
  interp::require_shape(whole, asked, where);
  MeasureRequest request = measure_request_from_json(whole["request"], where + ": field 'request'");
  require_answers(request, whole["chunks"], where);
  const Measurement measurement(std::move(request));
  require_unchanged(whole, measurement, where);
  auto answers = answers_of(whole["chunks"], measurement, where);
  ordered_json head = report_head("measurement");
  if (whole.contains("loaded")) head["loaded"] = whole["loaded"];  // their answers may rest on it
  ordered_json record = measurement.conclude(std::move(answers), std::move(head), merging.quiet,
                                             merging.session.console);
  merging.session.console.line();
  measurement.print_subject(merging.session);
  return {.record = std::move(record)};
}

}  // namespace assay::tools
