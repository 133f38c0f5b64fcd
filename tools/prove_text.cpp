#include "tools/prove_text.h"

#include <fmt/format.h>

namespace assay::tools {
namespace {

using proofs::Statement;
using proofs::Verdict;

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Proved:
      return Tone::Good;
    case Verdict::Refuted:
      return Tone::Bad;
    case Verdict::Open:
      break;
  }
  return Tone::Caution;
}

std::string name_of(const Statement& statement) {
  if (statement.node.empty()) return statement.statement;
  return fmt::format("{}: {}", statement.node, statement.statement);
}

}  // namespace

void print_statements(const std::vector<Statement>& statements, const tasks::Task& task,
                      const Console& console) {
  for (const Statement& statement : statements) {
    console.line();
    console.print("{}  {}",
                  console.paint(fmt::format("{:<8}", proofs::to_string(statement.verdict)),
                                tone_of(statement.verdict)),
                  console.paint(name_of(statement), Tone::Bold));
    console.fact("", statement.words);
    if (statement.float32) console.fact("in float32", statement.float32->words);
    if (statement.witness) console.fact("input", task.to_text(*statement.witness));
  }
}

nlohmann::ordered_json to_json(const std::vector<Statement>& statements, const tasks::Task& task) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Statement& statement : statements) {
    nlohmann::ordered_json json = {{"statement", statement.statement},
                                   {"node", nullptr},
                                   {"verdict", proofs::to_string(statement.verdict)},
                                   {"words", statement.words}};
    if (!statement.node.empty()) json["node"] = statement.node;
    if (!statement.proof.is_null()) json["proof"] = statement.proof;
    if (statement.float32)
      json["float32"] = {{"error", statement.float32->error}, {"words", statement.float32->words}};
    if (statement.witness) json["input"] = task.to_text(*statement.witness);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace assay::tools
