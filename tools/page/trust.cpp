// Why believe it, and how to run it again: the command, what was read, by its hashes, and what the
// numbers do not mean.

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "axioms/report.h"
#include "tasks/page/html.h"
#include "tasks/wording.h"
#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

using tasks::page::Html;
using tasks::page::span;
using tasks::page::tag;

std::string in_words(const Json& value) {
  if (value.is_string()) return value;
  if (value.is_array() && value.size() > 0 && value[0].is_object())  // told elsewhere on the page
    return std::to_string(value.size());
  if (value.is_number_float()) return fmt::format("{:.4g}", value.get<double>());
  if (!value.is_object()) return value.dump();
  std::string text;
  for (const auto& [name, part] : value.items())
    if (name != "sha256")
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, in_words(part));
  return text;
}

/// Sixteen digits and the last four; whole in the title and in the record.
Html hash(const std::string& sha256) {
  const bool is_long = sha256.size() > 24;
  const std::string shown =
      is_long ? sha256.substr(0, 16) + "…" + sha256.substr(sha256.size() - 4) : sha256;
  return tag("code", {{"title", is_long ? sha256 : ""}}, shown);
}

/// `two-sat: clauses 10, variables 5`.
Json task_in_words(const Json& task) {
  if (!task.is_object() || !task.contains("settings")) return task;
  const std::string settings = in_words(task["settings"]);
  return task.value("name", "") + (settings.empty() ? "" : ": " + settings);
}

/// `cpu, 2 threads, OpenBLAS 0.3.21 with kernels for Haswell (129 GFLOP/s on one)`.
Json machine_in_words(const Json& report) {
  if (!report.contains("threads")) return {};
  const auto threads = report["threads"].get<int64_t>();
  std::string text = fmt::format("{}, {} thread{}", report.value("device", "cpu"), threads,
                                 threads == 1 ? "" : "s");
  if (const Json blas = report.value("blas", Json()); blas.contains("core"))
    text += fmt::format(", kernels for {} ({:.0f} GFLOP/s on one thread)",
                        blas["core"].get<std::string>(), blas.value("gflops", 0.0));
  return text;
}

/// `2026-11-28T10:03:57Z, 1.3 s, 0.65 s of processor time`.
Json times_in_words(const Json& times) {
  if (!times.is_object() || !times.contains("started")) return times;
  return fmt::format("{}, {:.2g} s, {:.2g} s of processor time",
                     times["started"].get<std::string>(), times.value("seconds", 0.0),
                     times.value("cpu_seconds", 0.0));
}

/// What was read is told by its path and its hash, everything else in words.
Html run_fact(std::string name, const Json& value) {
  if (value.empty()) return {};
  const auto text = [&](const char* field) {
    return value.is_object() && value.contains(field) && value[field].is_string();
  };
  Html said;
  if (text("path"))
    said = tag("code", value["path"].get<std::string>());
  else if (const std::string words = in_words(value); !words.empty())
    said = words;
  if (text("sha256")) said += Html(" · ") + hash(value["sha256"].get<std::string>());
  std::ranges::replace(name, '_', ' ');
  return tag("dt", name) + tag("dd", said);
}

Html facts_of(const Run& run) {
  const Json& report = origin_of(run);
  Html facts;
  if (!run.path.empty()) facts += run_fact("record", run.path.string());
  for (const char* field : {"model", "model_sha256", "interpretation", "circuit", "plan"})
    if (const Json value = report.value(field, Json()); !value.is_array())  // a formula’s model is
      facts += run_fact(field, value);
  facts += run_fact("task", task_in_words(report.value("task", Json())));
  for (const char* field : {"data", "inputs", "fitted_on", "seeds", "seed", "method", "metric",
                            "ablation", "preset", "steps", "accuracy", "version"})
    facts += run_fact(field, report.value(field, Json()));
  facts += run_fact("machine", machine_in_words(report));
  facts += run_fact("time", times_in_words(report.value("times", Json())));
  return tag("dl", {{"class", "kv"}}, facts);
}

