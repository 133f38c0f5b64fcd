#pragma once
// What every task promises, checked against any of them.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "interp/training/training.h"
#include "tasks/registry.h"

namespace assay::tasks {

inline constexpr auto kParts = {Part::Train, Part::Derive, Part::Test};

inline void expect_samples_of_the_right_shape_and_range(const Task& task) {
  for (const Part part : kParts) {
    const auto [tokens, labels, readouts] =
        task.sample(part, /*seed=*/1, /*first=*/3, /*count=*/20);
    EXPECT_EQ(tokens.sizes().vec(), (std::vector<int64_t>{20, task.n_ctx()}));
    EXPECT_EQ(labels.sizes().vec(), (std::vector<int64_t>{20}));
    EXPECT_EQ(tokens.scalar_type(), torch::kInt64);
    EXPECT_EQ(labels.scalar_type(), torch::kInt64);
    for (const at::Tensor& values : {tokens, labels}) {
      EXPECT_GE(values.min().item<int64_t>(), 0);
      EXPECT_LT(values.max().item<int64_t>(), task.d_vocab());
    }
    if (readouts.defined()) {
      EXPECT_EQ(readouts.sizes().vec(), (std::vector<int64_t>{20}));
      EXPECT_GE(readouts.min().item<int64_t>(), 0);
      EXPECT_LE(readouts.max().item<int64_t>(), task.readout());
    }
    EXPECT_EQ(task.sample(part, 1, 0, 0).tokens.size(0), 0);
  }
}

/// Answers are as frequent as each other.
inline void expect_balanced_answers(const Task& task) {
  constexpr int kInputs = 2000;
  for (const Part part : kParts) {
    const at::Tensor labels = task.sample(part, /*seed=*/1, 0, kInputs).labels;
    std::map<int64_t, int> counts;
    for (int i = 0; i < kInputs; ++i) ++counts[labels[i].item<int64_t>()];
    ASSERT_GE(counts.size(), 2U);
    const double share = 1.0 / static_cast<double>(counts.size());
    for (const auto& [answer, count] : counts) {
      EXPECT_NEAR(count, kInputs * share, 5 * std::sqrt(kInputs * share * (1 - share)))
          << task.token_name(answer);
    }
  }
}

inline void expect_slices_of_one_stream(const Task& task) {
  const auto inputs = task.inputs(Part::Derive, /*seed=*/5);
  const auto whole = inputs(10, 23);
  for (const auto& [first, count] : {std::pair{0, 23}, {0, 1}, {7, 9}, {22, 1}}) {
    const auto slice = inputs(10 + first, count);
    EXPECT_TRUE(slice.tokens.equal(whole.tokens.narrow(0, first, count)));
    EXPECT_TRUE(slice.labels.equal(whole.labels.narrow(0, first, count)));
  }
  EXPECT_FALSE(task.sample(Part::Derive, 6, 10, 23).tokens.equal(whole.tokens));
}

inline void expect_parts_that_share_no_input(const Task& task) {
  std::map<std::string, Part> part_of;
  for (const Part part : kParts) {
    for (const uint64_t seed : {0, 1}) {
      const at::Tensor tokens = task.sample(part, seed, 0, 300).tokens;
      for (int i = 0; i < 300; ++i) {
        const auto [found, inserted] = part_of.emplace(task.to_text(tokens[i]), part);
        EXPECT_EQ(found->second, part) << found->first;
      }
    }
  }
}

/// Where inputs can be listed: each once, with its answer, and datasets hold those of their part.
inline void expect_a_domain_that_holds_every_dataset(const Task& task) {
  const auto* finite = task.get<FiniteDomain>();
  if (!finite) return;
  const Domain domain = finite->all();
  std::map<std::string, std::pair<Part, int64_t>> known;
  for (size_t i = 0; i < domain.part.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const std::string text = task.to_text(domain.inputs.tokens[row]);
    EXPECT_TRUE(
        known.emplace(text, std::pair{domain.part[i], domain.inputs.labels[row].item<int64_t>()})
            .second)
        << text;
  }
  for (const Part part : kParts) {
    const auto [tokens, labels, readouts] = task.sample(part, /*seed=*/4, 10, 200);
    for (int64_t i = 0; i < 200; ++i) {
      const auto found = known.find(task.to_text(tokens[i]));
      ASSERT_NE(found, known.end());
      EXPECT_EQ(found->second, std::pair(part, labels[i].item<int64_t>()));
    }
  }
}

inline void expect_texts_that_can_be_read_back(const Task& task) {
  const at::Tensor tokens = task.sample(Part::Test, /*seed=*/1, 0, 50).tokens;
  for (int i = 0; i < 50; ++i) {
    const std::string text = task.to_text(tokens[i]);
    EXPECT_TRUE(task.to_tokens(text).equal(tokens[i])) << text;
  }
  std::set<std::string> names;
  for (int64_t token = 0; token < task.d_vocab(); ++token) names.insert(task.token_name(token));
  EXPECT_EQ(static_cast<int64_t>(names.size()), task.d_vocab());
  EXPECT_THROW(task.token_name(-1), std::invalid_argument);
  EXPECT_THROW(task.token_name(task.d_vocab()), std::invalid_argument);
}

/// What a transformation leaves true, and that it is a function of seed, place and input alone.
inline void expect_transformations_that_keep_the_answer(const Task& task) {
  const auto* transformations = task.get<Transformations>();
  if (!transformations) return;
  const interp::LabelledBatch batch = task.sample(Part::Test, /*seed=*/2, 0, 10000);
  const at::Tensor &tokens = batch.tokens, &labels = batch.labels;
  EXPECT_TRUE(task.need<Truth>().answers(tokens).equal(labels));
  std::set<std::string> names;
  for (const Transformation& transformation : transformations->all) {
    SCOPED_TRACE(transformation.name);
    EXPECT_TRUE(names.insert(transformation.name).second);
    const at::Tensor changed = transformation.apply(tokens, /*seed=*/3, 0);
    EXPECT_TRUE(task.need<Truth>().answers(changed).equal(labels));
    EXPECT_GT(changed.ne(tokens).any(1).to(torch::kFloat64).mean().item<double>(), 0.5);
    for (const auto& [first, count] : {std::pair{0, 1}, {7, 500}, {9999, 1}})
      EXPECT_TRUE(transformation.apply(tokens.narrow(0, first, count), 3, first)
                      .equal(changed.narrow(0, first, count)));
    for (int i = 0; i < 20; ++i) EXPECT_NO_THROW(task.to_text(changed[i]));
  }
}

/// @param preset  one that the task's settings were made for.
inline void expect_valid_recipe(const Task& task, const std::string& preset) {
  const Recipe recipe = task.need<Recipes>().of(preset);
  EXPECT_NO_THROW(interp::validate(recipe.model));
  EXPECT_NO_THROW(interp::validate(recipe.training));
  EXPECT_NO_THROW(task.require_fits(interp::describe(recipe.model)));
  EXPECT_EQ(recipe.training.readout, task.readout());
  EXPECT_GE(task.readout(), 0);
  EXPECT_LT(recipe.training.readout, recipe.model.n_ctx);
  EXPECT_GT(recipe.initialisation.embedding_scale, 0);
  EXPECT_GT(recipe.initialisation.writer_scale, 0);
}

/// Truth answers what was drawn as it is labelled, and Distribution knows each input's part.
inline void expect_truth_and_parts_of_what_is_drawn(const Task& task) {
  for (const Part part : kParts) {
    const auto [tokens, labels, readouts] = task.sample(part, /*seed=*/6, 5, 100);
    if (const auto* truth = task.get<Truth>()) {
      EXPECT_TRUE(truth->answers(tokens).equal(labels));
    }
    for (int64_t i = 0; i < 100; ++i) {
      EXPECT_TRUE(task.can_draw(tokens[i])) << task.to_text(tokens[i]);
      if (task.get<Distribution>()) {
        EXPECT_EQ(task.part_of(tokens[i]), part);
      }
    }
  }
}

/// A partner is another input of the task, which some wrong answer answers.
inline void expect_partners_that_are_answered_otherwise(const Task& task) {
  const auto* partners = task.get<Partners>();
  if (!partners) return;
  const auto data = partners->sample(Part::Derive, /*seed=*/2, 3, 40);
  const auto slice = partners->sample(Part::Derive, 2, 3 + 7, 5);
  EXPECT_TRUE(slice.clean.equal(data.clean.narrow(0, 7, 5)));
  EXPECT_TRUE(slice.corrupt.equal(data.corrupt.narrow(0, 7, 5)));
  EXPECT_EQ(data.corrupt.sizes(), data.clean.sizes());
  EXPECT_TRUE(data.corrupt.ne(data.clean).any(1).all().item<bool>());
  EXPECT_FALSE(data.right.logical_and(data.wrong).any().item<bool>());
  EXPECT_TRUE(data.right.any(1).logical_and(data.wrong.any(1)).all().item<bool>());
  if (const auto* truth = task.get<Truth>()) {
    const auto among = [](const at::Tensor& mask, const at::Tensor& answers) {
      return mask.gather(1, answers.unsqueeze(1)).all().item<bool>();
    };
    EXPECT_TRUE(among(data.right, truth->answers(data.clean)));
    EXPECT_TRUE(among(data.wrong, truth->answers(data.corrupt)));
  }
}

/// Every kind of feature covers tokens of the input, each at most once; what is relevant and what
/// interventions change are features.
inline void expect_features_of_every_kind(const Task& task) {
  const at::Tensor tokens = task.sample(Part::Test, /*seed=*/1, 0, 1).tokens[0];
  const auto sequence = task.sequence_of(tokens);
  for (const std::string& kind : task.feature_kinds()) {
    SCOPED_TRACE(kind);
    const auto features = task.features(kind, sequence);
    ASSERT_FALSE(features.empty());
    std::set<int64_t> covered;
    for (const auto& feature : features)
      for (const int64_t position : feature.positions) {
        EXPECT_GE(position, 0);
        EXPECT_LT(position, std::ssize(sequence));
        EXPECT_TRUE(covered.insert(position).second) << position;
      }
    for (const Relevance& known : task.relevance(kind, sequence))
      EXPECT_EQ(known.relevant.numel(), std::ssize(features)) << known.name;
    const at::Tensor others = task.interventions(kind, sequence, 0);
    EXPECT_EQ(others.size(1), task.n_ctx());
  }
  EXPECT_THROW(task.features("no such kind", sequence), std::invalid_argument);
}

/// Features of inputs are whole numbers from 0, one column each, the same in any batch.
inline void expect_features_of_inputs(const Task& task) {
  const auto* features = task.get<InputFeatures>();
  if (!features) return;
  const at::Tensor tokens = task.sample(Part::Test, /*seed=*/1, 0, 20).tokens;
  const at::Tensor values = features->of(tokens);
  EXPECT_EQ(values.sizes(), (std::vector<int64_t>{20, std::ssize(features->all)}));
  EXPECT_GE(values.min().item<int64_t>(), 0);
  EXPECT_TRUE(values.narrow(0, 7, 5).equal(features->of(tokens.narrow(0, 7, 5))));
}

/// Every replacer is made by its name.
inline void expect_replacers(const Task& task) {
  EXPECT_EQ(std::ssize(task.token_types()), task.d_vocab());
  for (const std::string& name : task.replacer_names())
    EXPECT_EQ(task.replacer(name)->name(), name);
  EXPECT_THROW(task.replacer("no such replacer"), std::invalid_argument);
}

/// What a task lacks it says in its own name, and what it has it has once.
inline void expect_refusals_of_what_is_missing(const Task& task) {
  const auto refused = [&]<class Capability>(const Capability*) {
    if (task.get<Capability>()) return;
    try {
      task.need<Capability>();
      ADD_FAILURE() << Capability::kAbsent;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(task.name()));
    }
  };
  refused(static_cast<const TokenNames*>(nullptr));
  refused(static_cast<const Truth*>(nullptr));
  refused(static_cast<const Distribution*>(nullptr));
  refused(static_cast<const FiniteDomain*>(nullptr));
  refused(static_cast<const Partners*>(nullptr));
  refused(static_cast<const Transformations*>(nullptr));
  refused(static_cast<const InputLengths*>(nullptr));
  refused(static_cast<const Features*>(nullptr));
  refused(static_cast<const InputFeatures*>(nullptr));
  refused(static_cast<const Replacers*>(nullptr));
  refused(static_cast<const Recipes*>(nullptr));
  refused(static_cast<const Interpretations*>(nullptr));
}

