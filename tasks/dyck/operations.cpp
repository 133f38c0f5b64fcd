#include "tasks/dyck/operations.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "interp/names.h"
#include "tasks/dyck/strings.h"

namespace assay::tasks::dyck {
namespace {

using at::Tensor;
using circuits::Value;

const std::vector<std::string> kFacts = {"depth", "token", "violation", "violated"};

std::vector<std::string> facts_of(const circuits::Operation& operation) {
  const auto facts = circuits::parameter<std::vector<std::string>>(operation, "facts");
  if (facts.empty()) throw std::invalid_argument("facts: expected at least one");
  for (const std::string& fact : facts)
    if (std::ranges::count(kFacts, fact) == 0) interp::refuse_name("fact", fact, kFacts);
  return facts;
}

Tensor fact(const std::string& name, const Tensor& tokens) {
  if (name == "token") return tokens;
  const Tensor depth = depths(tokens);
  if (name == "depth") return depth;
  const Tensor violation = depth.lt(0).to(torch::kInt64);
  return name == "violation" ? violation : std::get<0>(violation.cummax(1));
}

using Words = std::map<std::string, std::string>;

/// The facts that an operation names, in words; it must do with parameters of any kind.
std::string facts_in_words(const circuits::Operation& operation, const Words& words) {
  const auto facts = operation.parameters.find("facts");
  if (facts == operation.parameters.end() || !facts->is_array()) return "";
  std::string text;
  for (size_t i = 0; i < facts->size(); ++i) {
    const auto found =
        facts->at(i).is_string() ? words.find(facts->at(i).get<std::string>()) : words.end();
    if (found == words.end()) return "";
    text += (i == 0 ? "" : i + 1 == facts->size() ? " and " : ", ") + found->second;
  }
  return text;
}

std::string prefix_sentence(const circuits::Operation& operation) {
  const std::string facts =
      facts_in_words(operation, {{"depth", "how many are open"},
                                 {"token", "which one it is"},
                                 {"violation", "whether more were closed than opened"},
                                 {"violated", "whether more were ever closed than opened"}});
  return fmt::format("Note at every parenthesis {}.",
                     facts.empty() ? "what is known of the string so far" : facts);
}

std::string balanced_sentence(const circuits::Operation&) {
  return "Answer “balanced” if all are closed at the end and none was closed before it was opened.";
}

std::string read_sentence(const circuits::Operation&) {
  return "a linear map at each position, rounded to whole numbers";
}

}  // namespace

circuits::Function prefix_facts(const circuits::Operation& operation) {
  return [facts = facts_of(operation)](const std::vector<Value>& parents) -> Value {
    std::vector<Tensor> columns;
    for (const std::string& name : facts) columns.push_back(fact(name, parents.at(0)));
    return at::stack(columns, 2).to(torch::kFloat64);
  };
}

circuits::Function balanced_by(const circuits::Operation& operation) {
  const std::vector<std::string> facts = facts_of(operation);
  const auto column = [&](const std::string& name) {  // -1: not among them
    const auto found = std::ranges::find(facts, name);
    return found == facts.end() ? int64_t{-1} : found - facts.begin();
  };
  const int64_t depth = column("depth"), token = column("token");
  const int64_t violation = std::max(column("violation"), column("violated"));
  if (depth < 0 && (token < 0 || violation < 0))
    throw std::invalid_argument(
        "operation 'balanced_by': expected the fact depth, or token and one of violation, "
        "violated");
  return [=](const std::vector<Value>& parents) -> Value {
    const Tensor& value = parents.at(0);
    const auto of = [&](int64_t k) { return value.select(2, k); };
    const Tensor end = depth >= 0 ? of(depth).select(1, -1) : (1 - 2 * of(token)).sum(1);
    const Tensor broken = violation >= 0 ? of(violation).gt(0).any(1) : of(depth).lt(0).any(1);
    return end.eq(0).logical_and(broken.logical_not()).to(torch::kInt64);
  };
}

circuits::Abstraction read_by_position(const circuits::Operation& operation) {
  const Tensor bias = circuits::tensor_of(operation, "bias", {-1, -1}).to(torch::kFloat64);
  const Tensor weight = circuits::tensor_of(operation, "weight", {bias.size(0), -1, bias.size(1)})
                            .to(torch::kFloat64);
  return [=](const circuits::Activations& activations) -> Value {
    const Tensor x =
        activations.at(0).to(torch::kFloat64).transpose(0, 1);  // [pos, batch, d_model]
    const Tensor y = at::baddbmm(bias.to(x.device()).unsqueeze(1), x, weight.to(x.device()));
    return circuits::rounded(y.transpose(0, 1), 0);
  };
}

circuits::Concretisation write_by_position(const circuits::Operation& operation) {
  const Tensor labels = circuits::tensor_of(operation, "labels", {-1, -1}).to(torch::kFloat64);
  const Tensor prototypes = circuits::tensor_of(operation, "prototypes", {-1, labels.size(0), -1});
  return [=](const Value& value) -> circuits::Activations {
    if (value.dim() != 3 || value.size(1) != prototypes.size(0) || value.size(2) != labels.size(1))
      throw std::invalid_argument("operation 'write_by_position': a value of another shape");
    const Tensor x = value.to(torch::kFloat64);
    const Tensor squares = (x.unsqueeze(2) - labels.to(x.device())).square().sum(3);
    const Tensor place = at::arange(x.size(1), squares.options().dtype(torch::kInt64));
    const Tensor row = place * labels.size(0) + squares.argmin(2);  // [batch, pos]
    const Tensor table = prototypes.to(x.device()).flatten(0, 1);
    return {table.index_select(0, row.flatten()).view({x.size(0), x.size(1), -1})};
  };
}

void add_operations(circuits::Operations& operations) {
  operations.functions.add({.name = "prefix_facts",
                            .help = "depth, last token or violations of each prefix",
                            .make = prefix_facts,
                            .sentence = prefix_sentence});
  operations.functions.add({.name = "balanced_by",
                            .help = "whether the facts say balanced",
                            .make = balanced_by,
                            .sentence = balanced_sentence});
  operations.abstractions.add({.name = "read_by_position",
                               .help = "a linear map at each position, rounded to whole numbers",
                               .make = read_by_position,
                               .sentence = read_sentence});
  operations.concretisations.add(
      {"write_by_position", "the prototype of each position's facts", write_by_position});
}

}  // namespace assay::tasks::dyck
