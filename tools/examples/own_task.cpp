// A shared object that brings a task, an operation and a section of the page: are most of nine bits
// on? Every command then knows them:
//   assay --load build/examples/libown_task.so train most-bits --out runs/most-bits

#include <torch/types.h>

#include <random>

#include "interp/statistics/random.h"
#include "tools/plugin.h"

namespace {

using namespace assay;

class Majority : public tasks::Task {
 public:
  Majority() : Task("most-bits") {
    provide(
        tasks::Truth{[](const at::Tensor& tokens) { return tokens.sum(1).gt(4).to(at::kLong); }});
    provide(tasks::Recipes{[](const std::string&) {
      return tasks::Recipe{.model = {.d_vocab = 2, .n_ctx = 9}, .training = {.readout = 8}};
    }});
  }
  tasks::Size size() const override { return {.n_tokens = 2, .n_ctx = 9, .readout = 8}; }
  std::vector<int64_t> answers() const override { return {0, 1}; }
  interp::LabelledBatch sample(tasks::Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    at::Tensor numbers = at::empty({count, 1}, at::kLong);  // each part has every third one
    for (int64_t i = 0; i < count; ++i) {
      auto draw = statistics::engine_at<std::mt19937>({seed, uint64_t(part), uint64_t(first + i)});
      numbers[i][0] = int64_t(3 * (draw() % 170) + uint64_t(part));
    }
    const at::Tensor tokens = numbers.bitwise_right_shift(at::arange(9)).bitwise_and(1);
    return {.tokens = tokens, .labels = get<tasks::Truth>()->answers(tokens)};
  }
};

/// h `among` {yes}: int64 [batch, …] -> bool [batch, 1], whether one of `yes` is among the values.
circuits::Function among(const circuits::Operation& operation) {
  const at::Tensor yes = at::tensor(circuits::parameter<std::vector<int64_t>>(operation, "yes"));
  return [yes](const std::vector<circuits::Value>& parents) {
    return at::isin(parents.at(0).flatten(1), yes).any(1, /*keepdim=*/true);
  };
}

std::optional<tools::page::Section> about_majorities(const tools::page::Run& run) {
  if (!run.task || run.task->name() != "most-bits") return std::nullopt;
  return tools::page::Section{.title = "About majorities",
                              .blocks = {tools::page::paragraph("Five bits of nine decide.")}};
}

}  // namespace

ASSAY_PLUGIN(registries) {
  registries.tasks.add({.name = "most-bits",
                        .help = "are most of nine bits on?",
                        .presets = {{"small", "one size fits all", {}}},
                        .make = [](const tasks::Settings&) -> std::unique_ptr<tasks::Task> {
                          return std::make_unique<Majority>();
                        }});
  registries.operations.functions.add({"among", "whether one of some tokens occurs", among});
  registries.sections.add({"majorities", "what decides most of nine bits", about_majorities});
}
