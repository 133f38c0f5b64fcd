#include "axioms/alignment.h"

#include <fmt/format.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

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

constexpr double kRidge = 1e-3;       // of the activations' mean variance
constexpr double kLearningRate = .1;  // of a subspace's basis, whose columns have length 1
constexpr int64_t kPairsPerStep = 128;

/// x W + b, fitted by ridge regression to centred columns.
struct RidgeMap {
  Tensor weight, bias;  // float64 [n, k], [k]
  Tensor operator()(const Tensor& x) const { return at::matmul(x, weight) + bias; }
};

RidgeMap fit_ridge(const Tensor& x, const Tensor& y) {
  const Tensor mean = x.mean(0), centred = x - mean, target = y.mean(0);
  const Tensor gram = at::matmul(centred.t(), centred);
  const double ridge = kRidge * gram.diag().mean().item<double>() + 1e-9;
  const Tensor eye = at::eye(x.size(1), x.options());
  const Tensor weight = at::cholesky_solve(at::matmul(centred.t(), y - target),
                                           at::linalg_cholesky(gram + ridge * eye));
  return {weight, target - at::mv(weight.t(), mean)};
}

/// Share of the variance of all elements together.
double explained_share(const Tensor& y, const Tensor& predicted) {
  const double whole = (y - y.mean(0)).square().sum().item<double>();
  return whole == 0 ? 0 : 1 - (y - predicted).square().sum().item<double>() / whole;
}

/// Places with one vector per position on the way to the logits.
std::vector<std::string> places_of(const interp::Network& network, const Site& logits) {
  std::vector<std::string> names;
  for (const interp::Place& place : network.places().all) {
    const bool vector_per_position =
        place.axes.size() == 2 && place.axes[0].first == interp::Axis::Position &&
        (place.axes[1].first == interp::Axis::Model || place.axes[1].first == interp::Axis::Neuron);
    if (vector_per_position && place.name != logits.place &&
        network.reaches({{.place = place.name}}, logits) != interp::Found::No)
      names.push_back(place.name);
  }
  return names;
}

/// Activations of all inputs at a place: float32 [n, pos, width].
Tensor activations_at(const interp::Network& network, const std::string& place,
                      const Tensor& tokens) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> all;
  const interp::Chunks chunks(tokens.size(0), network.inputs_per_run());
  chunks.in_turn([&](const interp::Chunk& chunk) {
    all.push_back(network
                      .trace(tokens.narrow(0, chunk.first, chunk.count),
                             {.record = {{.place = place}}, .overwrite = {}})
                      .front());
  });
  return at::cat(all);
}

/// Pairs of inputs, none twice, and the answers that the interpretation concludes for the first of
/// each if the node's value is the second's.
struct ExchangePairs {
  Tensor base, source;  // int64 [pairs], places among all inputs
  Tensor concluded;     // int64 [pairs], indices of answers
};

struct PlaceSearch {
  const Experiment& experiment;
  size_t step;
  Tensor tokens;
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
  ExchangePairs pairs{all.narrow(0, 0, n), all.narrow(0, n, n), {}};
  const circuits::Program& program = search.experiment.program;
  std::vector<Value> own;
  for (const Value& value : search.prefix) own.push_back(value.index_select(0, pairs.base));
  const Value concluded =
      conclusion(program, search.step, own, search.tokens.index_select(0, pairs.base),
                 search.prefix[search.step].index_select(0, pairs.source));
  // What γ of the output writes for a conclusion decides as the conclusion says.
  pairs.concluded =
      decide(search.experiment.decision, program.steps[program.output].gamma(concluded).front());
  return pairs;
}

/// Logits of the answers with the subspace of `basis` exchanged: float [pairs, answers].
Tensor exchanged_logits(const PlaceSearch& search, const Site& site, const Tensor& activations,
                        const Tensor& base, const Tensor& source, const Tensor& basis) {
  const Tensor own = activations.index_select(0, base), other = activations.index_select(0, source);
  const Tensor written = own + at::matmul(at::matmul(other - own, basis), basis.t());
  const interp::Network& network = search.experiment.network;
  const Tensor logits = network
                            .trace(search.tokens.index_select(0, base),
                                   {.record = {search.experiment.decision.site(network)},
                                    .overwrite = {{site, written.unsqueeze(1)}}})
                            .front();
  const Tensor answers = torch::tensor(search.experiment.decision.answers, torch::kInt64);
  return logits.select(1, 0).index_select(1, answers);
}

