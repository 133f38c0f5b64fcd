#pragma once
// The layouts that weights alone come in, recognised by names and shapes: TransformerLens' and that
// of Nanda's grokking code, whose names are the same. Folders of Hugging Face: hugging_face.h.

#include <functional>
#include <string>

#include "interp/adapters/conversion.h"
#include "interp/adapters/settings.h"
#include "interp/files/weight_file.h"
#include "interp/registry.h"

namespace assay::interp {

/// The text of a file of our own that holds its configuration.
inline constexpr const char* kConfigText = "config";

/// A way to lay out weights in one file.
struct LayoutEntry {
  std::string name, help;
  /// Whether a file is laid out so, by its texts, names and shapes.
  std::function<bool(const WeightFile& file)> recognises;
  /// What the file tells of how its network computes is added to `settings`; all else must stand
  /// there. @throws std::runtime_error as the functions below.
  std::function<Weights(const WeightFile& file, Settings& settings)> read;
};
/// Those of files; folders of Hugging Face are read by families() (families/family.h).
Registry<LayoutEntry>& layouts();

/// The layout of a file. Where several recognise it, it is the one that was added last.
/// @throws std::runtime_error if there is none, naming the family of Hugging Face models whose
///   folder is needed to read it.
const LayoutEntry& layout_of(const WeightFile& file);

// All of these throw std::runtime_error naming the tensor, the expected and the found shape, if a
// tensor is missing, misshapen, unknown or not of floating point; and if a mask of attention that
// the file holds is not that of the configuration. Biases may be absent: zero. An undefined tensor
// stands for one whose type is not read.

/// A file of our own: TransformerLens' names and shapes and a configuration to go with them.
Weights from_transformer_lens(const TensorMap& tensors, const TransformerConfig& config);

/// TransformerLens' names and shapes alone. What the tensors tell (sizes, biases, norms with
/// weights) is added to `settings`; all else must stand there, or is asked for.
Weights from_transformer_lens(const TensorMap& tensors, Settings& settings);

/// The layout of Nanda's grokking code, which the published 2-SAT and modular-addition checkpoints
/// use: most matrices transposed, `W_O [d_model, n_heads·d_head]` head-major. That code knows one
/// way to compute (ReLU, no norm, causal, …), which is added to `settings`.
Weights from_grokking(const TensorMap& tensors, Settings& settings);

/// @return whether no shape tells which axis comes first: all that are transposed in one layout and
///   not in the other are square.
bool is_square(const TensorMap& tensors);

}  // namespace assay::interp
