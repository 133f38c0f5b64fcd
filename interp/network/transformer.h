#pragma once
// Assay's own network: a transformer, general enough for the models that Assay reads. Its
// description (places()) says how it computes; it holds the weights.

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "interp/network/config.h"
#include "interp/network/network.h"

namespace assay::interp {

namespace tracing {
class Plans;  // of the requests so far (tracing/plans.h)
std::shared_ptr<Plans> no_plans_yet();
}  // namespace tracing

/// Weights are float32; their names and shapes are TransformerLens'. They are parameters of the
/// module, named as in the files: `embed.W_E`, `blocks.0.attn.W_Q`, ….
class Transformer : public torch::nn::Module, public Network {
 public:
  /// Allocates zero weights; see initialise() or load_model(). @throws as validate().
  explicit Transformer(const TransformerConfig& config);
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  const TransformerConfig& config() const { return config_; }
  /// In the order of places().weights.
  const std::vector<at::Tensor>& weights() const { return weights_; }
  /// The parameter itself, to be read or written; undefined if the network has none of this name.
  at::Tensor weight(std::string_view name) const;
  at::Tensor W_E() const { return weight("embed.W_E"); }    ///< [vocab, d_model]
  at::Tensor W_U() const { return weight("unembed.W_U"); }  ///< [d_model, vocab]
  /// @throws std::invalid_argument naming the first parameter that holds NaN or infinity.
  void require_finite() const;

  const Places& places() const override { return places_; }
  c10::Device device() const override { return weights_.front().device(); }
  /// Computes what its plan says (tracing/plan.h) and nothing else.
  std::vector<at::Tensor> trace(const at::Tensor& tokens,
                                const TraceRequest& request) const override;
  Around path_around(const std::vector<Site>& sites, const Site& decision) const override;
  Found reaches(const std::vector<Site>& sites, const Site& decision) const override;
  const Transformer* transformer() const override { return this; }

 private:
  TransformerConfig config_;
  Places places_;
  std::vector<at::Tensor> weights_;
  std::shared_ptr<tracing::Plans> plans_ = tracing::no_plans_yet();
};

/// How random weights are scaled before training.
struct Initialisation {
  double embedding_scale = 1.0;  ///< times 1/√d_model, for W_E and W_pos
  double position_scale = 1.0;   ///< W_pos beside W_E; 0: positions start alike
  double writer_scale = 1.0;     ///< times the paper's scale, for W_O, W_out and W_U
  uint64_t seed = 0;
};
/// Normal weights of standard deviation 1/√d_model (W_U: 1/√d_vocab), zero biases: the paper's
/// scale.
void initialise(Transformer& model, const Initialisation& initialisation);

}  // namespace assay::interp
