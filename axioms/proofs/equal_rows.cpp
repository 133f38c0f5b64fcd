#include "axioms/proofs/equal_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace assay::proofs {
namespace {

using circuits::Node;

class Deriving {
 public:
  Deriving(const RowsOf& of, const std::vector<Statement>& statements)
      : of_(of), statements_(statements) {}

  std::vector<EqualRows> operator()() {
    for (const Node& node : of_.nodes)
      if (const Statement* read = read_right(node))
        add({.rows = {node.name + ".PE", node.name + ".CE"},
             .never = true,
             .margin = read->margin,
             .because = fmt::format("{} is read right on every input", node.name)});
    for (const Node& node : of_.nodes) {
      if (node.gamma.name == "write_levels" && proved(kSuffix, node.name)) after_suffix(node);
      if (reads_parents_right(node)) after_parents(node);
    }
    return std::move(found_);
  }

 private:
  const Statement* proved(const std::string& name, const std::string& node) const {
    const auto found = std::ranges::find_if(statements_, [&](const Statement& s) {
      return s.statement == name && s.node == node && s.verdict == Verdict::Proved &&
             (!s.float32 || s.float32->shown);  // rows count runs of the network as it is
    });
    return found == statements_.end() ? nullptr : &*found;
  }
  const Statement* read_right(const Node& node) const {
    return node.alpha.name == "nearest_prototype" ? proved(kNode, node.name) : nullptr;
  }
  const Node* node_named(const std::string& name) const {
    const auto node = std::ranges::find(of_.nodes, name, &Node::name);
    return node == of_.nodes.end() ? nullptr : &*node;
  }

  // Where parents are read right on every input, H_v and C_v are one value: if h does not look at
  // the order that the parents' equality leaves open.
  bool reads_parents_right(const Node& node) const {
    return std::ranges::all_of(node.parents, [&](const std::string& name) {
      if (name == circuits::kTokens) return true;
      const Node* parent = node_named(name);
      return parent && read_right(*parent) &&
             (parent->equality.name == "equal" ||
              std::ranges::count(of_.order_free, node.h.name) > 0);
    });
  }

  // So what is asked with H_v and with C_v is the same question.
  void after_parents(const Node& node) {
    const bool inputs = std::ranges::all_of(
        node.parents, [](const std::string& name) { return name == circuits::kTokens; });
    const std::string because =
        inputs ? node.name + " is computed from the input"
               : fmt::format("what {} is computed from is read right on every input", node.name);
    if (!read_right(node))
      add({.rows = {node.name + ".PE", node.name + ".CE"}, .because = because});
    add({.rows = {node.name + ".PR", node.name + ".CR"}, .because = because});
  }

  // With γ written at v the network decides what the rest of h makes of the value. So v.PR fails
  // where the network's decision is not h's, which is what PE of the output says.
  void after_suffix(const Node& node) {
    const bool right = proved(kProgram, "");
    EqualRows rows{.rows = {node.name + ".PR"}, .is_error = right};
    rows.because = fmt::format("what {} says decides the answer", node.name);
    if (reads_parents_right(node)) rows.rows.push_back(node.name + ".CR");
    rows.rows.push_back(of_.output + ".PE");
    if (writes_decision()) rows.rows.push_back(of_.output + ".PR");
    if (right) rows.because += ", and what it says is right";
    add(std::move(rows));
    if (writes_decision())
      add({.rows = {of_.output + ".CE", of_.output + ".CR"},
           .because = "what is put in is the answer"});
  }

  // γ `write_answer` over the tokens that α chooses among: written, the decision is the value.
  bool writes_decision() const {
    const Node* node = node_named(of_.output);
    return node && node->gamma.name == "write_answer" && node->alpha.name == "argmax_of" &&
           node->equality.name == "equal" && node->gamma.parameters.contains("tokens") &&
           node->alpha.parameters.contains("tokens") &&
           node->gamma.parameters["tokens"] == node->alpha.parameters["tokens"];
  }

  // Sets that share a row are one.
  void add(EqualRows rows) {
    for (EqualRows& other : found_) {
      const bool shared = std::ranges::any_of(rows.rows, [&](const std::string& row) {
        return std::ranges::count(other.rows, row) > 0;
      });
      if (!shared) continue;
      bool more = false;
      for (const std::string& row : rows.rows)
        if (std::ranges::count(other.rows, row) == 0) other.rows.push_back(row), more = true;
      if (more && rows.because != other.because) other.because += ", " + rows.because;
      other.never = other.never || rows.never;
      other.is_error = other.is_error || rows.is_error;
      return;
    }
    found_.push_back(std::move(rows));
  }

  const RowsOf& of_;
  const std::vector<Statement>& statements_;
  std::vector<EqualRows> found_;
};

}  // namespace

std::vector<EqualRows> equal_rows(const RowsOf& of, const std::vector<Statement>& statements) {
  return Deriving(of, statements)();
}

std::vector<EqualRows> equal_rows(const Study& study, const std::vector<Statement>& statements) {
  return equal_rows(RowsOf{.nodes = study.interpretation.nodes,
                           .output = study.interpretation.output,
                           .order_free = study.knowledge.order_free},
                    statements);
}

std::string to_string(const EqualRows& rows) {
  return fmt::format("{}{}", fmt::join(rows.rows, " = "),
                     rows.never      ? " = 0"
                     : rows.is_error ? " = 1 - accuracy"
                                     : "");
}

}  // namespace assay::proofs
