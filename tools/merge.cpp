// `assay merge PART… --json OUT`

#include "axioms/merge.h"
#include "tasks/synthetic_text/synthetic_text.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "interp/files/json_difference.h"
#include "tools/commands.h"
#include "tools/comparison_file.h"
#include "tools/comparison_text.h"
#include "tools/discovery_result.h"
#include "tools/measurement.h"
#include "tools/mutation_text.h"
#include "tools/options.h"
#include "tools/page_option.h"
#include "tools/report_text.h"
#include "tools/startup.h"
#include "tools/study_result.h"
#include "tools/summaries.h"
#include "tools/task_options.h"
#include "tools/validation_record.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int64_t kEdgesShown = 12;

struct MergeOptions {
  CommonOptions common;
  std::vector<fs::path> parts;
  fs::path out;  ///< the circuit that a discovery is about
  PageOption page;
  SummaryOptions summaries;
};

void require_no_part_overwritten(const MergeOptions& options) {
  for (const fs::path& part : options.parts)
    for (const fs::path& written : {options.common.json, options.page.file, options.summaries.junit,
                                    options.summaries.markdown, options.summaries.csv}) {
      std::error_code absent;
      if (!written.empty() && fs::equivalent(part, written, absent))
        throw std::invalid_argument(
            fmt::format("{}: would overwrite a part that is read", written.string()));
    }
}

void write(const MergeOptions& options, const ordered_json& json, const Console& console) {
  write_report(options.common, json);
  console.line();
  console.fact("report", options.common.json.string());
  write_page(options.page, options.common, json, console);
}

int merge_validations(const MergeOptions& options, const Session& session) {
  std::vector<axioms::NamedReport> parts;
  std::unique_ptr<tasks::Task> task;
  for (const fs::path& path : options.parts) {
    ValidationRecord record = read_validation(path);
    task = std::move(record.task);
    parts.push_back({path.string(), std::move(record.report)});
  }
  axioms::Report report = axioms::merge(std::move(parts));
  report.facts.command = command_line();
  print_subject({.model = report.facts.model,
                 .interpretation = report.facts.interpretation,
                 .title = report.title,
                 .inputs = report.inputs_text},
                *task, session.console);
  print_report(report, *task, session.console);
  write(options, axioms::to_json(report), session.console);
  write_summaries(options.summaries, report, *task, session.console);
  return exit_code(report, session.console);
}

std::vector<NamedRecord> records_of(const MergeOptions& options, const std::string& kind) {
  std::vector<NamedRecord> records;
  for (const fs::path& path : options.parts)
    records.push_back({path.string(), read_record(path, kind)});
  return records;
}

/// Claims are made in validations alone.
void refuse_summaries(const MergeOptions& options, const std::string& kind) {
  if (!options.summaries.junit.empty() || !options.summaries.markdown.empty() ||
      !options.summaries.csv.empty())
    throw std::invalid_argument(
        fmt::format("--junit, --markdown and --csv are about validations, not about a {}", kind));
}

int merge_comparisons(const MergeOptions& options, const Session& session) {
  refuse_summaries(options, "comparison");
  MergedComparison merged = merged_comparison(records_of(options, "comparison"));
  merged.report["command"] = command_line();
  session.console.fact("task", describe(*merged.task));
  print_comparison(merged.comparison, merged.summary, session.console);
  write(options, merged.report, session.console);
  require_explained(merged.summary, merged.comparison);
  return kDone;
}

int merge_mutation_tables(const MergeOptions& options, const Session& session) {
  refuse_summaries(options, "mutation-table");
  const std::vector<NamedRecord> parts = records_of(options, "mutation-table");
  if (!options.page.file.empty())
    throw std::invalid_argument(
        "--html: there is no page about records of the kind mutation-table");
  ordered_json whole = joined_parts(parts, "mutations", {"command"});
  const auto results = mutations_from_json(whole["mutations"], parts.front().name);
  const interp::Shape texts = interp::json_shapes::object({{"title", interp::json_shapes::text()}});
  interp::require_shape(whole, texts, parts.front().name);
  whole["command"] = command_line();
  session.console.fact("interpretation", whole["title"].get<std::string>());
  print_mutations(results, session.console);
  write(options, whole, session.console);
  return kDone;
}

/// The network that a discovery was about, if it is still there and the same.
interp::LoadedModel model_of(const ordered_json& record) {
  const std::string path = record.at("model").at("path");
  interp::LoadedModel model = interp::load_model(path);
  if (model.sha256 != record["model"]["sha256"])
    throw std::invalid_argument(
        fmt::format("{}: not the network that the parts are about: its hash differs", path));
  return model;
}