/// Pairs that are decided otherwise than concluded. An undefined basis exchanges nothing.
statistics::Estimate count_wrong(const PlaceSearch& search, const Site& site,
                                 const Tensor& activations, const ExchangePairs& pairs,
                                 const Tensor& basis) {
  const at::NoGradGuard no_grad;
  statistics::Estimate wrong;
  const Tensor none = at::zeros({activations.size(1), 1}, activations.options());
  const interp::Chunks chunks(pairs.base.size(0), search.experiment.network.inputs_per_run());
  chunks.in_turn([&](const interp::Chunk& chunk) {
    const auto part = [&](const Tensor& t) { return t.narrow(0, chunk.first, chunk.count); };
    const Tensor decided = exchanged_logits(search, site, activations, part(pairs.base),
                                            part(pairs.source), basis.defined() ? basis : none)
                               .argmax(1);
    wrong += {chunk.count, decided.ne(part(pairs.concluded)).sum().item<int64_t>()};
  });
  return wrong;
}

Tensor orthonormal(const Tensor& columns) {
  return std::get<0>(at::linalg_qr(columns));
}

/// Rotates the subspace so that the fitted pairs decide as concluded; the best of all steps.
Tensor rotated(const PlaceSearch& search, const Site& site, const Tensor& activations,
               Tensor basis) {
  const ExchangePairs& pairs = search.fitted;
  Tensor best = basis;
  int64_t fewest = count_wrong(search, site, activations, pairs, basis).failures;
  const int64_t n = pairs.base.size(0), batch = std::min(n, kPairsPerStep);
  for (int64_t step = 0; step < search.config.steps && fewest > 0; ++step) {
    const int64_t first = step * batch % (n - batch + 1);
    const auto part = [&](const Tensor& t) { return t.narrow(0, first, batch); };
    Tensor gradient;
    {
      const at::AutoGradMode with_gradients(true);
      const Tensor columns = basis.detach().clone().requires_grad_(true);
      const Tensor logits = exchanged_logits(search, site, activations, part(pairs.base),
                                             part(pairs.source), orthonormal(columns));
      const Tensor loss = at::cross_entropy_loss(logits, part(pairs.concluded));
      gradient = torch::autograd::grad({loss}, {columns}).front();
    }
    const at::NoGradGuard no_grad;
    const Tensor length = gradient.norm();
    if (!(length.item<double>() > 0)) break;
    basis = orthonormal(basis - kLearningRate * gradient / length);
    const int64_t wrong = count_wrong(search, site, activations, pairs, basis).failures;
    if (wrong < fewest) {
      fewest = wrong;
      best = basis;
    }
  }
  return best;
}

/// A random subspace of the same dimension, orthogonal to this one; what is left, where that is
/// less.
Tensor random_beside(const Tensor& basis, uint64_t seed) {
  const int64_t width = basis.size(0), left = width - basis.size(1);
  if (left == 0) return {};
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const Tensor random = at::randn({width, std::min(left, basis.size(1))}, generator);
  return orthonormal(random - at::matmul(basis, at::matmul(basis.t(), random)));
}

AlignmentCandidate candidate_at(const PlaceSearch& search, const ProbedSite& probed,
                                const Tensor& activations, int64_t dimensions) {
  // What the probe's predictions vary along most, read back into the activations.
  const Tensor x = activations.narrow(0, 0, search.half()).to(torch::kFloat64);
  const RidgeMap probe = fit_ridge(x, search.value.narrow(0, 0, search.half()));
  const Tensor predicted = at::matmul(x - x.mean(0), probe.weight);
  const Tensor along = std::get<1>(at::linalg_eigh(at::matmul(predicted.t(), predicted)))
                           .narrow(1, probe.weight.size(1) - dimensions, dimensions);
  const Tensor start = orthonormal(at::matmul(probe.weight, along)).to(torch::kFloat32);
  const Tensor basis = rotated(search, probed.site, activations, start);
  const Tensor random = random_beside(basis, search.config.seed);
  const auto wrong = [&](const Tensor& subspace) {
    return count_wrong(search, probed.site, activations, search.held_out, subspace);
  };
  return {.site = probed.site,
          .dimensions = dimensions,
          .explained = probed.explained,
          .exchanged = wrong(basis),
          .random = wrong(random),
          .untouched = wrong({})};
}

