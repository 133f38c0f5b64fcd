#pragma once
// From a program to the weights of a network that computes it.
//
// Every variable has a subspace of the residual stream, one direction for each of its values, and
// is written there as 1 in one direction and 0 in the others, all zeros where it has no value. A
// line that attends becomes a head, in the first block whose attention comes after everything that
// it reads; a map becomes neurons of the first MLP that does, one for each cell of its table.
// A head that counts attends evenly to the selected positions and to the mark, and writes how much
// of its attention the mark has, 1 / (1 + count); the MLP of its block turns that number into one
// of the count's directions. Lines that the answer does not need are compiled as well.
//
// Scores are `sharpness` for what is selected, half of it for the mark of a head that copies, and 0
// for the rest. So a head that should copy gives a share of at most n · exp(-sharpness / 2) to
// other positions, and one that counts n · exp(-sharpness).

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "circuits/components/component_graph.h"
#include "interp/network/transformer.h"
#include "tasks/compiled/program.h"

namespace assay::tasks::compiled {

/// Where everything is in a compiled network.
struct Layout {
  /// First direction of each variable's subspace; variables that nobody reads or writes have none.
  std::map<std::string, int64_t> directions;
  std::map<std::string, int64_t>
      numbers;                           ///< direction of 1 / (1 + count), of variables that count
  std::map<std::string, int64_t> block;  ///< of each line
  std::map<std::string, int64_t> head;   ///< of each line that attends, in its block
  std::map<std::string, int64_t> neurons;  ///< first neuron of each line that has some
  int64_t begin = 0;                       ///< direction that the mark has alone
  std::vector<int64_t> n_heads, d_head;    ///< of each block
  int64_t d_model = 0, d_mlp = 0;

  int64_t n_blocks() const { return static_cast<int64_t>(n_heads.size()); }
  /// Blocks after which the variable is in the stream: 0 for what the program begins with.
  int64_t ready(const std::string& variable) const {
    const auto found = block.find(variable);
    return found == block.end() ? 0 : found->second + 1;
  }
};
Layout layout_of(const Program& program);

/// Tokens are the symbols by index, then answers that are no symbols, then the mark.
struct Vocabulary {
  std::vector<std::string> tokens;
  /// Of the answer's values, those that some input has, by their index; and the token of each.
  std::vector<int64_t> answers, answer_tokens;

  int64_t mark() const { return static_cast<int64_t>(tokens.size()) - 1; }
  /// Inputs int64 [batch, length] of symbols -> tokens int64 [batch, 1 + length].
  at::Tensor with_mark(const at::Tensor& symbols) const;
};
/// @throws std::invalid_argument for a program that has no answer to some input, which it names,
/// and
///   for one that gives the same answer to all.
Vocabulary vocabulary_of(const Program& program);

inline constexpr double kSharpness = 40;
inline constexpr double kLeastSharpness = 4;

/// Causal, without norms; logits are 10 for the answer and 0 for the others.
/// @throws std::invalid_argument as vocabulary_of(), and for a sharpness below kLeastSharpness or
///   above 80.
std::shared_ptr<interp::Transformer> compile(const Program& program, double sharpness = kSharpness);

/// The edges along which the lines that the answer needs read each other: the true circuit.
/// @return bool [1, columns] of the network's graph without positions.
at::Tensor true_edges(const Program& program, const circuits::ComponentGraph& graph);

/// The edges over which weights could carry anything: those whose reader's weights, applied to
/// something that its writer can write, are not all zero, as far as they lie on a path from the
/// input to the logits. True edges are among them. For networks without norms.
/// @return as true_edges().
at::Tensor connected_edges(const interp::Transformer& model, const circuits::ComponentGraph& graph);

}  // namespace assay::tasks::compiled
