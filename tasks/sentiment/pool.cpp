#include "tasks/sentiment/pool.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "interp/statistics/random.h"

namespace assay::tasks::sentiment {
namespace {

// What uniform_at() and permutation_at() decide.
constexpr uint64_t kOrder = 0, kBlocks = 1, kPhase = 2;

/// Whether a text is called positive in this pass, so that it is in about n · share of any n
/// passes.
bool is_called_positive(double rating, double phase, int64_t pass) {
  const double share = share_of_positive(rating);
  const auto n = static_cast<double>(pass);
  return std::floor((n + 1) * share + phase) > std::floor(n * share + phase);
}

}  // namespace

double share_of_positive(double rating) {
  return 1 / (1 + std::exp(-1.5 * rating));
}

Pool::Pool(std::vector<RatedText> texts, const Layout& layout)
    : texts_(std::move(texts)), layout_(layout) {
  for (size_t i = 0; i < texts_.size(); ++i)
    of_part_[static_cast<size_t>(texts_[i].part)].push_back(static_cast<int64_t>(i));
}

std::vector<int64_t> Pool::pass(uint64_t seed, int64_t number) const {
  const std::vector<int64_t>& all = of_part_[static_cast<size_t>(Part::Train)];
  const int64_t alike = std::min(kAlike, std::ssize(all)), blocks = std::ssize(all) / alike;
  const auto row = static_cast<uint64_t>(number);
  std::vector<int64_t> order =
      statistics::permutation_at(statistics::seed_at(seed, kOrder, 0), row, std::ssize(all));
  order.resize(blocks * alike);
  std::ranges::stable_sort(order, {}, [&](int64_t i) { return texts_[all[i]].tokens.size(); });
  std::vector<int64_t> texts;
  for (const int64_t block :
       statistics::permutation_at(statistics::seed_at(seed, kBlocks, 0), row, blocks))
    for (int64_t i = 0; i < alike; ++i) texts.push_back(all[order[block * alike + i]]);
  return texts;
}

std::vector<Pool::Drawn> Pool::drawn_to_train(uint64_t seed, int64_t first, int64_t count) const {
  const uint64_t phases = statistics::seed_at(seed, kPhase, 0);
  std::vector<Drawn> drawn;
  std::vector<int64_t> texts = pass(seed, 0);
  const int64_t length = std::ssize(texts);
  int64_t number = 0;
  for (int64_t i = first; i < first + count; ++i) {
    if (i / length != number) texts = pass(seed, number = i / length);
    const int64_t text = texts[i % length];
    const double phase = statistics::uniform_at(phases, 0, static_cast<uint64_t>(text));
    drawn.push_back({text, is_called_positive(texts_[text].rating, phase, number)});
  }
  return drawn;
}

interp::LabelledBatch Pool::batch_of(const std::vector<Drawn>& drawn) const {
  const int64_t n = std::ssize(drawn);
  interp::LabelledBatch batch{
      .tokens = at::full({n, layout_.length}, layout_.filler, torch::kInt64),
      .labels = at::empty({n}, torch::kInt64),
      .readouts = at::empty({n}, torch::kInt64)};
  for (int64_t i = 0; i < n; ++i) {
    const auto& tokens = texts_[drawn[i].text].tokens;
    std::ranges::copy(tokens, batch.tokens.data_ptr<int64_t>() + i * layout_.length);
    batch.labels.data_ptr<int64_t>()[i] = drawn[i].positive ? layout_.positive : layout_.negative;
    batch.readouts.data_ptr<int64_t>()[i] = std::ssize(tokens) - 1;
  }
  return batch;
}

interp::LabelledBatch Pool::sample(Part part, uint64_t seed, int64_t first, int64_t count) const {
  if (part == Part::Train) return batch_of(drawn_to_train(seed, first, count));
  const std::vector<int64_t>& all = of_part_[static_cast<size_t>(part)];
  std::vector<Drawn> drawn;
  for (int64_t i = first; i < first + count; ++i) {
    const int64_t text = all[statistics::scattered(seed, static_cast<uint64_t>(i)) % all.size()];
    drawn.push_back({text, texts_[text].rating > 0});
  }
  return batch_of(drawn);
}

Domain Pool::domain() const {
  std::vector<Drawn> drawn;
  Domain domain;
  for (size_t i = 0; i < texts_.size(); ++i) {
    drawn.push_back({static_cast<int64_t>(i), texts_[i].rating > 0});
    domain.part.push_back(texts_[i].part);
  }
  domain.inputs = batch_of(drawn);
  return domain;
}

}  // namespace assay::tasks::sentiment