/// Words stay whole where a line ends: an option that is broken behind its `--` is none.
Html command_html(const std::string& line) {
  Html words;
  for (const auto& word : std::views::split(line, ' '))
    words += (words.empty() ? Html() : Html(" ")) + span("", std::string(word.begin(), word.end()));
  return tag(
      "div", {{"class", "cmd"}},
      tag("code", words) + tag("button", {{"type", "button"}, {"class", "btn copy"}}, "Copy"));
}

/// How to check what a certificate proves; nothing where there is none.
Html certificate_html(const Run& run) {
  Json certificate = run.report.value("certificate", Json());
  if (run.validation && run.report.contains("proofs"))
    certificate = run.report["proofs"].value("certificate", Json::object()).value("path", Json());
  if (!certificate.is_string()) return {};
  return tag("h3", "Check the proofs") +
         command_html(fmt::format("assay-check {} --model {} --interpretation {}",
                                  certificate.get<std::string>(),
                                  run.report.at("model").at("path").get<std::string>(),
                                  run.report.at("interpretation").at("path").get<std::string>()));
}

/// What a verdict on drawn inputs, on all or on a list speaks of.
std::string scope_text(const axioms::Report& report, const std::string& inputs) {
  switch (report.scope) {
    case axioms::Scope::Domain:
      return fmt::format("Rates are exact: {}.", report.inputs_text);
    case axioms::Scope::List:
      return fmt::format("Rates are exact for {}; nothing is said of other {}.", report.inputs_text,
                         inputs);
    case axioms::Scope::Distribution:
      break;
  }
  return fmt::format("Bounds speak of {} drawn as the task draws them, independently: {}.", inputs,
                     report.inputs_text);
}

Html meaning(const Run& run) {
  const axioms::Report& report = *run.validation;
  const std::string& inputs = tasks::wording_of(*run.task).inputs;
  Html lines = tag("li", scope_text(report, inputs));
  if (report.sequential)
    lines += tag(
        "li",
        fmt::format(
            "The probability that any verdict is wrong is at most {:g}%, however often one looks.",
            100 * (1 - report.confidence)));
  lines += tag("li",
               report.count_claims() == 0
                   ? "Nothing was claimed, so that rates stand here and no verdicts."
               : report.facts.plan
                   ? "The claims were declared before the run, in a plan."
                   : "The run is exploratory: no plan declared the claims before it (assay plan).");
  for (const axioms::ReportNode& node : report.nodes)
    if (node.equality == "downstream")
      lines +=
          tag("li",
              fmt::format(
                  "Values of {} are compared by their effect on the answer, not by what they are.",
                  node.name));
  lines += tag("li", "Another explanation may hold as well.");
  lines += tag("li",
               fmt::format("Trusted: this program, the network’s arithmetic on the machine, and "
                           "{}. Not trusted: names of files; hashes say which they were.",
                           report.scope == axioms::Scope::Distribution ? "how the task draws inputs"
                                                                       : "the list of inputs"));
  return tag("h3", "What this means, and what it does not") +
         tag("ul", {{"class", "plain small"}}, lines);
}

}  // namespace

std::optional<Section> trust_section(const Run& run) {
  const Json& report = origin_of(run);
  if (!report.contains("command")) return std::nullopt;
  Html again = tag("h3", "Run it again") + command_html(report["command"].get<std::string>());
  if (run.validation)
    again +=
        tag("p", {{"class", "small soft"}}, "It gives the same counts on any number of threads.");
  again += certificate_html(run) + facts_of(run);
  Section section{.title = run.validation ? "Trust and reproduce" : "How to reproduce", .run = {}};
  section.blocks.push_back(tasks::page::block(
      run.validation ? tag("div", {{"class", "two"}}, tag("div", again) + tag("div", meaning(run)))
                     : again));
  return section;
}

}  // namespace assay::tools::page