/// The probe of every position of every place.
std::vector<ProbedSite> probe_sites(const PlaceSearch& search) {
  std::vector<ProbedSite> sites;
  const interp::Network& network = search.experiment.network;
  const Site logits = search.experiment.decision.site(network);
  const auto names = places_of(network, logits);
  const int64_t half = search.half(), rest = search.tokens.size(0) - half;
  for (size_t i = 0; i < names.size(); ++i) {
    const Tensor all = activations_at(network, names[i], search.tokens);
    for (int64_t pos = 0; pos < all.size(1); ++pos) {
      const Site site{.place = names[i], .positions = {pos}};
      if (network.reaches({site}, logits) == interp::Found::No) continue;
      const Tensor x = all.select(1, pos).to(torch::kFloat64);
      if ((x - x[0]).abs().max().item<double>() == 0) continue;  // the same on all inputs
      const RidgeMap probe = fit_ridge(x.narrow(0, 0, half), search.value.narrow(0, 0, half));
      sites.push_back({site, explained_share(search.value.narrow(0, half, rest),
                                             probe(x.narrow(0, half, rest)))});
    }
    if (search.config.on_progress)
      search.config.on_progress(static_cast<int64_t>(i) + 1, std::ssize(names));
  }
  std::ranges::stable_sort(sites, std::greater(), &ProbedSite::explained);
  return sites;
}

circuits::Node node_at(circuits::Node node, const PlaceSearch& search, const Site& site,
                       const circuits::ValueCode& code) {
  const int64_t half = search.half();
  const Tensor x = activations_at(search.experiment.network, site.place, search.tokens)
                       .select(1, site.positions[0])
                       .narrow(0, 0, half)
                       .to(torch::kFloat64);
  const Tensor y = search.value.narrow(0, 0, half);
  const RidgeMap read = fit_ridge(x, y), write = fit_ridge(y, x);
  node.sites = node.reads = {site};
  node.alpha = {.name = "read_value",
                .parameters = {{"kind", code.kind}, {"shape", code.shape}},
                .tensors = {{"weight", read.weight}, {"bias", read.bias}}};
  node.gamma = {.name = "write_value",
                .parameters = {{"kind", code.kind}},
                .tensors = {{"weight", write.weight}, {"bias", write.bias}}};
  if (code.values.defined())
    node.alpha.tensors["values"] = node.gamma.tensors["values"] = code.values;
  return node;
}

void require_aligned(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("align: " + what);
}

}  // namespace

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
        return std::pair(candidate.better_than_chance,
                         std::min(1 - candidate.exchanged.rate(), candidate.explained));
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
                     .value = {},
                     .prefix = circuits::prefix_values(program, tokens),
                     .config = config,
                     .fitted = {},
                     .held_out = {}};
  const Value& value = search.prefix[search.step];
  const circuits::ValueCode code = circuits::code_of(value);
  search.value = code.encode(value);
  require_aligned((search.value - search.value[0]).abs().max().item<double>() > 0,
                  fmt::format("the value of '{}' is the same on all inputs", node));
  search.fitted = pairs_among(search, 0, search.half());
  search.held_out = pairs_among(search, search.half(), tokens.size(0) - search.half());

  Alignment result{.node = node,
                   .fitted = search.half(),
                   .held_out = tokens.size(0) - search.half(),
                   .width = search.value.size(1),
                   .confidence = config.confidence,
                   .sites = probe_sites(search)};
  for (int64_t i = 0; i < std::min<int64_t>(config.sites, std::ssize(result.sites)); ++i) {
    const ProbedSite& probed = result.sites[i];
    const Tensor activations = activations_at(experiment.network, probed.site.place, tokens)
                                   .select(1, probed.site.positions[0])
                                   .contiguous();
    for (const int64_t dimensions : config.dimensions)
      if (dimensions <= std::min(result.width, activations.size(1)))
        result.candidates.push_back(candidate_at(search, probed, activations, dimensions));
  }
  conclude(result);
  if (!result.candidates.empty()) {
    const auto found = std::ranges::find(interpretation.nodes, node, &circuits::Node::name);
    result.found = node_at(*found, search, result.candidates.front().site, code);
  }
  return result;
}

}  // namespace assay::axioms
