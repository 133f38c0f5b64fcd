// Texts of one line: formulas, sites, claims, inputs of tasks.

#include <torch/types.h>

#include <algorithm>

#include "axioms/claim.h"
#include "interp/network/build.h"
#include "interp/network/site.h"
#include "interp/network/transformer.h"
#include "sat2/dimacs.h"
#include "sat2/text.h"
#include "tasks/registry.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

void read_dimacs(std::string_view input) {
  const sat2::Formula formula = sat2::parse_dimacs(input);
  require_done(
      [&] { require(sat2::parse_dimacs(sat2::to_dimacs(formula)) == formula, "the same formula"); },
      "DIMACS, written and read");
}

void read_formula(std::string_view input) {
  const sat2::Formula formula = sat2::parse_formula(input);
  require_done(
      [&] {
        require(sat2::parse_formula(sat2::to_string(formula), formula.variables) == formula,
                "the same formula");
      },
      "a formula, written and read");
}

const interp::TransformerConfig& sizes() {
  static const interp::TransformerConfig config = {.d_vocab = 20,
                                                   .n_ctx = 41,
                                                   .d_mlp = 64,
                                                   .n_heads = {1, 4},
                                                   .d_head = {32, 8},
                                                   .norm = interp::Norm::Pre};
  return config;
}

void read_site(std::string_view input) {
  static const interp::Places places = interp::describe(sizes());
  const interp::Site site = interp::parse_site(input, places);
  require_done(
      [&] { require(interp::parse_site(to_string(site), places) == site, "the same site"); },
      "a site, written and read");
}

void read_claim(std::string_view input) {
  const axioms::Claim claim = axioms::parse_claim(input);
  require(claim.epsilon >= 0 && claim.epsilon <= 1 && !claim.node.empty(), "a claim's parts");
}

/// One small task of every kind that draws inputs; those from files have none here.
const std::vector<std::unique_ptr<tasks::Task>>& small_tasks() {
  static const auto tasks = [] {
    std::vector<std::unique_ptr<tasks::Task>> made;
    made.push_back(tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 4}}));
    made.push_back(tasks::make_task("modular-addition", {{"p", 7}}));
    for (const tasks::TaskEntry& entry : tasks::task_entries())
      if (entry.name != "two-sat" && entry.name != "modular-addition" && !entry.presets.empty() &&
          std::ranges::none_of(entry.options, &interp::Option::is_path))
        made.push_back(tasks::make_task(entry.name));
    return made;
  }();
  return tasks;
}

void read_task_text(std::string_view input) {
  for (const auto& task : small_tasks()) {
    at::Tensor tokens;
    try {
      tokens = task->to_tokens(std::string(input));
    } catch (const std::exception&) {
      continue;
    }
    require(tokens.ge(0).logical_and(tokens.lt(task->d_vocab())).all().item<bool>(), "tokens");
    require_done(
        [&] { require(task->to_tokens(task->to_text(tokens)).equal(tokens), "the same input"); },
        "an input, written and read");
  }
}

std::vector<std::string> task_texts() {
  std::vector<std::string> texts;
  for (const auto& task : small_tasks()) {
    const at::Tensor tokens = task->sample(tasks::Part::Test, 1, 0, 4).tokens;
    for (int64_t i = 0; i < tokens.size(0); ++i) texts.push_back(task->to_text(tokens[i]));
  }
  return texts;
}

}  // namespace

std::vector<Target> text_targets() {
  return {
      {"dimacs", Form::Bytes, read_dimacs,
       [] { return std::vector<std::string>{"c two clauses\np cnf 3 2\n1 -2 0\n2 3 0\n"}; }},
      {"formula", Form::Bytes, read_formula,
       [] {
         return std::vector<std::string>{"( x0 Not(x1) ) ( x2 x3 ) :", "(x0 x1)"};
       }},
      {"site", Form::Bytes, read_site,
       [] {
         return std::vector<std::string>{"blocks.0.hook_resid_post", "blocks.1.attn.hook_z[head=2]",
                                         "blocks.1.mlp.hook_post[pos=40;neuron=3,17]", "hook_embed",
                                         "blocks.0.attn.hook_pattern[head=0;pos=1,2]"};
       }},
      {"claim", Form::Bytes, read_claim,
       [] {
         return std::vector<std::string>{"parse.PE<=0.001", " evaluate . CR <= 1e-3 "};
       }},
      {"task_text", Form::Bytes, read_task_text, task_texts},
  };
}

}  // namespace assay::fuzz
