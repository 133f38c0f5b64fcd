#include "axioms/alignment.h"

#include <fmt/format.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "axioms/exchanged_answers.h"
#include "axioms/value_probes.h"
#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/value_operations.h"
#include "interp/execution/chunks.h"
#include "interp/network/network.h"
#include "interp/statistics/p_values.h"
#include "interp/statistics/random.h"

namespace assay::axioms {
namespace {

using at::Tensor;
using circuits::Value;
using interp::Site;

constexpr double kLearningRate = .1;  // of a subspace's bases, whose columns have length 1
constexpr int64_t kPairsPerStep = 128, kStepsPerCount = 4;

/// Pairs of inputs, none twice, with what exchanging a value at a site takes.
struct ExchangePairs {
  Tensor base, source;          // int64 [pairs], places among all inputs
  Tensor tokens = {};           // of the bases
  Tensor concluded = {};        // int64 [pairs]: the program's answers with the source's value
  Tensor own = {}, other = {};  // float32 [pairs, positions, width] at the site

  int64_t count() const { return tokens.size(0); }
  ExchangePairs part(int64_t first, int64_t n) const {
    const auto some = [&](const Tensor& t) { return t.defined() ? t.narrow(0, first, n) : t; };
    return {some(base), some(source), some(tokens), some(concluded), some(own), some(other)};
  }
  ExchangePairs with(const Tensor& activations) const {
    ExchangePairs pairs = *this;
    pairs.own = activations.index_select(0, base);
    pairs.other = activations.index_select(0, source);
    return pairs;
  }
};

struct PlaceSearch {
  const Experiment& experiment;
  size_t step;
  Tensor tokens;
  circuits::ValueCode code;
  Tensor value;  // float64 [n, width]
  std::vector<Value> prefix;
  AlignmentConfig config;
  ExchangePairs fitted, held_out;

