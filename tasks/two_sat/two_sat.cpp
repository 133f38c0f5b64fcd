#include "tasks/two_sat/two_sat.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "sat2/masks.h"
#include "sat2/sampler.h"
#include "sat2/text.h"
#include "tasks/two_sat/derivation.h"
#include "tasks/two_sat/features.h"
#include "tasks/two_sat/input_features.h"
#include "tasks/two_sat/mutations.h"
#include "tasks/two_sat/page.h"
#include "tasks/two_sat/pairs.h"
#include "tasks/two_sat/programs.h"
#include "tasks/two_sat/recipe.h"
#include "tasks/two_sat/relevance.h"
#include "tasks/two_sat/replacers.h"
#include "tasks/two_sat/specification.h"
#include "tasks/two_sat/tokens.h"
#include "tasks/two_sat/transformations.h"
#include "tasks/two_sat/wording.h"

namespace assay::tasks::two_sat {
namespace {

using interp::attribution::Feature;
using interp::attribution::Sequence;

sat2::Split split_of(Part part) {
  switch (part) {
    case Part::Train:
      return sat2::Split::Train;
    case Part::Derive:
      return sat2::Split::Derive;
    case Part::Test:
      break;
  }
  return sat2::Split::Test;
}

Part part_of(sat2::Split split) {
  switch (split) {
    case sat2::Split::Train:
      return Part::Train;
    case sat2::Split::Derive:
      return Part::Derive;
    case sat2::Split::Test:
      break;
  }
  return Part::Test;
}

sat2::SamplerSettings sampler_settings(const Settings& settings) {
  const auto as_int = [&](const char* name) {  // out of range stays out of range
    return static_cast<int>(std::clamp<int64_t>(settings.at(name), -1, 1'000'000));
  };
  const int clauses = as_int("clauses"), fewest = as_int("min_clauses");
  const sat2::SamplerSettings sampler = {.variables = as_int("variables"),
                                         .min_clauses = fewest == 0 ? clauses : fewest,
                                         .max_clauses = clauses};
  sat2::validate(sampler);
  return sampler;
}

/// As they are written to files: the fewest clauses only where formulas differ in length.
Settings written(const sat2::SamplerSettings& sampler) {
  Settings settings = {{"variables", sampler.variables}, {"clauses", sampler.max_clauses}};
  if (sampler.min_clauses < sampler.max_clauses) settings["min_clauses"] = sampler.min_clauses;
  return settings;
}

class TwoSat : public Task {
 public:
  explicit TwoSat(const sat2::SamplerSettings& sampler)
      : Task("two-sat", written(sampler)),
        sampler_(sampler),
        tokens_{sampler.variables},
        clauses_(sampler.max_clauses) {
    provide(TokenNames{.token = [this](int64_t token) { return tokens_.name(token); },
                       .answer = [this](int64_t token) { return answer_word(token); }});
    provide(Truth{[this](const at::Tensor& tokens) { return answers_of(tokens); }});
    provide(Distribution{.holds = [this](const at::Tensor& tokens) { return can_be_drawn(tokens); },
                         .part =
                             [this](const at::Tensor& tokens) {
                               return two_sat::part_of(sat2::split_of(formula(tokens)));
                             }});
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return pairs(sampler_, split_of(part), seed, first, count);
    }});
    provide(Transformations{two_sat::transformations(sampler.variables)});
    provide(
        InputLengths{.framing = {.length = two_sat::n_ctx(clauses_), .padding = tokens_.padding()},
                     .one = sampler.min_clauses == sampler.max_clauses});
    provide(two_sat::specification(sampler));
    provide(two_sat::input_features(sampler));
    provide_explanations();
    provide(Recipes{[this](const std::string& preset) {
      return two_sat::recipe(preset, sampler_.variables, clauses_);
    }});
    provide(Pages{{{"neurons", "what evaluating neurons compute", neurons_section}}});
    provide(two_sat::wording(sampler));
    provide(Interpretations{.variants = {"trees", "disjunction"},
                            .inputs = [](Part) -> int64_t { return 120000; },
                            .derive =
                                [this](const interp::Network& network, const DeriveConfig& config) {
                                  require_fits(network.places());
                                  return two_sat::derive(*this, sampler_.variables, clauses_,
                                                         network, config);
                                }});
  }

  Size size() const override {
    const int64_t n_ctx = two_sat::n_ctx(clauses_);
    return {.n_tokens = tokens_.d_vocab(), .n_ctx = n_ctx, .readout = n_ctx - 1};
  }

  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    const sat2::Sampler sampler(sampler_, split_of(part), seed);
    interp::LabelledBatch batch{.tokens = at::empty({count, n_ctx()}, torch::kInt64),
                                .labels = at::empty({count}, torch::kInt64)};
    for (int64_t i = 0; i < count; ++i) {
      const sat2::Formula formula = sampler.draw(static_cast<uint64_t>(first + i));
      write_tokens(formula, clauses_, batch.tokens.data_ptr<int64_t>() + i * n_ctx());
      batch.labels.data_ptr<int64_t>()[i] = answer_of(formula);
    }
    return batch;
  }

  std::vector<int64_t> answers() const override { return {tokens_.unsat(), tokens_.sat()}; }

  std::string to_text(const at::Tensor& tokens) const override {
    return sat2::to_string(formula(tokens));
  }

  at::Tensor to_tokens(const std::string& text) const override {
    const sat2::Formula formula = sat2::parse_formula(text, sampler_.variables);
    const auto given = static_cast<int64_t>(formula.clauses.size());
    const int64_t fewest = sampler_.min_clauses;
    if (given < fewest || given > clauses_)
      throw std::invalid_argument(
          fmt::format("the formula has {} clauses, the task expects {}", given,
                      fewest == clauses_ ? fmt::to_string(clauses_)
                                         : fmt::format("{} to {}", fewest, clauses_)));
    at::Tensor tokens = at::empty({n_ctx()}, torch::kInt64);
    write_tokens(formula, clauses_, tokens.data_ptr<int64_t>());
    return tokens;
  }

 private:
  void provide_explanations() {
    const int64_t variables = sampler_.variables;
    provide(Features{
        .kinds = {"token", "literal", "clause"},
        .of = [this, variables](const std::string& kind,
                                const Sequence& tokens) -> std::vector<Feature> {
          if (kind == "literal") return literal_features(tokens, variables);
          if (kind == "clause") return clause_features(tokens, variables);
          return token_features(tokens);
        },
        .relevance =
            [variables](const std::string& kind, const Sequence& tokens) {
              return two_sat::relevance(kind, formula_of(tokens, variables));
            },
        .interventions =
            [this, variables](const std::string& kind, const Sequence& tokens, int64_t feature) {
              return two_sat::interventions(kind, formula_of(tokens, variables), clauses_, feature);
            }});
    provide(Replacers{
        .token_types = two_sat::token_types(variables),
        .own = {{kConditional, [variables] { return conditional_replacer(variables); }}}});
  }

  sat2::Formula formula(const at::Tensor& tokens) const {
    return formula_of(tokens, sampler_.variables);
  }
  int64_t answer_of(const sat2::Formula& formula) const {
    return sat2::satisfiable_by_masks(formula) ? tokens_.sat() : tokens_.unsat();
  }
  at::Tensor answers_of(const at::Tensor& tokens) const {
    at::Tensor answers = at::empty({tokens.size(0)}, torch::kInt64);
    for (int64_t i = 0; i < tokens.size(0); ++i)
      answers.data_ptr<int64_t>()[i] = answer_of(formula(tokens[i]));
    return answers;
  }
  std::string answer_word(int64_t token) const {
    if (token == tokens_.sat()) return "SAT";
    return token == tokens_.unsat() ? "UNSAT" : tokens_.name(token);
  }
  /// Clauses are drawn over two different variables, the lower-numbered one first.
  bool can_be_drawn(const at::Tensor& tokens) const {
    return std::ranges::all_of(formula(tokens).clauses, [](const sat2::Clause& clause) {
      return clause.left.variable < clause.right.variable;
    });
  }

  sat2::SamplerSettings sampler_;
  Tokens tokens_;
  int64_t clauses_;
};

}  // namespace

