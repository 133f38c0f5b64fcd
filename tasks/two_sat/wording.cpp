#include "tasks/two_sat/wording.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>

#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {
namespace {

using nlohmann::ordered_json;

/// `¬x3`; a token that is no literal as it is called.
std::string literal_text(const Tokens& tokens, int64_t token) {
  if (token < 0 || token >= tokens.d_vocab()) return fmt::format("token {}", token);
  if (token >= tokens.n_literals()) return tokens.name(token);
  const sat2::Literal literal = tokens.literal_of(token);
  return fmt::format("{}x{}", literal.negated ? "¬" : "", literal.variable);
}

/// `x1 ∨ ¬x2`, or a dash for a clause that is missing.
std::string clause_text(const Tokens& tokens, const std::vector<int64_t>& group) {
  if (!group.empty() && std::ranges::count(group, tokens.padding()) == std::ssize(group))
    return "–";
  std::string text;
  for (const int64_t token : group)
    text += (text.empty() ? "" : " ∨ ") + literal_text(tokens, token);
  return text;
}

/// Clause by clause, with its parentheses, and the `:` at the end. A clause that is missing is left
/// out.
std::vector<Wording::Piece> pieces_of(const Tokens& names, int64_t clauses,
                                      const at::Tensor& tokens) {
  const auto at = [&](int64_t position) { return tokens[position].item<int64_t>(); };
  std::vector<Wording::Piece> pieces;
  for (int64_t c = 0; c < clauses; ++c) {
    const int64_t left = left_literal(c), right = right_literal(c);
    if (at(left) == names.padding()) continue;
    pieces.push_back(
        {clause_text(names, {at(left), at(right)}), {left - 1, left, right, right + 1}});
  }
  pieces.push_back({":", {n_ctx(clauses) - 1}});
  return pieces;
}

std::string operation_of(const ordered_json& node, const char* part) {
  return node.contains(part) ? node[part].value("operation", "") : "";
}

size_t count_of(const ordered_json& node, const char* parameter) {
  const ordered_json& parameters = node.at("h").at("parameters");
  return parameters.contains(parameter) ? parameters[parameter].size() : 0;
}

std::string of_node(const std::string& part, const ordered_json& node) {
  const std::string h = operation_of(node, "h");
  const bool reads = h == "tokens_at" || h == "flipped_signs";
  if (part == "h") {
    if (h == "tokens_at") return fmt::format("Read the {} clauses.", count_of(node, "positions"));
    if (h == "any") return "Answer “satisfiable” if any of them is on.";
  }
  if (part == "equality") {
    const std::string equality = node.value("equality", "");
    if (reads && equality == "equal_up_to_order")
      return "the same two literals in every clause, either order";
    if (reads && equality == "equal") return "the same two literals in every clause, in order";
    if (h == "truth_table_programs" && equality == "equal")
      return fmt::format("all {} neurons on or off alike", count_of(node, "programs"));
    if (h == "any" && equality == "equal") return "the same answer";
  }
  return "";
}

}  // namespace

Wording wording(const sat2::SamplerSettings& sampler) {
  const Tokens tokens{sampler.variables};
  const int64_t clauses = sampler.max_clauses;
  const std::string count = sampler.min_clauses == sampler.max_clauses
                                ? fmt::format("{}", clauses)
                                : fmt::format("{} to {}", sampler.min_clauses, clauses);
  return {
      .deed = "decides 2-SAT",
      .sentence = fmt::format(
          "It reads {} either-or clauses over {} yes/no variables and answers whether they can "
          "all be true at once.",
          count, sampler.variables),
      .example = "(x1 or not x2) and (x0 or x1) and …: satisfiable?",
      .input = "formula",
      .inputs = "formulas",
      .answer = [tokens](int64_t token) -> std::string {
        return token == tokens.sat() ? "satisfiable" : "unsatisfiable";
      },
      .pieces = [tokens,
                 clauses](const at::Tensor& input) { return pieces_of(tokens, clauses, input); },
      .group = [tokens](const std::vector<int64_t>& group) { return clause_text(tokens, group); },
      .of_node = of_node};
}

}  // namespace assay::tasks::two_sat