/// What merging a discovery reads of its record, beside its chunks.
interp::Shape discovery_shape() {
  namespace shapes = interp::json_shapes;
  return shapes::object(
      {{"model", shapes::object({{"path", shapes::text()}, {"sha256", shapes::text()}})},
       {"task",
        shapes::object({{"name", shapes::text()}, {"settings", shapes::map(shapes::anything())}})},
       {"inputs",
        shapes::object({{"count", shapes::integer(1)}, {"independent", shapes::boolean()}})},
       {"ablation", shapes::text()},
       {"positions", shapes::boolean()},
       {"selection", shapes::anything()},
       {"seconds", shapes::number(0)}});
}

int merge_discoveries(const MergeOptions& options, const Session& session) {
  refuse_summaries(options, "discovery");
  if (options.out.empty()) throw std::invalid_argument("--out: where is the circuit to go?");
  const std::vector<NamedRecord> parts = records_of(options, "discovery");
  double seconds = 0;
  for (const NamedRecord& part : parts) {
    interp::require_shape(part.record, discovery_shape(), part.name);
    seconds += part.record["seconds"].get<double>();
  }
  ordered_json whole = joined_parts(parts, "chunks", {"command", "seconds"});
  const interp::LoadedModel model = model_of(whole);
  const auto task = tasks::task_from_json(whole["task"]);
  const circuits::ComponentGraph graph(model.model->places(),
                                       whole["positions"].get<bool>() ? task->readout() + 1 : 0);
  const SelectionOptions selection = selection_from_json(whole["selection"]);
  require_fits(selection, graph);
  const int64_t count = whole["inputs"]["count"];
  for (const NamedRecord& part : parts) chunk_sums_of(part.record, graph, part.name);
  const auto chunks = chunk_sums_of(whole, graph, "chunks");
  if (interp::Chunks(count, interp::kInputsPerComponentRun).count() != std::ssize(chunks))
    throw std::invalid_argument(
        fmt::format("{}: {} chunks of {} inputs", parts.front().name, chunks.size(), count));
  Discovery discovery{.model = *model.model,
                      .graph = graph,
                      .scores = circuits::scores_of(
                          chunks, count, whole["inputs"]["independent"].get<bool>() && count > 1,
                          whole["ablation"].get<std::string>()),
                      .seconds = seconds,
                      .facts = std::move(whole)};
  // What the parts had loaded stays named: their scores may rest on it.
  for (const char* member :
       {"kind", "schema", "command", "version", "positions", "selection", "seconds", "chunks"})
    discovery.facts.erase(member);
  session.console.fact("task", describe(*task));
  const ordered_json report =
      conclude(discovery, selection, options.out, kEdgesShown, session.console);
  write(options, report, session.console);
  return kDone;
}

/// What a file states of sizes is believed only where it holds as many answers.
void require_answers(const MeasureRequest& request, const ordered_json& chunks,
                     const std::string& where) {
  const int64_t inputs = request.experiment.data.empty() ? request.experiment.inputs : 0;
  if (interp::Chunks(inputs, interp::kInputsPerComponentRun).count() > std::ssize(chunks))
    throw std::invalid_argument(fmt::format(
        "{}: field 'request.inputs': {} are more than {} chunks", where, inputs, chunks.size()));
}

int merge_measurements(const MergeOptions& options, const Session& session) {
  refuse_summaries(options, "measurement");
  const std::vector<NamedRecord> parts = records_of(options, "measurement");
  const std::string where = parts.front().name;
  ordered_json whole = joined_parts(parts, "chunks", {"command"});
  const interp::Shape asked =
      interp::json_shapes::object({{"request", interp::json_shapes::anything()}});
  interp::require_shape(whole, asked, where);
  MeasureRequest request = measure_request_from_json(whole["request"], where + ": field 'request'");
  require_answers(request, whole["chunks"], where);
  const Measurement measurement(std::move(request));
  for (const auto& [member, value] : measurement.facts().items())
    if (const auto difference =
            interp::first_difference(whole.value(member, ordered_json()), value))
      throw std::invalid_argument(fmt::format(
          "{}: not what the files named in it hold now: in {}, {}", where, member, *difference));
  const ordered_json& chunks = whole["chunks"];
  if (chunks.size() != measurement.chunks().size())
    throw std::invalid_argument(fmt::format("{}: expected {} chunks in all parts, found {}", where,
                                            measurement.chunks().size(), chunks.size()));
  std::vector<circuits::ChunkAnswers> answers;
  for (size_t i = 0; i < chunks.size(); ++i) try {
      answers.push_back(measured_chunk_from_json(chunks[i], measurement, static_cast<int64_t>(i)));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}: chunk {} of the whole: {}", where, i, error.what()));
    }
  measurement.print_subject(session);
  ordered_json head = report_head("measurement");
  if (whole.contains("loaded")) head["loaded"] = whole["loaded"];  // their answers may rest on it
  const ordered_json report = measurement.conclude(std::move(answers), std::move(head),
                                                   options.common.quiet, session.console);
  write(options, report, session.console);
  return kDone;
}

