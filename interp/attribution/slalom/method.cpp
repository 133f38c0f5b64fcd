#include "interp/attribution/slalom/method.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "interp/attribution/slalom/adam_fit.h"
#include "interp/attribution/slalom/alternating_fit.h"
#include "interp/attribution/slalom/joint_fit.h"
#include "interp/attribution/slalom/questions.h"
#include "interp/attribution/slalom/readings.h"
#include "interp/attribution/slalom/sampling.h"

namespace assay::interp::attribution {
namespace slalom {
namespace {

using at::Tensor;
using nlohmann::ordered_json;

constexpr int64_t kDeleted = 5;  // at most, of the published deletion sampling
constexpr int64_t kPublishedQueries = 5000;
constexpr int64_t kPublishedBatch = 16;  // numbers of queries are rounded up to it

// Short bags tell values and importances apart, so a wide guess is enough for what a network leaves
// open. Deletions hardly tell them apart and need a price that does not fall with the error.
const JointConfig kShort = {.spread = 5}, kDeletion = {.ridge = 1e-4};

struct Fitted {
  Observations data;
  Slalom model;
  bool sink = false;
  ordered_json diagnostics = ordered_json::object();  ///< of the estimator
};

/// The joint fit of what was observed, from the better of two starts.
Fitted fitted_jointly(const Observations& data, const JointConfig& config,
                      const Slalom* start = nullptr) {
  const Slalom values = mean_of_values(data);
  const bool better = start && joint_loss(*start, data, config) < joint_loss(values, data, config);
  const JointFit fit = fit_jointly(data, better ? *start : values, config);
  return {.data = data,
          .model = fit.model,
          .diagnostics = {{"iterations", fit.iterations},
                          {"converged", fit.converged},
                          {"ridge", config.ridge},
                          {"importances_at_bound", fit.at_bound}}};
}

Fitted with_a_sink(const Observations& data) {
  Fitted fitted = fitted_jointly(with_sink(data), kDeletion);
  fitted.sink = true;
  return fitted;
}

// The questions of the closed form, if the budget has room for them, then pairs and triples.
Fitted from_short(const Questions& questions) {
  const int64_t rows = questions.problem().rows, n = questions.n_types();
  const auto more = [&](int64_t count) {
    return questions.ask(short_samples(n, count, 2, 3, questions.problem().seed));
  };
  if (2 * n - 1 > rows) return fitted_jointly(more(rows), kShort);
  const ClosedForm solved = questions.ask_closed_form();
  const int64_t left = rows - solved.asked.bags.size();
  return fitted_jointly(left > 0 ? joined(solved.asked, more(left)) : solved.asked, kShort,
                        &solved.model);
}

Fitted from_closed_form(const Questions& questions) {
  const ClosedForm solved = questions.ask_closed_form();
  return {.data = solved.asked, .model = solved.model};
}

Observations deletions(const Questions& questions, int64_t rows) {
  const Problem& problem = questions.problem();
  return questions.ask_parts(deletion_samples(problem.input.size(), rows, kDeleted, problem.seed));
}

Observations subsets(const Questions& questions) {
  const Problem& problem = questions.problem();
  return questions.ask_parts(subset_samples(problem.input.size(), problem.rows, problem.seed));
}

Fitted as_published_eff(const Questions& questions, int64_t queries, const AdamConfig& adam) {
  const int64_t rows = (queries + kPublishedBatch - 1) / kPublishedBatch * kPublishedBatch;
  const Observations data =
      questions.ask(short_samples(questions.n_types(), rows, 3, 3, questions.problem().seed));
  return {.data = data, .model = fit_by_adam(data, adam)};
}

Fitted as_published_fidel(const Questions& questions) {
  const Observations data = deletions(questions, kPublishedQueries);
  return {.data = data, .model = fit_by_alternation(data)};
}

struct Recipe {
  Preset preset;
  std::function<Fitted(const Questions& questions)> fit;
};

const std::vector<Recipe>& recipes() {
  const auto recipe = [](const char* name, const char* help, auto fit) {
    return Recipe{{.name = name, .help = help, .takes = Takes::Deletes}, fit};
  };
  static const std::vector<Recipe> all = {
      recipe("short", "sequences of up to three features, fitted to the optimum", from_short),
      recipe("deletion", "the input without up to five features, fitted to the optimum",
             [](const Questions& questions) {
               return fitted_jointly(deletions(questions, questions.problem().rows), kDeletion);
             }),
      recipe(
          "subset", "any part of the input, fitted to the optimum",
          [](const Questions& questions) { return fitted_jointly(subsets(questions), kDeletion); }),
      recipe("deletion-sink", "as deletion, with a sink (an extension of SLALOM)",
             [](const Questions& questions) {
               return with_a_sink(deletions(questions, questions.problem().rows));
             }),
      recipe("subset-sink", "as subset, with a sink (an extension of SLALOM)",
             [](const Questions& questions) { return with_a_sink(subsets(questions)); }),
      recipe("closed-form", "2U - 1 queries for U distinct features, no fit", from_closed_form),
      recipe("eff", "SLALOM-eff with the defaults of the authors' code",
             [](const Questions& questions) { return as_published_eff(questions, 500, {}); }),
      recipe("eff-paper", "SLALOM-eff as in the paper's experiments",
             [](const Questions& questions) {
               return as_published_eff(questions, kPublishedQueries,
                                       {.learning_rate = 1e-2, .epochs = 20});
             }),
      recipe("fidel", "SLALOM-fidel as in the paper's experiments", as_published_fidel),
  };
  return all;
}

ordered_json ratio(double part, double whole) {
  return whole > 0 ? ordered_json(part / whole) : ordered_json(nullptr);
}

ordered_json diagnostics_of(const Fitted& fitted, const Questions& questions, double mean_removed) {
  const Observations& data = fitted.data;
  const double mse = mean_squared_error(fitted.model, data), constant = variance(data);
  const Betweenness pairs = betweenness(data);
  ordered_json diagnostics = {{"queries", data.bags.size()},
                              {"distinct_features", questions.n_types()},
                              {"mse", mse},
                              {"mse_importance_0", mean_squared_error(mean_of_values(data), data)},
                              {"mse_constant", constant},
                              {"r2", ratio(constant - mse, constant)},
                              {"pairs", pairs.pairs},
                              {"pairs_not_between", pairs.violated},
                              {"gauge", "mean importance of the distinct features is 0"},
                              {"mean_importance_removed", mean_removed}};
  if (fitted.sink) {
    const int64_t sink = questions.n_types();
    diagnostics["sink"] = {{"value", fitted.model.value[sink].item<double>()},
                           {"importance", fitted.model.importance[sink].item<double>()}};
  }
  diagnostics.update(fitted.diagnostics);
  return diagnostics;
}

/// Where the parameters are no result: they are those of an unfinished fit, of a surrogate that the
/// network refutes, or as large as the bound lets them be.
std::string caveat_of(const ordered_json& diagnostics) {
  std::vector<std::string> doubts;
  if (!diagnostics.value("converged", true))
    doubts.push_back(fmt::format("did not converge in {} iterations",
                                 diagnostics.at("iterations").get<int64_t>()));
  const int64_t pairs = diagnostics.at("pairs"), refuting = diagnostics.at("pairs_not_between");
  if (2 * refuting > pairs)
    doubts.push_back(
        fmt::format("is refuted: {} of {} pairs score outside the range of their two "
                    "values, as in no SLALOM",
                    refuting, pairs));
  if (const int64_t at_bound = diagnostics.value("importances_at_bound", int64_t{0}); at_bound > 0)
    doubts.push_back(
        fmt::format("has {} importances without end: their sign is known, their size "
                    "is that of the bound",
                    at_bound));
  return fmt::format("{}", fmt::join(doubts, "; "));
}

Explanation explain_by(const Recipe& recipe, const Problem& problem) {
  if (problem.rows < 1)
    throw std::invalid_argument(
        fmt::format("slalom: expected a budget of 1 row or more, got {}", problem.rows));
  const Questions questions(problem);
  Fitted fitted = recipe.fit(questions);
  const double mean =
      fitted.model.importance.narrow(0, 0, questions.n_types()).mean().item<double>();
  fitted.model = centred(fitted.model, questions.n_types());

  Bags whole{.n_features = questions.n_types(), .rows = {questions.whole()}};
  if (fitted.sink) whole = with_sink(std::move(whole));
  const Tensor type_of = torch::tensor(questions.type_of(), torch::kInt64);
  const auto by_feature = [&](const Tensor& by_type) { return by_type.index_select(0, type_of); };
  const Tensor scores = by_feature(linearised(fitted.model));
  const ordered_json diagnostics = diagnostics_of(fitted, questions, mean);
  return {.method = {},
          .scores = scores,
          .standard_errors = {},
          .readings = {{"value", by_feature(fitted.model.value)},
                       {"importance", by_feature(fitted.model.importance)},
                       {"linearised", scores},
                       {"removal", by_feature(removal(fitted.model, whole.rows[0]))}},
          .diagnostics = diagnostics,
          .caveat = caveat_of(diagnostics)};
}

}  // namespace
}  // namespace slalom

Method slalom_method() {
  Method method{.name = "slalom",
                .help = "softmax-linked additive surrogate (arXiv 2405.13536)",
                .presets = {},
                .readings = {{"value", "v: what a feature says"},
                             {"importance", "s: how much it is listened to"},
                             {"linearised", "e^s v, the scores"},
                             {"removal", "what taking it away changes, by the surrogate"}},
                .explain = [](const Problem& problem, const std::string& preset) {
                  const auto recipe = std::ranges::find(
                      slalom::recipes(), preset,
                      [](const slalom::Recipe& each) { return each.preset.name; });
                  return slalom::explain_by(*recipe, problem);
                }};
  for (const slalom::Recipe& recipe : slalom::recipes()) method.presets.push_back(recipe.preset);
  return method;
}

}  // namespace assay::interp::attribution
