// Checkpoints of the progress-measures repository (arXiv 2301.05217) as they are: PyTorch files in
// the grokking layout that say nothing of a task, with frequencies and a training split of their
// own. Such files are written here from our weights: multiplying every number by m turns a network
// that adds into one that adds, m·a + m·b = m(a + b), and a frequency k into k/m.

#include <gmock/gmock.h>
#include <torch/types.h>

#include <algorithm>

#include "axioms/checker.h"
#include "circuits/interpretation/program.h"
#include "interp/adapters/model_file.h"
#include "tasks/modular_addition/fourier.h"
#include "tasks/registry.h"
#include "tests/interp/files/checkpoint_bytes.h"
#include "tests/interp/scratch.h"

namespace assay::tasks::modular_addition {
namespace checkpoint_test {

using at::Tensor;
using axioms::Axiom;
namespace bytes = interp::checkpoint_bytes;

constexpr int64_t kPublishedP = 113;

/// The shipped network, adding numbers that are called m times what it calls them.
std::map<std::string, Tensor> renamed_weights(int64_t m) {
  const std::filesystem::path folder =
      std::filesystem::path(ASSAY_SOURCE) / "tasks/modular_addition/reference";
  const auto loaded = interp::load_model(folder / "model.safetensors");
  const interp::Transformer& model = *loaded.model;
  const auto weight = [&](const std::string& name) { return model.weight("blocks.0." + name); };
  Tensor old_name = at::arange(kPublishedP + 1, torch::kInt64);  // of each token; `=` keeps its own
  for (int64_t n = 0; n < kPublishedP; ++n) old_name[m * n % kPublishedP] = n;
  return {{"embed.W_E", model.W_E().index_select(0, old_name).t()},
          {"pos_embed.W_pos", model.weight("pos_embed.W_pos")},
          {"blocks.0.attn.W_Q", weight("attn.W_Q").transpose(1, 2)},
          {"blocks.0.attn.W_K", weight("attn.W_K").transpose(1, 2)},
          {"blocks.0.attn.W_V", weight("attn.W_V").transpose(1, 2)},
          {"blocks.0.attn.W_O", weight("attn.W_O").flatten(0, 1).t()},
          {"blocks.0.attn.mask", at::ones({3, 3}).tril()},
          {"blocks.0.mlp.W_in", weight("mlp.W_in").t()},
          {"blocks.0.mlp.b_in", weight("mlp.b_in")},
          {"blocks.0.mlp.W_out", weight("mlp.W_out").t()},
          {"blocks.0.mlp.b_out", weight("mlp.b_out")},
          {"unembed.W_U", model.W_U().index_select(1, old_name)}};
}

/// As the repository saves a run: the weights under `model`, other things beside them.
void write_checkpoint(const std::filesystem::path& path,
                      const std::map<std::string, Tensor>& weights) {
  std::map<std::string, std::string> entries;
  std::string described;
  for (const auto& [name, weight] : weights) {
    const Tensor data = weight.detach().contiguous();
    const std::string key = std::to_string(entries.size());
    const auto as_ints = [](at::IntArrayRef sizes) {
      return std::vector<int32_t>(sizes.begin(), sizes.end());
    };
    described +=
        bytes::text(name) +
        bytes::tensor(bytes::storage("FloatStorage", key, static_cast<int32_t>(data.numel())), 0,
                      as_ints(data.sizes()), as_ints(data.strides()));
    entries["run/data/" + key] = {static_cast<const char*>(data.data_ptr()), data.nbytes()};
  }
  entries["run/data.pkl"] =
      bytes::program(bytes::dict(bytes::text("model") + bytes::ordered_dict(described) +
                                 bytes::text("epoch") + bytes::number(39900)));
  bytes::write_zip(path, entries);
}

class GrokkingCheckpoint : public interp::Scratch {};

TEST_F(GrokkingCheckpoint, ConvertsDerivesAndValidatesAsItIs) {
  constexpr int64_t kM = 5;  // 5 · 68 = 340 = 1 modulo 113: frequency k becomes 68 k
  write_checkpoint(at("run.pth"), renamed_weights(kM));
  const interp::LoadedModel checkpoint = interp::load_model(at("run.pth"));
  EXPECT_EQ(checkpoint.layout, "grokking");
  EXPECT_FALSE(checkpoint.metadata.contains("task"));
  interp::save_model(*checkpoint.model, at("converted.safetensors"), checkpoint.metadata);
  const interp::LoadedModel converted = interp::load_model(at("converted.safetensors"));

  // 30% of the pairs, as in the paper, and another split than ours.
  const auto task = make_task("modular-addition",
                              {{"p", kPublishedP}, {"train_fraction", 0.3}, {"split_seed", 7}});
  const Derivation derived =
      task->need<Interpretations>().derive(*converted.model, {.part = Part::Train});
  std::vector<int64_t> expected;
  for (const int64_t k : {1, 26, 40, 56}) {
    const int64_t renamed = 68 * k % kPublishedP;
    expected.push_back(std::min(renamed, kPublishedP - renamed));
  }
  std::ranges::sort(expected);
  EXPECT_EQ(derived.interpretation.nodes[0].h.parameters.at("frequencies"), expected);

  const Tensor tokens = task->get<FiniteDomain>()->all().of({Part::Derive, Part::Test}).tokens;
  EXPECT_EQ(tokens.size(0), 8939);  // as many as were checked for the paper
  const auto result = axioms::check(
      {*converted.model,
       circuits::compile(derived.interpretation, all_operations(), converted.model->places()),
       task->decision()},
      [&](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
      {.inputs = tokens.size(0)});
  for (const auto& node : result.nodes)
    for (const Axiom axiom : axioms::kAxioms)
      EXPECT_EQ(node[axiom].estimate.failures, 0) << node.node << "." << to_string(axiom);
}

}  // namespace checkpoint_test
}  // namespace assay::tasks::modular_addition