  int64_t half() const { return tokens.size(0) / 2; }
};

ExchangePairs pairs_among(const PlaceSearch& search, int64_t first, int64_t count) {
  const std::vector<int64_t> order = statistics::permutation_at(search.config.seed, first, count);
  const Tensor all = torch::tensor(order, torch::kInt64) + first;
  const int64_t n = count / 2;
  ExchangePairs pairs{.base = all.narrow(0, 0, n), .source = all.narrow(0, n, n)};
  std::vector<Value> own;
  for (const Value& value : search.prefix) own.push_back(value.index_select(0, pairs.base));
  pairs.tokens = search.tokens.index_select(0, pairs.base);
  pairs.concluded =
      exchanged_answer(search.experiment, pairs.tokens, own,
                       {{search.step, search.prefix[search.step].index_select(0, pairs.source)}});
  return pairs;
}

/// The activations of the bases with the sources' part of the subspace.
interp::Overwrite exchanged(const ExchangePairs& pairs, const Subspace& subspace) {
  const Tensor difference = pairs.other - pairs.own;
  std::vector<Tensor> moved;
  for (int64_t i = 0; i < std::ssize(subspace.columns); ++i) {
    const Tensor& columns = subspace.columns[i];
    moved.push_back(at::matmul(at::matmul(difference.select(1, i), columns), columns.t()));
  }
  return {subspace.site, pairs.own + at::stack(moved, 1)};
}

/// Pairs that are decided otherwise than concluded.
statistics::Estimate count_missed(const Experiment& experiment, const ExchangePairs& pairs,
                                  const Subspace& subspace) {
  const at::NoGradGuard no_grad;
  statistics::Estimate wrong;
  const interp::Chunks chunks(pairs.count(), experiment.network.inputs_per_run());
  chunks.in_turn([&](const interp::Chunk& chunk) {
    const ExchangePairs part = pairs.part(chunk.first, chunk.count);
    const Tensor decision = decision_with(experiment, part.tokens, {exchanged(part, subspace)});
    wrong += {chunk.count, missed(decision, part.concluded).sum().item<int64_t>()};
  });
  return wrong;
}

Tensor orthonormal(const Tensor& columns) {
  return std::get<0>(at::linalg_qr(columns));
}

/// Of minus the log-probability of the concluded answers among all answers, by each position's
/// columns.
std::vector<Tensor> gradients(const Experiment& experiment, const ExchangePairs& pairs,
                              const Subspace& subspace) {
  const at::AutoGradMode with_gradients(true);
  std::vector<Tensor> columns;
  Subspace turned{subspace.site, {}};
  for (const Tensor& own : subspace.columns) {
    columns.push_back(own.detach().clone().requires_grad_(true));
    turned.columns.push_back(orthonormal(columns.back()));
  }
  const interp::Network& network = experiment.network;
  const Tensor logits = network
                            .trace(pairs.tokens, {.record = {experiment.decision.site(network)},
                                                  .overwrite = {exchanged(pairs, turned)}})
                            .front();
  const Tensor answers = torch::tensor(experiment.decision.answers, torch::kInt64);
  const Tensor loss = at::cross_entropy_loss(logits.select(1, 0).index_select(1, answers),
                                             pairs.concluded, {}, at::Reduction::Sum, kTie);
  return torch::autograd::grad({loss}, columns);
}

/// Rotates the subspace so that the fitted pairs decide as concluded; the best of those counted.
Subspace rotated(const PlaceSearch& search, const ExchangePairs& pairs, Subspace subspace) {
  const auto missed_by = [&](const Subspace& one) {
    return count_missed(search.experiment, pairs, one).failures;
  };
  Subspace best = subspace;
  int64_t fewest = missed_by(best);
  const int64_t batch = std::min(pairs.count(), kPairsPerStep), steps = search.config.steps;
  for (int64_t step = 1; step <= steps && fewest > 0; ++step) {
    const int64_t first = (step - 1) * batch % (pairs.count() - batch + 1);
    const std::vector<Tensor> slopes =
        gradients(search.experiment, pairs.part(first, batch), subspace);
    double length = 0;
    for (const Tensor& slope : slopes) length += slope.square().sum().item<double>();
    if (!(length > 0)) break;
    for (size_t i = 0; i < slopes.size(); ++i)
      subspace.columns[i] =
          orthonormal(subspace.columns[i] - kLearningRate / std::sqrt(length) * slopes[i]);
    if (step % kStepsPerCount > 0 && step < steps) continue;
    if (const int64_t wrong = missed_by(subspace); wrong < fewest) {
      fewest = wrong;
      best = subspace;
    }
  }
  return best;
}

/// At each position a random subspace of the same dimension, orthogonal to this one; what is left,
/// where that is less.
Subspace random_beside(const Subspace& subspace, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  Subspace beside{subspace.site, {}};
  for (const Tensor& columns : subspace.columns) {
    const int64_t left = columns.size(0) - columns.size(1);
    const Tensor random = at::randn({columns.size(0), std::min(left, columns.size(1))}, generator);
    beside.columns.push_back(
        left == 0 ? random
                  : orthonormal(random - at::matmul(columns, at::matmul(columns.t(), random))));
  }
  return beside;
}

Subspace nothing_of(const Subspace& subspace) {
  Subspace none{subspace.site, {}};
  for (const Tensor& columns : subspace.columns) none.columns.push_back(columns.narrow(1, 0, 0));
  return none;
}

/// A site with the activations of all inputs there, and what probes of the fitted half read.
struct ReadSite {
  Reading reading;
  Tensor activations;            // float32 [n, positions, width]
  std::vector<Tensor> columns;   // of the value, by position
  std::vector<RidgeMap> probes;  // from the activations at a position to those columns
  double explained = 0;          // of the value's variance on the held-out half
};

ReadSite read_at(const PlaceSearch& search, const Reading& reading) {
  ReadSite site{
      .reading = reading,
      .activations = activations_at(search.experiment.network, reading.site, search.tokens),
      .columns = {},
      .probes = {}};
  const int64_t half = search.half(), rest = search.tokens.size(0) - half;
  const Tensor asked = search.value.narrow(0, half, rest);
  double residual = 0;
  for (int64_t i = 0; i < std::ssize(reading.site.positions); ++i) {
    site.columns.push_back(reading.columns_at(i, search.code.per_element()));
    const Tensor x = site.activations.select(1, i).to(torch::kFloat64),
                 y = search.value.index_select(1, site.columns.back());
    site.probes.push_back(fit_ridge(x.narrow(0, 0, half), y.narrow(0, 0, half)));
    residual += (y.narrow(0, half, rest) - site.probes.back()(x.narrow(0, half, rest)))
                    .square()
                    .sum()
                    .item<double>();
  }
  const double whole = (asked - asked.mean(0)).square().sum().item<double>();
  site.explained = whole == 0 ? 0 : 1 - residual / whole;
  return site;
}

/// The directions that rows vary along most: orthonormal columns, float64 [width, n].
Tensor along_most(const Tensor& rows, int64_t n) {
  return std::get<1>(at::linalg_eigh(at::matmul(rows.t(), rows))).narrow(1, rows.size(1) - n, n);
}

/// Two places to begin: at each position what the probe's predictions of the value vary along most,
/// read back into the activations, and what predictions of the activations from the value vary
/// along most. They are the same only where nothing else varies there.
std::vector<Subspace> beginnings(const PlaceSearch& search, const ReadSite& site,
                                 int64_t dimensions) {
  Subspace reading{site.reading.site, {}}, writing = reading;
  for (int64_t i = 0; i < std::ssize(site.probes); ++i) {
    const Tensor x = site.activations.select(1, i).narrow(0, 0, search.half()).to(torch::kFloat64),
                 y = search.value.index_select(1, site.columns[i]).narrow(0, 0, search.half());
    const Tensor& weight = site.probes[i].weight;
    const int64_t n = std::min({dimensions, weight.size(0), weight.size(1)});
    const Tensor read = at::matmul(x - x.mean(0), weight),
                 written = at::matmul(y - y.mean(0), fit_ridge(y, x).weight);
    reading.columns.push_back(
        orthonormal(at::matmul(weight, along_most(read, n))).to(torch::kFloat32));
    writing.columns.push_back(along_most(written, n).to(torch::kFloat32).contiguous());
  }
  return {reading, writing};
}

AlignmentCandidate candidate_at(const PlaceSearch& search, const ReadSite& site,
                                int64_t dimensions) {
  const ExchangePairs fitted = search.fitted.with(site.activations);
  const Subspace begin = std::ranges::min(
      beginnings(search, site, dimensions), {},
      [&](const Subspace& one) { return count_missed(search.experiment, fitted, one).failures; });
  const Subspace subspace = rotated(search, fitted, begin);
  const ExchangePairs held_out = search.held_out.with(site.activations);
  const auto wrong = [&](const Subspace& one) {
    return count_missed(search.experiment, held_out, one);
  };
  return {.site = site.reading.site,
          .dimensions = dimensions,
          .explained = site.explained,
          .exchanged = wrong(subspace),
          .random = wrong(random_beside(subspace, search.config.seed)),
          .untouched = wrong(nothing_of(subspace))};
}

/// The largest subspace that a probe of one of the positions could tell from the rest.
int64_t most_dimensions(const ReadSite& site) {
  int64_t most = 0;
  for (const RidgeMap& probe : site.probes)
    most = std::max(most, std::min(probe.weight.size(0), probe.weight.size(1)));
  return most;
}

circuits::Node node_at(circuits::Node node, const PlaceSearch& search, const ReadSite& site) {
  const int64_t half = search.half(), positions = site.activations.size(1),
                width = site.activations.size(2), k = search.value.size(1);
  const Tensor y = search.value.narrow(0, 0, half);
  Tensor weight = at::zeros({positions, width, k}, torch::kFloat64),
         bias = at::zeros({k}, torch::kFloat64);
  for (int64_t i = 0; i < positions; ++i) {
    weight[i].index_copy_(1, site.columns[i], site.probes[i].weight);
    bias.index_copy_(0, site.columns[i], site.probes[i].bias);
  }
  const RidgeMap write =
      fit_ridge(y, site.activations.narrow(0, 0, half).flatten(1).to(torch::kFloat64));
  const circuits::ValueCode& code = search.code;
  node.sites = node.reads = {site.reading.site};
  node.alpha = {.name = "read_value",
                .parameters = {{"kind", code.kind}, {"shape", code.shape}},
                .tensors = {{"weight", weight.flatten(0, 1)}, {"bias", bias}}};
  node.gamma = {.name = "write_value",
                .parameters = {{"kind", code.kind}, {"positions", positions}},
                .tensors = {{"weight", write.weight}, {"bias", write.bias}}};
  if (code.values.defined())
    node.alpha.tensors["values"] = node.gamma.tensors["values"] = code.values;
  return node;
}

/// The best site of each place, as many as asked for.
std::vector<Reading> best_of_places(const std::vector<Reading>& ranked, int64_t most) {
  std::vector<Reading> best;
  std::set<std::string> places;
  for (const Reading& reading : ranked)
    if (std::ssize(best) < most && places.insert(reading.site.place).second)
      best.push_back(reading);
  return best;
}

void require_aligned(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("align: " + what);
}

}  // namespace

statistics::Estimate count_exchanged(const Experiment& experiment, size_t v,
                                     const Subspace& subspace, const Tensor& base,
                                     const Tensor& source) {
  const circuits::Program& program = experiment.program;
  const Value value = circuits::prefix_values(program, source)[v];
  return count_missed(experiment,
                      {.base = {},
                       .source = {},
                       .tokens = base,
                       .concluded = exchanged_answer(
                           experiment, base, circuits::prefix_values(program, base), {{v, value}}),
                       .own = activations_at(experiment.network, subspace.site, base),
                       .other = activations_at(experiment.network, subspace.site, source)},
                      subspace);
}

bool Alignment::is_found() const {
  return !candidates.empty() && candidates.front().better_than_chance &&
         candidates.front().explained >= .5;
}

void conclude(Alignment& alignment) {
  const double each = statistics::bonferroni(
      alignment.confidence, 4 * std::max<int64_t>(1, std::ssize(alignment.candidates)));
  for (AlignmentCandidate& candidate : alignment.candidates) {
    const double most_wrong = statistics::upper_bound(candidate.exchanged, each);
    candidate.accuracy_lower = 1 - most_wrong;
    candidate.accuracy_upper = 1 - statistics::lower_bound(candidate.exchanged, each);
    candidate.better_than_chance = most_wrong < statistics::lower_bound(candidate.random, each) &&
                                   most_wrong < statistics::lower_bound(candidate.untouched, each);
  }
  std::ranges::stable_sort(
      alignment.candidates, std::greater(), [](const AlignmentCandidate& candidate) {
        // Places that hold the same numbers differ by rounding.
        return std::pair(
            candidate.better_than_chance,
            std::round(1e4 * std::min(1 - candidate.exchanged.rate(), candidate.explained)));
      });
}

Alignment align(const Experiment& experiment, const circuits::Interpretation& interpretation,
                const std::string& node, const Tensor& tokens, const AlignmentConfig& config) {
  const circuits::Program& program = experiment.program;
  const auto step = std::ranges::find(program.steps, node, &circuits::Step::name);
  require_aligned(step != program.steps.end(), fmt::format("there is no node '{}'", node));
  require_aligned(node != interpretation.output,
                  "the output's place is where the task reads the answer");
  require_aligned(tokens.size(0) >= 64, "expected at least 64 inputs");
  require_aligned(config.steps >= 0 && config.sites >= 1 && !config.dimensions.empty() &&
                      std::ranges::min(config.dimensions) >= 1,
                  "expected one or more sites and dimensions");
  const at::NoGradGuard no_grad;
  PlaceSearch search{.experiment = experiment,
                     .step = static_cast<size_t>(step - program.steps.begin()),
                     .tokens = tokens,
                     .code = {},
                     .value = {},
                     .prefix = circuits::prefix_values(program, tokens),
                     .config = config,
                     .fitted = {},
                     .held_out = {}};
  const Value& value = search.prefix[search.step];
  search.code = circuits::code_of(value);
  search.value = search.code.encode(value);
  require_aligned((search.value - search.value[0]).abs().max().item<double>() > 0,
                  fmt::format("the value of '{}' is the same on all inputs", node));
  search.fitted = pairs_among(search, 0, search.half());
  search.held_out = pairs_among(search, search.half(), tokens.size(0) - search.half());
  const std::vector<Reading> ranked =
      rank_sites(experiment.network, experiment.decision.site(experiment.network),
                 tokens.narrow(0, 0, search.half()), search.value.narrow(0, 0, search.half()),
                 search.code.per_element(), config.on_progress);

  Alignment result{.node = node,
                   .fitted = search.half(),
                   .held_out = tokens.size(0) - search.half(),
                   .width = search.value.size(1),
                   .confidence = config.confidence};
  for (const Reading& reading : ranked) result.sites.push_back({reading.site, reading.explained});
  std::vector<ReadSite> sites;
  for (const Reading& reading : best_of_places(ranked, config.sites)) {
    sites.push_back(read_at(search, reading));
    for (const int64_t dimensions : config.dimensions)
      if (dimensions <= most_dimensions(sites.back()))
        result.candidates.push_back(candidate_at(search, sites.back(), dimensions));
  }
  conclude(result);
  if (!result.candidates.empty()) {
    const auto of = std::ranges::find(interpretation.nodes, node, &circuits::Node::name);
    const auto at_best = std::ranges::find_if(sites, [&](const ReadSite& site) {
      return site.reading.site == result.candidates.front().site;
    });
    result.found = node_at(*of, search, *at_best);
  }
  return result;
}

}  // namespace assay::axioms
