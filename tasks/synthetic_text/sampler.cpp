#include "tasks/synthetic_text/sampler.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace assay::tasks::synthetic_text {
namespace {

std::vector<double> frequencies(const Language& language) {
  std::vector<double> all;
  for (const Word& word : language.words) all.push_back(word.frequency);
  return all;
}

}  // namespace

Part part_of(const Text& text) {
  uint64_t hash = text.size();
  for (const int64_t word : text) hash = statistics::scattered(hash, static_cast<uint64_t>(word));
  constexpr Part kQuarters[] = {Part::Train, Part::Train, Part::Derive, Part::Test};
  return kQuarters[hash >> 62];
}

Sampler::Sampler(const Language& language, Part part, uint64_t seed)
    : language_(language), part_(part), seed_(seed), words_(frequencies(language)) {}

int64_t Sampler::draw_length(statistics::Engine& engine) const {
  const int64_t longest = language_.max_length;
  if (language_.lengths == Lengths::Uniform) return statistics::draw_between(engine, 1, longest);
  int64_t length = 0;
  while (length == 0) length = statistics::draw_binomial(engine, longest, 0.5);
  return length;
}

Labelled Sampler::draw(uint64_t index) const {
  statistics::Engine engine(
      statistics::scattered(statistics::scattered(seed_, static_cast<uint64_t>(part_)), index));
  Labelled drawn;
  do {
    drawn.text.resize(draw_length(engine));
    for (int64_t& word : drawn.text) word = words_(engine);
  } while (part_of(drawn.text) != part_);
  const double probability = 1 / (1 + std::exp(-log_odds(language_, drawn.text)));
  drawn.positive = statistics::draw_bernoulli(engine, probability);
  return drawn;
}

interp::LabelledBatch Sampler::batch(int64_t first, int64_t count) const {
  interp::LabelledBatch batch{
      .tokens = at::full({count, language_.max_length}, language_.filler(), torch::kInt64),
      .labels = at::empty({count}, torch::kInt64),
      .readouts = at::empty({count}, torch::kInt64)};
  auto* row = batch.tokens.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i, row += language_.max_length) {
    const auto [text, positive] = draw(static_cast<uint64_t>(first + i));
    std::ranges::copy(text, row);
    batch.labels.data_ptr<int64_t>()[i] = positive ? language_.positive() : language_.negative();
    batch.readouts.data_ptr<int64_t>()[i] = static_cast<int64_t>(text.size()) - 1;
  }
  return batch;
}

}  // namespace assay::tasks::synthetic_text
