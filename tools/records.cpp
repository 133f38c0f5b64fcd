#include "tools/records.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "axioms/report.h"
#include "interp/files/json_reader.h"
#include "interp/files/json_shape.h"
#include "interp/names.h"
#include "tools/merges.h"
#include "tools/page/report_shapes.h"
#include "tools/plugin.h"
#include "tools/record_fields.h"
#include "tools/startup.h"

namespace assay::tools {
namespace {

using nlohmann::ordered_json;

constexpr size_t kLongestName = 60;  // that is compared with those there are

/// @throws std::invalid_argument naming the field if it is missing or does not have the shape.
const ordered_json& field(const ordered_json& record, const char* name, const interp::Shape& shape,
                          const std::string& hint) {
  const auto found = record.find(name);
  if (found == record.end())
    throw std::invalid_argument(fmt::format("field '{}': is missing; {}", name, hint));
  if (const auto problem = interp::mismatch(*found, shape))
    throw std::invalid_argument(fmt::format("field '{}': {}", name, *problem));
  return *found;
}

std::string writers() {
  std::vector<std::string> commands;
  for (const RecordKind& kind : record_kinds())
    if (std::ranges::find(commands, kind.command) == commands.end())
      commands.push_back(kind.command);
  return fmt::format("{}", fmt::join(commands, ", "));
}

}  // namespace

interp::Registry<RecordKind>& record_kinds() {
  static interp::Registry<RecordKind> kinds(
      "kind of record",
      {{axioms::kReportKind, axioms::kReportSchema, "validate",
        "how often an interpretation fails, and the verdicts on claims", page::of_validations(),
        merge_validations},
       {"plan",
        1,
        "plan",
        "what is declared before a validation runs",
        {},
        {},
        "it has no result yet; assay validate --plan runs it, and --html writes the page"},
       {"proofs", 1, "prove", "what holds for every input, what an input refutes, and what is open",
        page::of_proofs()},
       {"attack", 1, "attack", "an input on which something fails, or how close the search came",
        page::of_attacks()},
       {"measurement", 1, "measure", "how well a circuit stands in for its network",
        page::of_measurements(), merge_measurements},
       {"discovery", 1, "discover", "the scores of all edges, and which of them make the circuit",
        page::of_discoveries(), merge_discoveries},
       {"circuit", 1, "discover", "in the member `assay` of a circuit file: how it was made",
        page::of_circuits()},
       {"derivation", 1, "derive", "the evidence for an interpretation", page::of_derivations()},
       {"alignment", 1, "align", "places that may hold the values of an interpretation's nodes",
        page::of_alignments()},
       {"explanation", 1, "explain", "scores of the features of one input",
        page::of_explanations()},
       {"comparison", 1, "compare", "methods of explaining, held against what must matter",
        page::of_comparisons(), merge_comparisons},
       {"training", 1, "train", "the manifest of a run: plan, recipe, accuracy",
        page::of_manifests()},
       {"sweep", 1, "train", "with --sweep: runs side by side, and how good each network became",
        page::of_sweeps()},
       {"mutations",
        1,
        "mutate",
        "with --list: the mutations, and which of them apply",
        {},
        {},
        "assay mutate --table tries them all, and there is a page about its record"},
       {"mutation",
        1,
        "mutate",
        "with --mutation: what was changed",
        {},
        {},
        "assay validate --html writes one about the interpretation that was made"},
       {"mutation-table", 1, "mutate", "with --table: what catches each mutation",
        page::of_mutation_tables(), merge_mutation_tables},
       {"circuit-comparison", 1, "compare-circuits", "which edges two circuits share",
        page::of_circuit_comparisons()},
       {"study", 1, "study", "errors of surrogates on synthetic texts", page::of_studies(),
        merge_studies},
       {"list",
        1,
        "list",
        "what there is to choose among, and who brought it",
        {},
        {},
        "assay list prints what is in it"},
       {"inspection",
        1,
        "inspect",
        "sizes, parameters and sites of a network, and its self-check",
        {},
        {},
        "assay inspect prints what is in it"},
       {"conversion",
        1,
        "convert",
        "which model was read, and what was written",
        {},
        {},
        "assay inspect shows the model that was written"},
       {"solution", 1, "solve", "the answer to a formula, with a model or a contradiction",
        page::of_solutions()}});
  return kinds;
}

const RecordKind& record_kind(const std::string& name) {
  return record_kinds().at(interp::cut_short(name, kLongestName));
}

std::string kinds_with(const std::function<bool(const RecordKind&)>& property) {
  std::vector<std::string> names;
  for (const RecordKind& kind : record_kinds())
    if (property(kind)) names.push_back(kind.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

const RecordKind& kind_of(const ordered_json& record) {
  namespace shapes = interp::json_shapes;
  const std::string name =
      field(record, "kind", shapes::text(),
            fmt::format("expected a report that {} wrote; one without a kind was written by an "
                        "earlier version of assay, or is no report",
                        writers()));
  const RecordKind& kind = record_kind(name);
  const ordered_json& schema =
      field(record, "schema", shapes::integer(), "expected the version of the record's form");
  if (schema == kind.schema) return kind;
  throw std::invalid_argument(fmt::format(
      "schema {}: {} version of assay wrote this {}, this one reads schema {}; {} again, or take "
      "that version",
      schema.dump(), schema < kind.schema ? "an earlier" : "a later", kind.name, kind.schema,
      kind.command));
}

void require_kind(const ordered_json& record, const std::string& name) {
  const std::string& found = kind_of(record).name;
  if (found != name)
    throw std::invalid_argument(
        fmt::format("field 'kind': expected \"{}\", found \"{}\"", name, found));
}

namespace {

template <typename Check>
ordered_json checked_record(const std::filesystem::path& path, const Check& check) {
  ordered_json record = interp::read_json(path);
  try {
    check(record);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
  return record;
}

}  // namespace

ordered_json read_record(const std::filesystem::path& path) {
  return checked_record(path, [](const ordered_json& record) { kind_of(record); });
}

ordered_json read_record(const std::filesystem::path& path, const std::string& kind) {
  return checked_record(path, [&](const ordered_json& record) { require_kind(record, kind); });
}

ordered_json report_head(const std::string& kind) {
  return interp::write_record(RecordHead{.kind = kind,
                                         .schema = record_kind(kind).schema,
                                         .command = command_line(),
                                         .version = ASSAY_VERSION,
                                         .loaded = loaded_plugins()});
}

}  // namespace assay::tools
