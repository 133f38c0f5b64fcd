#pragma once
// An interpretation that has nothing to do with the network that it speaks of: it fails somewhere
// on every axiom, but not everywhere.

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "axioms/experiment.h"
#include "circuits/interpretation/operations.h"
#include "circuits/interpretation/program.h"
#include "interp/network/build.h"
#include "interp/network/transformer.h"
#include "tests/interp/networks.h"

namespace assay::axioms {

using at::Tensor;
using circuits::Interpretation;
using circuits::Node;
using circuits::Operation;
using circuits::Operations;
using circuits::Program;
using interp::Site;
using interp::Transformer;

inline interp::TransformerConfig random_config() {
  return {.d_vocab = 4, .n_ctx = 4, .d_model = 10, .d_mlp = 8, .n_heads = {1, 2}, .d_head = {6, 4}};
}

inline const Transformer& random_network() {
  static const auto model = [] {
    auto network = std::make_shared<Transformer>(random_config());
    interp::randomise(*network, 5, 0.6);
    return network;
  }();
  return *model;
}

/// Input i spells i in base 4: all 256 inputs.
inline Tensor digits(int64_t first, int64_t count) {
  const Tensor i = at::arange(first, first + count, at::kLong);
  std::vector<Tensor> tokens;
  for (const int64_t power : {64, 16, 4, 1})
    tokens.push_back(at::floor_divide(i, power).remainder(4));
  return at::stack(tokens, 1);
}

/// h: a weighted sum of all parents' numbers, modulo 3. α: how many of three thresholds the sum of
/// all activations exceeds, at most 2. γ: one random vector per value. One number per input.
inline Operations wild_operations() {
  Operations all = circuits::generic_operations();
  all.functions.add({"mix", "", [](const Operation& operation) -> circuits::Function {
                       const auto seed = operation.parameters.at("seed").get<int64_t>();
                       return [seed](const std::vector<Tensor>& parents) {
                         Tensor sum = at::full({parents[0].size(0)}, seed, at::kLong);
                         for (const Tensor& parent : parents) {
                           const Tensor flat = parent.unsqueeze(-1).flatten(1).to(at::kLong);
                           sum = sum * 5 +
                                 (flat * (at::arange(flat.size(1), at::kLong) * seed + 1)).sum(1);
                         }
                         return at::remainder(sum, 3);
                       };
                     }});
  all.abstractions.add({"count", "", [](const Operation&) -> circuits::Abstraction {
                          return [](const circuits::Activations& activations) {
                            Tensor sum = at::zeros({activations[0].size(0)});
                            for (const Tensor& x : activations) sum = sum + x.flatten(1).sum(1);
                            return sum.gt(-0.5).to(at::kLong) + sum.gt(0.5).to(at::kLong);
                          };
                        }});
  all.concretisations.add(
      {"by_value", "", [](const Operation& operation) -> circuits::Concretisation {
         std::vector<Tensor> tables;
         for (const auto& [name, table] : operation.tensors) tables.push_back(table);
         return [tables](const Tensor& value) {
           circuits::Activations activations;
           for (const Tensor& table : tables) activations.push_back(table.index_select(0, value));
           return activations;
         };
       }});
  return all;
}

/// Two first nodes, one that joins them, one after it, and the output, which reads all but one.
inline Interpretation wild_interpretation() {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(9);
  const interp::Places places = interp::describe(random_config());
  const auto wild = [&](const std::string& name, int seed, std::vector<std::string> parents,
                        const std::vector<Site>& sites) {
    Node node{.name = name,
              .parents = std::move(parents),
              .sites = sites,
              .reads = sites,
              .h = {.name = "mix", .parameters = {{"seed", seed}}, .tensors = {}},
              .alpha = {.name = "count", .tensors = {}},
              .gamma = {.name = "by_value", .tensors = {}},
              .equality = {.name = "equal", .tensors = {}}};
    for (size_t i = 0; i < sites.size(); ++i) {
      auto shape = interp::shape(sites[i], places);
      shape[0] = 3;
      node.gamma.tensors[std::to_string(i)] = at::normal(0.0, 1.0, shape, generator);
    }
    return node;
  };
  const Site logits{.place = interp::hook::logits(), .positions = {3}};
  Interpretation interpretation;
  interpretation.output = "out";
  interpretation.nodes = {
      wild("early", 1, {circuits::kTokens}, {{.place = interp::hook::z(0), .positions = {1, 3}}}),
      wild("late", 2, {circuits::kTokens},
           {{.place = interp::hook::resid_mid(1), .positions = {3}},
            {.place = interp::hook::mlp_post(0), .neurons = {1, 4}}}),
      wild("join", 3, {"early", "late"},
           {{.place = interp::hook::resid_pre(1), .positions = {0, 2}}}),
      wild("after", 4, {"join", circuits::kTokens},
           {{.place = interp::hook::pattern(1), .head = 1}}),
      wild("out", 7, {"after", "early"}, {logits})};
  interpretation.nodes.back().alpha = {
      .name = "argmax_of", .parameters = {{"tokens", {0, 1, 2}}}, .tensors = {}};
  interpretation.nodes.back().gamma = {
      .name = "write_answer", .parameters = {{"tokens", {0, 1, 2}}, {"d_vocab", 4}}, .tensors = {}};
  return interpretation;
}

inline Decision wild_decision() {
  return {.readout = 3, .answers = {0, 1, 2}};
}

inline Program wild_program() {
  return circuits::compile(wild_interpretation(), wild_operations(),
                           interp::describe(random_config()));
}

}  // namespace assay::axioms
