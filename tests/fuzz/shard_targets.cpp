// Parts of runs that are lists of items, and runs that were interrupted: joined, then item by item.
// What was read is written the same again.

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "circuits/measures/chunk_answers.h"
#include "interp/files/json_reader.h"
#include "tasks/registry.h"
#include "tasks/synthetic_text/synthetic_text.h"
#include "tests/fuzz/subject.h"
#include "tests/fuzz/target.h"
#include "tools/discovery_fields.h"
#include "tools/measurement.h"
#include "tools/mutation_text.h"
#include "tools/parts.h"
#include "tools/records.h"
#include "tools/study_result.h"

namespace assay::fuzz {
namespace {

using nlohmann::ordered_json;
namespace texts = tasks::synthetic_text;

constexpr int64_t kInputs = 40;  // two chunks

const circuits::ComponentGraph& small_graph() {
  static const circuits::ComponentGraph graph(small_network().places(), 0);
  return graph;
}

const circuits::Inquiry& small_inquiry() {
  static const circuits::Counterfactuals data =
      small_task().counterfactuals(tasks::Part::Test, 1, 0, kInputs);
  static const at::Tensor some =
      at::arange(small_graph().n_edges()).view({1, -1}).remainder(2).to(torch::kBool);
  static const circuits::Inquiry inquiry{
      .batches = std::make_shared<const circuits::PatchBatches>(
          circuits::Experiment{.model = small_network(),
                               .graph = small_graph(),
                               .data = data,
                               .readout = small_task().readout(),
                               .ablation = "zero"}),
      .questions = {.in_full = {some}, .by_metric = {some.logical_not(), some}}};
  return inquiry;
}

const texts::StudyTexts& small_study() {
  static const texts::StudyTexts all(texts::language_of(*tasks::make_task("bag-of-words")),
                                     {.fitted_on = 20, .tested_on = 5});
  return all;
}

void require_the_same(const ordered_json& written, const ordered_json& read) {
  require(written == read, "an item, read and written");
}

void read_chunk_sums(const ordered_json& record) {
  interp::read_record<tools::SelectionOptions>(record.at("selection"), "selection");
  for (const ordered_json& item : record.at("chunks"))
    require_the_same(tools::to_json(tools::chunk_sums_from_json(item, small_graph())),
                     {{"changed", item.at("changed")},
                      {"sum", item.at("sum").get<std::vector<double>>()},
                      {"square", item.at("square").get<std::vector<double>>()}});
}

void read_chunk_answers(const ordered_json& record) {
  const tools::MeasureRequest request =
      tools::measure_request_from_json(record.at("request"), "request");
  require(tools::measure_request_from_json(tools::to_json(request), "again").draws == request.draws,
          "a request, read and written");
  int64_t chunk = 0;
  for (const ordered_json& item : record.at("chunks")) {
    const circuits::ChunkAnswers answers =
        circuits::chunk_answers_from_json(item, small_inquiry(), chunk);
    const ordered_json written = to_json(answers, small_inquiry(), chunk);
    require_done([&] { circuits::chunk_answers_from_json(written, small_inquiry(), chunk); },
                 "answers, written and read");
    if (++chunk == 2) break;
  }
}

void read_scores(const ordered_json& record) {
  interp::read_record<tools::StudyHead>(record, "shard");
  int64_t batch = 0;
  for (const ordered_json& item : record.at("scores"))
    if (batch < small_study().batches()) tools::scores_from_json(item, small_study(), batch++);
}

void read_mutations(const ordered_json& record) {
  for (const ordered_json& item : record.at("mutations")) tools::mutation_from_json(item);
}

void join_with_a_sibling(const ordered_json& record, const char* list) {
  const ordered_json& shard = record.at("shard");
  if (!shard.is_object() || !shard.contains("index") || !shard["index"].is_number_integer()) return;
  ordered_json sibling = record;
  sibling["shard"]["index"] = shard["index"] == 1 ? 2 : 1;
  try {
    tools::joined_parts({{"a.json", record}, {"b.json", sibling}}, list, {"command"});
  } catch (const std::invalid_argument&) {  // parts differ in size, mostly
  }
}

void read_shard(std::string_view input) {
  const ordered_json record = interp::read_json(put("shard.json", input));
  const std::string kind = tools::kind_of(record).name;
  const bool is_scores = kind == "study", is_mutations = kind == "mutation-table";
  if (record.contains("shard"))
    join_with_a_sibling(record, is_scores ? "scores" : is_mutations ? "mutations" : "chunks");
  if (kind == "discovery") read_chunk_sums(record);
  if (kind == "measurement") read_chunk_answers(record);
  if (is_scores) read_scores(record);
  if (is_mutations) read_mutations(record);
}

/// Parts are written by the command (tools/fuzz); answers depend on what is asked here.
std::vector<std::string> shards() {
  ordered_json measured = tools::report_head("measurement"), study = tools::report_head("study");
  measured["request"] = to_json(tools::MeasureRequest());
  measured["shard"] = tools::shard_member({.index = 1, .of = 2}, 4);
  circuits::answer(small_inquiry(), {0, 1},
                   [&](int64_t chunk, const circuits::ChunkAnswers& answers) {
                     measured["chunks"].push_back(to_json(answers, small_inquiry(), chunk));
                   });
  study["fitted_on"] = 20;
  study["tested_on"] = 5;
  study["seed"] = 1;
  study["shard"] = tools::shard_member({.index = 1, .of = 2}, 2 * small_study().batches());
  for (int64_t batch = 0; batch < small_study().batches(); ++batch)
    study["scores"].push_back(
        std::vector<double>(static_cast<size_t>(small_study().size_of(batch)), 0.5));
  return {measured.dump(), study.dump()};
}

}  // namespace

std::vector<Target> shard_targets() {
  return {{"shard", Form::Json, read_shard, shards}};
}

}  // namespace assay::fuzz
