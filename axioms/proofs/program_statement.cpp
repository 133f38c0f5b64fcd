#include "axioms/proofs/program_statement.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <limits>

#include "interp/numerals.h"

namespace assay::proofs {
namespace {

using at::Tensor;

constexpr int64_t kBatch = 4096;
constexpr int64_t kSearched = 25 * kBatch;  // random inputs, where nothing else is known

std::vector<int64_t> list(const Tensor& row) {
  const Tensor flat = row.contiguous();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

Statement refuted(const Study& study, const Tensor& tokens, std::string words) {
  Statement statement{.statement = kProgram, .verdict = Verdict::Refuted};
  statement.words = std::move(words);
  statement.witness = tokens;
  statement.proof = study.witness(tokens);
  return statement;
}

// The first row for which the program is wrong, if any.
std::optional<Tensor> wrong_row(const Study& study, const Tensor& tokens, const Tensor& right) {
  const Tensor wrong = study.program_answers(tokens).ne(right);
  if (!wrong.any().item<bool>()) return std::nullopt;
  return tokens[wrong.to(torch::kInt64).argmax().item<int64_t>()].clone();
}

using OnProgress = std::function<void(int64_t done, int64_t of)>;

bool is_over(const std::atomic<bool>* stop) {
  return stop && *stop;
}

Statement list_inputs(const Study& study, const OnProgress& on_progress,
                      const std::atomic<bool>* stop) {
  const auto n = static_cast<int64_t>(study.domain().inputs());
  std::optional<double> least;
  Tensor at;
  for (int64_t first = 0; first < n; first += kBatch) {
    if (is_over(stop))
      return {.statement = kProgram,
              .words = fmt::format("interrupted after {} of {} inputs", interp::grouped(first),
                                   interp::grouped(n))};
    if (on_progress) on_progress(first, n);
    const Tensor tokens = study.domain().listed(first, std::min(kBatch, n - first));
    const Tensor right = study.right(tokens);
    if (const auto row = wrong_row(study, tokens, right))
      return refuted(study, *row,
                     fmt::format("wrong on an input, of {} in all", interp::grouped(n)));
    if (!study.knowledge.program_margins) continue;
    if (const auto margins = study.knowledge.program_margins(study.interpretation, tokens, right)) {
      const double smallest = margins->min().item<double>();
      if (!least || smallest < *least)
        least = smallest, at = tokens[margins->argmin().item<int64_t>()].clone();
    }
  }
  Statement statement{.statement = kProgram, .verdict = Verdict::Proved};
  statement.words =
      fmt::format("right on all {} inputs, gone through one by one", interp::grouped(n));
  if (least) statement.words += fmt::format(", least margin {:.6f}", *least);
  if (!at.defined()) at = study.domain().listed(0, 1)[0];
  statement.proof = {{"kind", "listing"}, {"inputs", n}, {"right", n}};
  if (least)
    statement.proof["least_margin"] = *least;
  else
    statement.proof["least_margin"] = nullptr;
  statement.proof["at"] = list(at);
  return statement;
}

Statement search(const Study& study, const std::atomic<bool>* stop) {
  int64_t searched = 0;
  for (; searched < kSearched && !is_over(stop); searched += kBatch) {
    const Tensor tokens = study.domain().drawn(1, searched, kBatch);
    if (const auto row = wrong_row(study, tokens, study.right(tokens)))
      if (study.is_input(*row)) return refuted(study, *row, "wrong on a random input");
  }
  Statement statement{.statement = kProgram};
  statement.words = fmt::format(
      "the interpretation has a form that no proof is known for; right on {} random inputs",
      interp::grouped(searched));
  return statement;
}

}  // namespace

Statement prove_program(const Study& study, const OnProgress& on_progress,
                        const std::atomic<bool>* stop) {
  if (study.domain().inputs() <= kMostListed) return list_inputs(study, on_progress, stop);
  if (study.knowledge.decide_program)
    if (auto statement = study.knowledge.decide_program(study.interpretation, study.specified)) {
      if (statement->verdict != Verdict::Refuted) return *statement;
      // The interpretation itself is asked: a refutation is no better than its input.
      const Tensor row = statement->witness->unsqueeze(0);
      if (wrong_row(study, row, study.right(row)))
        return refuted(study, *statement->witness, statement->words);
      throw std::logic_error("a counterexample of the task is none");
    }
  return search(study, stop);
}

}  // namespace assay::proofs