TaskEntry entry() {
  return {
      .name = "two-sat",
      .help = "is a conjunction of two-literal clauses satisfiable? (arXiv 2407.13594)",
      .options = {{"variables", "--vars", "variables of a formula, 2 to 6", 5},
                  {"clauses", "--clauses", "clauses of a formula, or most of them", 10},
                  {"min_clauses", "--min-clauses",
                   "fewest clauses of a formula; 0: as many as --clauses", 0}},
      .derivation = derivation_options(),
      .presets = presets(),
      .make = [](const Settings& settings) -> std::unique_ptr<Task> {
        return std::make_unique<TwoSat>(sampler_settings(settings));
      },
  };
}

void add_operations(circuits::Operations& operations) {
  operations.functions.add({.name = "flipped_signs",
                            .help = "clauses, some with a literal's sign flipped",
                            .make = flipped_signs,
                            .sentence = [](const circuits::Operation&) {
                              return std::string(
                                  "Read the clauses, some with a literal’s sign flipped.");
                            }});
  operations.functions.add(
      {.name = "truth_table_programs",
       .help = "what each neuron's program says of the clauses' truth table",
       .make = truth_table_programs,
       .in_words = programs_in_words,
       .sentence = [](const circuits::Operation& operation) {
         return fmt::format(
             "Each of {} tries assignments: it is on if those that it asks about make all clauses "
             "true.",
             circuits::counted(operation, "programs", "neurons"));
       }});
}

}  // namespace assay::tasks::two_sat