/// Interpretations fit on as many inputs as they say, and refuse variants that do not exist.
inline void expect_interpretations_that_refuse_what_they_are_not(const Task& task) {
  const auto* interpretations = task.get<Interpretations>();
  if (!interpretations) return;
  EXPECT_FALSE(interpretations->variants.empty());
  EXPECT_GT(interpretations->inputs(Part::Derive), 0);
  const interp::Transformer fits({.d_vocab = task.d_vocab(), .n_ctx = task.n_ctx()});
  EXPECT_THROW(interpretations->derive(fits, {.variant = "no such variant"}),
               std::invalid_argument);
  const interp::Transformer other({.d_vocab = task.d_vocab() + 1, .n_ctx = task.n_ctx()});
  EXPECT_THROW(interpretations->derive(other, {}), std::invalid_argument);
}

inline void expect_conforming(const Task& task) {
  expect_samples_of_the_right_shape_and_range(task);
  expect_balanced_answers(task);
  expect_slices_of_one_stream(task);
  expect_parts_that_share_no_input(task);
  expect_a_domain_that_holds_every_dataset(task);
  expect_texts_that_can_be_read_back(task);
  expect_truth_and_parts_of_what_is_drawn(task);
  expect_partners_that_are_answered_otherwise(task);
  expect_features_of_every_kind(task);
  expect_features_of_inputs(task);
  expect_replacers(task);
  expect_refusals_of_what_is_missing(task);
  expect_interpretations_that_refuse_what_they_are_not(task);
  expect_transformations_that_keep_the_answer(task);
}

}  // namespace assay::tasks
