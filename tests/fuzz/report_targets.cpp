// What runs wrote: reports up to their page, logs of trainings, comparisons that go on, run
// folders. tools/fuzz lets the command write their seeds, about the network of subject.h.

#include <nlohmann/json.hpp>

#include "axioms/merge.h"
#include "tests/fuzz/subject.h"
#include "tests/fuzz/target.h"
#include "tools/comparison_file.h"
#include "tools/page/sections.h"
#include "tools/run_folder.h"
#include "tools/validation_record.h"

namespace assay::fuzz {
namespace {

using nlohmann::ordered_json;

void read_report(const std::string& name, std::string_view input) {
  const tools::page::Run run = tools::page::read_run(put(name, input));
  require(!tools::page::html_of(tools::page::page_of({run})).empty(), "a page");
}

/// A part of a validation, which merging and going on read; what was read is written the same
/// again.
void read_part(std::string_view input) {
  const axioms::Report report = tools::read_validation(put("part.json", input)).report;
  const ordered_json written = axioms::to_json(report);
  require(axioms::to_json(axioms::report_from_json(written, "part")) == written, "the same again");
  axioms::require_part({"part.json", report});
}

void read_comparison(std::string_view input) {
  const ordered_json asked = {{"seed", 1}};
  tools::inputs_begun(put("c.json", input), asked, small_task(), 0, 100);
}

void read_run_folder(std::string_view input) {
  put("manifest.json", input);
  tools::RunFolder(folder()).plan();
}

std::vector<std::string> none() {
  return {};
}

}  // namespace

std::vector<Target> report_targets() {
  return {
      {"report", Form::Json, [](std::string_view input) { read_report("run.json", input); }, none},
      {"metrics", Form::JsonLines,
       [](std::string_view input) { read_report("metrics.jsonl", input); }, none},
      {"part", Form::Json, read_part, none},
      {"comparison", Form::Json, read_comparison, none},
      {"run_folder", Form::Json, read_run_folder, none},
  };
}

}  // namespace assay::fuzz
