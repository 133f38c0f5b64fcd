#include "axioms/proofs/equal_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace assay::proofs {
namespace {

using circuits::Node;

class Deriving {
 public:
  Deriving(const Study& study, const std::vector<Statement>& statements)
      : study_(study), statements_(statements) {}

  std::vector<EqualRows> operator()() {
    const auto& nodes = study_.interpretation.nodes;
    for (const Node& node : nodes)
      if (proved(kNode, node.name))
        add({.rows = {node.name + ".PE", node.name + ".CE"},
             .never = true,
             .because = fmt::format("{} {}", node.name, kNode)});
    for (const Node& node : nodes)
      if (proved(kSuffix, node.name)) after_suffix(node);
    return std::move(found_);
  }

 private:
  bool proved(const std::string& name, const std::string& node) const {
    return std::ranges::any_of(statements_, [&](const Statement& s) {
      return s.statement == name && s.node == node && s.verdict == Verdict::Proved &&
             (!s.float32 || s.float32->shown);  // rows count runs of the network as it is
    });
  }

  // Where parents are read right on every input, H_v and C_v are one value: if h does not look at
  // the order that the parents' equality leaves open.
  bool reads_parents_right(const Node& node) const {
    return std::ranges::all_of(node.parents, [&](const std::string& name) {
      if (name == circuits::kTokens) return true;
      const auto parent = std::ranges::find(study_.interpretation.nodes, name, &Node::name);
      return proved(kNode, name) &&
             (parent->equality.name == "equal" ||
              std::ranges::count(study_.knowledge.order_free, node.h.name) > 0);
    });
  }

  // With γ written at v the network decides what the rest of h makes of the value. So v.PR fails
  // where the network's decision is not h's, which is what PE of the output says.
  void after_suffix(const Node& node) {
    const std::string& output = study_.interpretation.output;
    const bool component = reads_parents_right(node);
    const bool right = proved(kProgram, "");
    EqualRows rows{.rows = {node.name + ".PR"}, .is_error = right};
    rows.because = fmt::format("{} {}", node.name, kSuffix);
    if (component) rows.rows.push_back(node.name + ".CR");
    rows.rows.push_back(output + ".PE");
    if (writes_decision(output)) rows.rows.push_back(output + ".PR");
    if (right) rows.because += fmt::format(", {}", kProgram);
    if (component) rows.because += ", its parents read right";
    add(std::move(rows));
    if (component)
      add({.rows = {node.name + ".PE", node.name + ".CE"}, .because = "its parents read right"});
    if (writes_decision(output))
      add({.rows = {output + ".CE", output + ".CR"}, .because = "gamma writes the decision"});
  }

  // γ `write_answer` over the tokens that α chooses among: written, the decision is the value.
  bool writes_decision(const std::string& name) const {
    const auto node = std::ranges::find(study_.interpretation.nodes, name, &Node::name);
    return node->gamma.name == "write_answer" && node->alpha.name == "argmax_of" &&
           node->equality.name == "equal" &&
           node->gamma.parameters.at("tokens") == node->alpha.parameters.at("tokens");
  }

  void add(EqualRows rows) { found_.push_back(std::move(rows)); }

  const Study& study_;
  const std::vector<Statement>& statements_;
  std::vector<EqualRows> found_;
};

}  // namespace

std::vector<EqualRows> equal_rows(const Study& study, const std::vector<Statement>& statements) {
  return Deriving(study, statements)();
}

std::string to_string(const EqualRows& rows) {
  return fmt::format("{}{}", fmt::join(rows.rows, " = "),
                     rows.never      ? " = 0"
                     : rows.is_error ? " = 1 - accuracy"
                                     : "");
}

}  // namespace assay::proofs
