#include "axioms/proofs/kept_cases.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>

#include "interp/files/fields.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using Rows = std::vector<std::vector<double>>;

struct KeptCase {
  std::string verdict;
  int64_t right = -1;
  std::vector<double> margin_to;
  std::vector<int64_t> worst;
  double float32_error = 0, float32_margin = 0;
  Rows neurons, margins;
};

template <class V>
void fields(V& v, KeptCase& of) {
  using namespace interp::json_shapes;
  v("verdict", of.verdict, "what came of it", text_among({"proved", "refuted", "open"}));
  v("right", of.right, "the prototype that all others are held against");
  v("margin_to", of.margin_to, "lower bounds on the margins to the wrong prototypes, in order");
  v("worst", of.worst, "tokens of an input that comes closest; none: empty");
  v("float32_error", of.float32_error, "how far float32 can move a margin", number(0));
  // No wrong prototype: infinite, which JSON writes as null.
  v("float32_margin", of.float32_margin, "what it leaves of the least", nullable(number()));
  v("neurons", of.neurons, "bounds on what each head adds to the neurons: least, then most");
  v("margins", of.margins, "bounds on what each head adds to the margins");
}

Rows rows_of(const Tensor& tensor) {  // [head, …]
  Rows rows;
  if (!tensor.defined()) return rows;
  for (int64_t h = 0; h < tensor.size(0); ++h) {
    const Tensor row = tensor[h].contiguous();
    rows.emplace_back(row.data_ptr<double>(), row.data_ptr<double>() + row.numel());
  }
  return rows;
}

Tensor tensor_of(const Rows& rows) {
  std::vector<Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(torch::tensor(row, torch::kFloat64));
  return at::stack(tensors);
}

KeptCase kept(const Case& of) {
  KeptCase kept{.verdict = to_string(of.verdict),
                .right = of.right,
                .margin_to = of.margin_to,
                .worst = {},
                .float32_error = of.float32_error,
                .float32_margin = of.float32_margin,
                .neurons = rows_of(of.neurons),
                .margins = rows_of(of.margins)};
  if (of.worst.defined())
    kept.worst.assign(of.worst.data_ptr<int64_t>(),
                      of.worst.data_ptr<int64_t>() + of.worst.numel());
  return kept;
}

Verdict verdict_from(const std::string& name) {
  for (const Verdict verdict : {Verdict::Proved, Verdict::Refuted})
    if (to_string(verdict) == name) return verdict;
  return Verdict::Open;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

void require_sizes(const Rows& rows, int64_t heads, int64_t width, const char* what) {
  require(std::ssize(rows) == heads &&
              std::ranges::all_of(rows, [&](const auto& row) { return std::ssize(row) == width; }),
          what);
}

Case restored(const KeptCase& kept, Case of, const FirstBlock& first, int64_t prototypes) {
  of.verdict = verdict_from(kept.verdict);
  of.margin_to = kept.margin_to;
  of.float32_error = kept.float32_error;
  if (!kept.worst.empty()) {
    of.worst = torch::tensor(kept.worst, torch::kInt64);
    require(of.worst.size(0) == first.domain().length && first.domain().holds(of.worst),
            "its closest input is not in the domain");
  }
  if (of.right_prototypes.empty()) {
    require(of.verdict == Verdict::Refuted && of.worst.defined(), "it has no right prototype");
    return of;
  }
  of.right = kept.right;
  require(std::ranges::count(of.right_prototypes, of.right) == 1, "its prototype is not right");
  require(of.margin_to.size() == of.wrong.size(), "margins to other prototypes are expected");
  require_sizes(kept.neurons, first.heads(), 2 * first.block().W_in.size(1), "neurons: their size");
  require_sizes(kept.margins, first.heads(), prototypes, "margins: their size");
  of.neurons = tensor_of(kept.neurons).view({first.heads(), 2, -1});
  of.margins = tensor_of(kept.margins);
  find_least(of);
  of.float32_margin = of.wrong.empty() ? of.margin : kept.float32_margin;
  require((of.verdict == Verdict::Proved) == (of.margin > 0), "its margin contradicts its verdict");
  require(of.float32_margin <= of.margin, "float32 does not add to a margin");
  return of;
}

}  // namespace

nlohmann::ordered_json kept_cases(const std::vector<Case>& cases) {
  std::vector<KeptCase> list;
  for (const Case& of : cases) list.push_back(kept(of));
  return interp::write_record(list);
}

std::vector<Case> cases_from_kept(const nlohmann::ordered_json& json, const CaseProver& prover,
                                  size_t i, const std::string& where) {
  const auto list = interp::read_record<std::vector<KeptCase>>(json, where);
  std::vector<Case> cases = prover.begun(i);
  if (list.size() != cases.size())
    throw std::runtime_error(
        fmt::format("{}: expected {} cases, found {}", where, cases.size(), list.size()));
  for (size_t a = 0; a < cases.size(); ++a) {
    try {
      cases[a] = restored(list[a], cases[a], prover.first(), prover.prototypes());
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("{}[{}]: {}", where, a, error.what()));
    }
  }
  return cases;
}

}  // namespace assay::proofs
