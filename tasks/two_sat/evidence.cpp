#include "tasks/two_sat/evidence.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "interp/network/network.h"

namespace assay::tasks::two_sat {

namespace hook = interp::hook;
namespace {

using at::Tensor;
using interp::Site;

constexpr int64_t kSample = 4096;  // deriving formulas that measured facts are taken over

Tensor sample(const Task& task, const interp::Transformer& model, const DeriveConfig& config) {
  return task.sample(config.part, config.seed, 0, std::min(kSample, formulas_of(task, config)))
      .tokens.to(model.device());
}

// Tokens that can stand at a position of a formula whose first `absent` clauses may be missing:
// literals where literals stand, else one sign; padding in a clause that may be missing.
std::vector<int64_t> possible_tokens(const Tokens& tokens, int64_t position, int64_t absent) {
  std::vector<int64_t> possible;
  if (position < n_ctx(absent) - 1) possible.push_back(tokens.padding());
  if (position % 4 == 0) {
    possible.push_back(tokens.open());
  } else if (position % 4 == 3) {
    possible.push_back(tokens.close());
  } else {
    for (int64_t token = 0; token < tokens.n_literals(); ++token) possible.push_back(token);
  }
  return possible;
}

// The least share of attention that a second literal can give to the two literals of its own
// clause, over every formula there is: own scores exactly, every other position at its worst token.
// Follows from the weights alone; for a block 1 of one head without norm, else nothing is claimed.
double worst_case_attention(const interp::Transformer& model, const Tokens& tokens, int64_t clauses,
                            int64_t absent) {
  const double scale = 1 / std::sqrt(static_cast<double>(model.config().d_head[0]));
  const auto projected = [&](int64_t position, const Tensor& W, const Tensor& b) {
    const Tensor x = (model.W_E() + model.weight("pos_embed.W_pos")[position])
                         .to(torch::kFloat64);  // [vocab, d_model]
    const Tensor y = at::matmul(x, W[0].to(torch::kFloat64));
    return b.defined() ? y + b[0].to(torch::kFloat64) : y;
  };
  const Tensor W_K = model.weight("blocks.0.attn.W_K"), b_K = model.weight("blocks.0.attn.b_K");
  double worst = 1;
  for (int64_t clause = 0; clause < clauses; ++clause) {
    const int64_t left = left_literal(clause), right = right_literal(clause);
    const Tensor query =
        projected(right, model.weight("blocks.0.attn.W_Q"), model.weight("blocks.0.attn.b_Q")) *
        scale;
    Tensor others = at::zeros({tokens.n_literals()}, torch::kFloat64);  // by second literal
    Tensor own_left, own_right;
    for (int64_t key = 0; key <= right; ++key) {
      const Tensor scores = at::matmul(query, projected(key, W_K, b_K).t())
                                .exp()
                                .narrow(0, 0, tokens.n_literals());  // [second literal, key token]
      if (key == left) {
        own_left = scores.narrow(1, 0, tokens.n_literals());
      } else if (key == right) {
        own_right = scores.narrow(1, 0, tokens.n_literals()).diagonal();
      } else {
        const Tensor possible = torch::tensor(possible_tokens(tokens, key, absent), torch::kInt64);
        others = others + scores.index_select(1, possible).amax(1);
      }
    }
    const Tensor own = own_left + own_right.unsqueeze(1);  // [second literal, first literal]
    // Scores beyond what exp() can hold make NaN: of them nothing is claimed.
    const Tensor share = (own / (own + others.unsqueeze(1))).nan_to_num(0.0);
    worst = std::min(worst, share.min().item<double>());
  }
  return worst;
}

std::string percent(double share) {
  return fmt::format("{:.2f}%", 100 * share);
}

Tensor answers(const Tensor& logits, const Tokens& tokens) {
  return logits.select(-1, tokens.sat()).gt(logits.select(-1, tokens.unsat())).flatten();
}

}  // namespace

std::vector<Evidence> parse_evidence(const Task& task, const interp::Transformer& model,
                                     const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const Tokens tokens{task.settings().at("variables")};
  const int64_t clauses = task.settings().at("clauses"), readout = task.readout();
  const Tensor formulas = sample(task, model, config);
  const Tensor pattern =
      model.trace(formulas, {.record = {Site{.place = hook::pattern(0)}}, .overwrite = {}})[0];
  std::vector<double> means;  // of the clauses
  double sum = 0, least = 1;
  for (int64_t clause = 0; clause < clauses; ++clause) {
    const Tensor row =
        pattern.select(2, right_literal(clause)).mean(1);  // mean over heads [batch, key]
    const Tensor own = (row.select(1, left_literal(clause)) + row.select(1, right_literal(clause)))
                           .masked_select(formulas.select(1, right_literal(clause))
                                              .ne(tokens.padding()));  // [formulas that have it]
    if (own.numel() == 0) continue;
    means.push_back(own.mean().item<double>());
    least = std::min(least, own.min().item<double>());
  }
  for (const double mean : means) sum += mean / static_cast<double>(means.size());
  std::vector<Evidence> evidence;
  evidence.push_back(
      {"parse",
       fmt::format("block 1: the second literal of a clause gives {} of its attention to the two "
                   "literals of its own clause (least over {} formulas: {})",
                   percent(sum), pattern.size(0), percent(least)),
       {{"mean", sum}, {"least", least}},
       sum > 0.9});
  if (model.config().n_heads[0] == 1 && model.config().norm == interp::Norm::None) {
    const double bound = worst_case_attention(model, tokens, clauses, clauses - min_clauses(task));
    evidence.push_back(
        {"parse",
         fmt::format(
             "block 1: over every formula there is, that share is at least {} (bound from the "
             "weights alone)",
             percent(bound)),
         {{"bound", bound}},
         bound > 0.5});
  }
  const Tensor at_readout = pattern.select(2, readout);
  const double low = at_readout.min().item<double>(), high = at_readout.max().item<double>();
  evidence.push_back(
      {"parse",
       fmt::format(
           "block 1: the readout position attends near-uniformly, {:.4f} to {:.4f} per token "
           "(uniform: {:.4f})",
           low, high, 1.0 / static_cast<double>(readout + 1)),
       {{"least", low}, {"most", high}},
       high < 5.0 / static_cast<double>(readout + 1)});
  return evidence;
}

std::vector<Evidence> evaluate_evidence(const std::vector<Neuron>& neurons,
                                        const Observations& observed, const Tensor& coefficients,
                                        int64_t variables) {
  const at::NoGradGuard no_grad;
  const int assignments = 1 << variables;
  double least = std::numeric_limits<double>::infinity();
  std::vector<bool> is_evaluating(coefficients.size(0));
  for (const Neuron& neuron : neurons) {
    is_evaluating[neuron.index] = true;
    least = std::min(least, neuron.coefficient);
  }
  const Tensor reach = observed.hidden.amax(0) * coefficients;
  double other = 0;
  int64_t against = 0;
  for (int64_t i = 0; i < coefficients.size(0); ++i) {
    if (is_evaluating[i]) continue;
    other = std::max(other, std::abs(coefficients[i].item<double>()));
    against += reach[i].item<double>() < -0.1;
  }
  std::vector<Evidence> evidence;
  evidence.push_back(
      {"evaluate",
       fmt::format(
           "{} of {} hidden neurons evaluate: coefficients on the SAT logit of at least {:.2f}, "
           "all others at most {:.2f} in size",
           neurons.size(), coefficients.size(0), least, other),
       {{"neurons", neurons.size()}, {"least_coefficient", least}, {"largest_other", other}},
       static_cast<int64_t>(neurons.size()) <= 2 * assignments});
  evidence.push_back(
      {"evaluate",
       fmt::format("{} neurons speak for UNSAT (activation x coefficient below -0.1)", against),
       {{"neurons", against}},
       against == 0});
  // An assignment is covered if a formula that it alone satisfies turns some neuron on.
  int covered = 0;
  std::vector<int> missing;
  for (int a = 0; a < assignments; ++a) {
    const bool found = std::ranges::any_of(
        neurons, [&](const Neuron& neuron) { return value_of(neuron.program, uint64_t{1} << a); });
    covered += found;
    if (!found) missing.push_back(a);
  }
  evidence.push_back(
      {"evaluate",
       fmt::format("{} of {} assignments are covered: a formula that only they satisfy turns some "
                   "neuron's program on",
                   covered, assignments),
       {{"covered", covered}, {"missing", missing}},
       covered == assignments});
  int64_t worst = 0;
  double mean = 0;
  for (const Neuron& neuron : neurons) {
    worst = std::max(worst, neuron.errors);
    mean += static_cast<double>(neuron.errors) / static_cast<double>(neurons.size());
  }
  const auto n = static_cast<double>(observed.answers.size(0));
  evidence.push_back(
      {"evaluate",
       fmt::format(
           "a neuron differs from its program on {} of the deriving formulas on average, at "
           "worst on {}",
           percent(mean / n), percent(static_cast<double>(worst) / n)),
       {{"mean", mean / n}, {"worst", static_cast<double>(worst) / n}},
       static_cast<double>(worst) / n < 0.05});
  return evidence;
}

std::vector<Evidence> or_evidence(const Task& task, const interp::Transformer& model,
                                  const Observations& observed, const DeriveConfig& config) {
  const at::NoGradGuard no_grad;
  const Tokens tokens{task.settings().at("variables")};
  const auto at_readout = [&](std::string place) {
    return Site{.place = std::move(place), .positions = {task.readout()}};
  };
  const Tensor inputs = sample(task, model, config);
  const Site logits = at_readout(hook::logits()), mlp_out = at_readout(hook::mlp_out(1));
  const auto usual = model.trace(inputs, {.record = {logits, mlp_out}, .overwrite = {}});
  const Tensor decision = answers(usual[0], tokens);
  const auto flips = [&](const Site& site, const Tensor& value) {
    const Tensor changed =
        model.trace(inputs, {.record = {logits}, .overwrite = {{site, value}}})[0];
    return answers(changed, tokens).ne(decision).to(torch::kFloat64).mean().item<double>();
  };
  const Tensor mean = observed.mean_mid.to(inputs.device());
  const Site stream = at_readout(hook::resid_post(1));
  const double without_mlp = flips(mlp_out, at::zeros_like(usual[1]));
  const double without_path = flips(stream, usual[1]);
  const double mean_path = flips(stream, usual[1] + mean);
  const double opposite =
      (model.W_U().select(1, tokens.sat()) + model.W_U().select(1, tokens.unsat()))
          .norm()
          .item<double>();
  const double length = model.W_U().select(1, tokens.sat()).norm().item<double>();
  return {
      {"or",
       fmt::format(
           "the SAT and UNSAT unembeddings are opposite: their sum has norm {:.1e} (each {:.2f})",
           opposite, length),
       {{"norm_of_sum", opposite}, {"norm", length}},
       opposite < 0.05 * length},
      {"or",
       fmt::format("without block 2's MLP {} of the answers flip", percent(without_mlp)),
       {{"flips", without_mlp}},
       without_mlp > 0.3},
      {"or",
       fmt::format("without the direct path around it {} flip; with its mean instead {}",
                   percent(without_path), percent(mean_path)),
       {{"removed", without_path}, {"mean", mean_path}},
       mean_path < 0.1}};
}

}  // namespace assay::tasks::two_sat
