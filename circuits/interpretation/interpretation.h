#pragma once
// An interpretation: the claim that a network computes what a graph of abstract functions computes,
// together with where in the network each abstract value lives. It is data: see
// interpretation_file.h.
//
// Values travel in batches: a tensor whose first dimension is the batch (clauses int64 [batch, 10,
// 2], neuron states bool [batch, n], a decision int64 [batch]).

#include <ATen/core/Tensor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "interp/network/site.h"

namespace assay::circuits {

/// The name of the input in `Node::parents`: its value is the tokens, int64 [batch, pos].
inline constexpr const char* kTokens = "tokens";

/// A named function with its numbers, looked up in a registry (operations.h).
struct Operation {
  std::string name;
  nlohmann::json parameters = nlohmann::json::object();
  std::map<std::string, at::Tensor> tensors;
};

struct Node {
  std::string name;
  std::vector<std::string> parents;  ///< other nodes, or kTokens
  std::vector<interp::Site> sites;   ///< S_v: where γ writes
  std::vector<interp::Site> reads;   ///< what α reads: `sites`, or less of them
  Operation h;                       ///< abstract function of the parents' values
  Operation alpha;                   ///< α: activations at `reads` -> abstract value
  Operation gamma;                   ///< γ: abstract value -> activations at `sites`
  Operation equality;                ///< which abstract values count as the same
  nlohmann::json evidence = nlohmann::json::array();  ///< objects {statement, value, supports}
};

struct Interpretation {
  std::string title;         ///< one line for people
  nlohmann::json task;       ///< name and settings of the task it speaks about
  std::string model_sha256;  ///< of the model file it was derived from
  nlohmann::json fitted_on;  ///< {part, seed, count, sha256} of the inputs it was derived on
  std::string output;        ///< the node whose α reads the network's decision
  std::vector<Node> nodes;
};

/// Indices of the nodes, each after its parents (Boost.Graph's topological sort).
/// @throws std::invalid_argument for two nodes of one name, unknown parents (listing what exists),
///   a cycle, or an output that is no node.
std::vector<size_t> topological_order(const Interpretation& interpretation);

}  // namespace assay::circuits
