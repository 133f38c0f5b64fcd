#pragma once
// What commands about a network as a whole write, in JSON, member by member
// (interp/files/fields.h): inspect, convert, and solve, which asks one for an answer.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "interp/adapters/settings.h"
#include "interp/interval_field.h"
#include "tools/record_fields.h"
#include "tools/self_check.h"

namespace assay::tools {

struct SettingRecord {
  nlohmann::ordered_json value;
  std::string from;
};
/// By name, in the order of the file's questions.
using SettingRecords = std::vector<std::pair<std::string, SettingRecord>>;

inline SettingRecords records_of(const std::vector<interp::Setting>& settings) {
  SettingRecords records;
  for (const auto& [name, value, source] : settings) records.push_back({name, {value, source}});
  return records;
}

template <class V>
void fields(V& v, SettingRecord& setting) {
  v("value", setting.value, "what the network is run with");
  v("from", setting.from, "where that was found");
}

template <class V>
void settings_field(V& v, SettingRecords& settings) {
  interp::by_name(v, "settings", settings, "by name: the `value`, and where it is `from`",
                  nlohmann::ordered_json::object());
}

template <class V>
void fields(V& v, Identity& identity) {
  v("identity", identity.formula, "between values that were recorded");
  v("largest_error", identity.largest_error, "absolute", interp::numbers_if_any());
  v("largest_value", identity.largest_value, "to compare the error with", interp::numbers_if_any());
}

struct InspectionRecord {
  axioms::Source model;
  std::string layout;
  nlohmann::ordered_json config;
  SettingRecords settings;
  nlohmann::ordered_json metadata;
  std::optional<nlohmann::ordered_json> expected_logits;
  int64_t without_logits = 0;
  std::vector<std::pair<std::string, std::vector<int64_t>>> parameters, sites;
  std::vector<Identity> self_check;
};

template <class V>
void fields(V& v, InspectionRecord& record) {
  v("model", record.model, "the network");
  v("layout", record.layout, "of its file");
  v("config", record.config, "how it computes, as in Assay's own files");
  settings_field(v, record.settings);
  v("metadata", record.metadata, "what else its file says");
  v("expected_logits", record.expected_logits, "with `--expect`: how far its logits are off");
  v("inputs_without_finite_logits", record.without_logits, "of those tried", interp::counts());
  interp::by_name(v, "parameters", record.parameters, "shapes by name");
  interp::by_name(v, "sites", record.sites, "shapes by name; the batch is -1");
  v("self_check", record.self_check, "values recomputed from the ones that they come from");
}

struct OriginRecord {
  std::string layout, path, sha256;
};

struct ConversionRecord {
  OriginRecord converted_from;
  axioms::Source model;
  SettingRecords settings;
};

template <class V>
void fields(V& v, OriginRecord& origin) {
  v("layout", origin.layout, "in which it came");
  v("path", origin.path, "of the model that was read");
  v("sha256", origin.sha256, "its hash");
}

template <class V>
void fields(V& v, ConversionRecord& record) {
  v("converted_from", record.converted_from, "what was read");
  v("model", record.model, "what was written");
  settings_field(v, record.settings);
}

struct NetworkAnswerRecord {
  std::optional<bool> satisfiable;
  double logit_difference = 0;
};

struct SolutionRecord {
  std::string formula;
  bool satisfiable = false;
  std::optional<std::vector<bool>> model;
  std::optional<std::vector<int64_t>> unsatisfiable_core;
  std::optional<NetworkAnswerRecord> network;
};

template <class V>
void fields(V& v, NetworkAnswerRecord& answer) {
  or_null(v, "satisfiable", answer.satisfiable, "its answer; null: a tie");
  v("logit_difference", answer.logit_difference, "SAT minus UNSAT", interp::numbers_if_any());
}

template <class V>
void fields(V& v, SolutionRecord& record) {
  v("formula", record.formula, "as text");
  v("satisfiable", record.satisfiable, "all solvers agree");
  v("model", record.model, "values of the variables that satisfy it");
  v("unsatisfiable_core", record.unsatisfiable_core,
    "else clauses that contradict each other, all of them needed");
  v("network", record.network, "with `--model`: what the network answers");
}

}  // namespace assay::tools
