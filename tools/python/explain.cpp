// Explanations of a function of Python that scores token sequences.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include "interp/attribution/callback_replacer.h"
#include "interp/attribution/method.h"
#include "interp/attribution/same_type_replacer.h"
#include "interp/files/json_text.h"
#include "interp/names.h"
#include "tools/explained.h"
#include "tools/interrupt.h"
#include "tools/python/bindings.h"
#include "tools/records.h"

namespace assay::python {
namespace {

namespace attribution = interp::attribution;
using attribution::Sequence;

/// @param function  int64 [rows, pos] -> float64 [rows] or [rows, k] (explain.py).
attribution::Scorer scorer_of(const py::object& function) {
  return attribution::Scorer([held = hold(function)](const at::Tensor& tokens) {
    const py::gil_scoped_acquire gil;
    require_wanted();
    return (*held)(tokens).cast<at::Tensor>();
  });
}

attribution::Scorer missing_logits() {
  return attribution::Scorer([](const at::Tensor&) -> at::Tensor {
    throw std::invalid_argument(
        "this method compares whole distributions: give logits=, a function from a list of id "
        "sequences to the scores of every token");
  });
}

/// @param replacer  None, a number of tokens (any of them), or a function
///   (sequence, masked, seed) -> sequence.
std::unique_ptr<attribution::Replacer> replacer_of(const py::object& replacer) {
  if (replacer.is_none()) return nullptr;
  if (py::isinstance<py::int_>(replacer))
    return std::make_unique<attribution::SameTypeReplacer>(
        attribution::uniform_replacer(replacer.cast<int64_t>()));
  const auto name = py::getattr(replacer, "name", py::str("function")).cast<std::string>();
  return std::make_unique<attribution::CallbackReplacer>(
      name, [held = hold(replacer)](const Sequence& sequence, const std::vector<bool>& masked,
                                    uint64_t seed) {
        const py::gil_scoped_acquire gil;
        return (*held)(sequence, masked, seed).cast<Sequence>();
      });
}

/// @param options  {rows, seed, target: the token that logits are asked about, one_length, command,
/// threads, print, progress}.
/// @return (record as JSON, whether the user stopped it).
py::tuple explain(const py::object& score, const py::object& logits, const Sequence& tokens,
                  const std::vector<std::string>& names,
                  const std::vector<std::pair<std::string, std::vector<int64_t>>>& features,
                  const std::vector<std::string>& methods, const py::object& replacer,
                  const py::dict& options) {
  const auto stands_in = replacer_of(replacer);
  attribution::Problem problem{.input = {.tokens = tokens, .features = {}},
                               .scorer = scorer_of(score),
                               .logits = logits.is_none() ? missing_logits() : scorer_of(logits),
                               .target = {.token = options["target"].cast<int64_t>()},
                               .framing = {},
                               .replacer = stands_in.get(),
                               .one_length = options["one_length"].cast<bool>(),
                               .rows = options["rows"].cast<int64_t>(),
                               .seed = options["seed"].cast<uint64_t>()};
  for (const auto& [name, positions] : features)
    problem.input.features.push_back({name, positions});
  attribution::validate(problem.input);
  std::vector<attribution::MethodRequest> requests;
  for (const std::string& method : methods)
    requests.push_back(attribution::parse_method(method, problem));
  tools::ExplainedInput explained{
      .facts = {}, .tokens = names, .features = problem.input.features, .explanations = {}};
  nlohmann::ordered_json record;
  const auto job = [&] {
    record = tools::report_head("explanation");
    explained.facts = {{"input", fmt::format("{}", fmt::join(names, " "))},
                       {"explained", fmt::format("{:+.3f}", problem.scorer.score(tokens))}};
    attribution::MethodRuns runs(problem);
    for (const attribution::MethodRequest& request : requests) {
      try {
        explained.explanations.push_back(runs(request));
      } catch (...) {  // what the methods before it have found is kept
        if (explained.explanations.empty() || !tools::watch_interrupts()) throw;
        return;
      }
    }
  };
  const bool stopped = work({options["command"].cast<std::string>(), options["threads"].cast<int>(),
                             options["print"], options["progress"], /*ends_functions=*/true},
                            job);
  record.update(tools::to_json(explained));
  return py::make_tuple(interp::json_text(record, 1) + "\n", stopped);
}

}  // namespace

void bind_explain(py::module_& m) {
  m.def("explain", &explain);
  m.def("explainers", [] { return interp::names_of(attribution::methods()); });
}

}  // namespace assay::python