int merge_studies(const MergeOptions& options, const Session& session) {
  namespace shapes = interp::json_shapes;
  refuse_summaries(options, "study");
  if (!options.page.file.empty())
    throw std::invalid_argument("--html: there is no page about records of the kind study");
  const std::vector<NamedRecord> parts = records_of(options, "study");
  const std::string where = parts.front().name;
  ordered_json report = joined_parts(parts, "scores", {"command"});
  interp::require_shape(report, shapes::object({{"task", shapes::anything()}}), where);
  const auto config = study_config_of(report, where);
  const auto task = tasks::task_from_json(report["task"]);
  const tasks::synthetic_text::StudyTexts texts(tasks::synthetic_text::language_of(*task), config);
  const ordered_json all = std::move(report["scores"]);
  report.erase("scores");
  if (std::ssize(all) != texts.batches())
    throw std::invalid_argument(
        fmt::format("{}: expected scores of {} batches in all parts, found {}", where,
                    texts.batches(), all.size()));
  std::vector<at::Tensor> scores;
  for (int64_t i = 0; i < texts.batches(); ++i) try {
      scores.push_back(scores_from_json(all[i], texts, i));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("{}: batch {} of the whole: {}", where, i, error.what()));
    }
  report["command"] = command_line();
  session.console.fact("task", describe(*task));
  write(options,
        conclude(texts, scores, config, std::move(report), options.common.quiet, session.console),
        session.console);
  return kDone;
}

/// The kinds that can be merged, and how.
using Merge = int (*)(const MergeOptions& options, const Session& session);
const std::vector<std::pair<std::string, Merge>>& merges() {
  static const std::vector<std::pair<std::string, Merge>> all = {
      {axioms::kReportKind, merge_validations},  {"comparison", merge_comparisons},
      {"discovery", merge_discoveries},          {"measurement", merge_measurements},
      {"mutation-table", merge_mutation_tables}, {"study", merge_studies}};
  return all;
}

int run_merge(const MergeOptions& options) {
  require_no_part_overwritten(options);
  require_writable(options.page);
  require_writable(options.summaries);
  const Session session = start(options.common);
  const fs::path& first = options.parts.front();
  const std::string kind = kind_of_file(first);
  for (const fs::path& part : options.parts)
    if (const std::string other = kind_of_file(part); other != kind)
      throw std::invalid_argument(
          fmt::format("{} is a {}, and {} is a {}: expected parts of one run", first.string(), kind,
                      part.string(), other));
  if (!options.out.empty() && kind != "discovery")
    throw std::invalid_argument(
        fmt::format("--out is for the circuit of a discovery, not for a {}", kind));
  if (!options.out.empty()) require_writable(options.out);
  std::vector<std::string> known;
  for (const auto& [name, merge] : merges()) {
    if (name == kind) return merge(options, session);
    known.push_back(name);
  }
  throw std::invalid_argument(
      fmt::format("{}: records of the kind {} are not made in parts; {} are", first.string(), kind,
                  fmt::join(known, ", ")));
}

}  // namespace

Command add_merge(CLI::App& app) {
  const auto options = std::make_shared<MergeOptions>();
  app.add_option("PART", options->parts, "what --json of runs with --shard wrote, in any order")
      ->required()
      ->type_name("FILE");
  app.add_option("--json", options->common.json, "the report of the whole run")
      ->required()
      ->type_name("FILE");
  app.add_option("--out", options->out, "of parts of discover: the circuit")->type_name("FILE");
  add_page_option(app, options->page);
  add_summary_options(app, options->summaries);
  app.add_flag("--quiet", options->common.quiet,
               "print nothing but warnings, errors and why the exit code is not 0");
  app.footer(
      "The report, what is printed and the exit code are those of one run on all inputs; only the "
      "facts of the run differ (command, times, threads). Parts of different runs, missing, "
      "doubled "
      "and interrupted ones are refused.\n"
      "\nExample:\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --shard 1/2 --json runs/demo/part-1.json\n"
      "  assay validate --model runs/demo/model.safetensors \\\n"
      "    --interpretation runs/demo/trees.json --shard 2/2 --json runs/demo/part-2.json\n"
      "  assay merge runs/demo/part-1.json runs/demo/part-2.json --json runs/demo/whole.json");
  return [options] { return run_merge(*options); };
}

}  // namespace assay::tools
