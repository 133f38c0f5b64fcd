#include "tasks/two_sat/replacers.h"

#include <numeric>

#include "interp/attribution/empirical_replacer.h"
#include "sat2/formula.h"
#include "tasks/two_sat/tokens.h"

namespace assay::tasks::two_sat {

using interp::attribution::Sequence;

std::vector<int64_t> token_types(int64_t variables) {
  const Tokens tokens{variables};
  std::vector<int64_t> types(tokens.d_vocab(), 0);
  std::iota(types.begin() + tokens.n_literals(), types.end(), 1);
  return types;
}

// Counts in every clause once are the uniform distribution over clauses, and its conditionals. Each
// stands twice, so that brackets are seen between clauses, too, and have nothing to stand in for
// them.
std::unique_ptr<interp::attribution::Replacer> conditional_replacer(int64_t variables) {
  std::vector<Sequence> corpus;
  for (const sat2::Clause& clause : sat2::all_clauses(static_cast<int>(variables))) {
    corpus.emplace_back(n_ctx(2));
    write_tokens({static_cast<int>(variables), {clause, clause}}, 2, corpus.back().data());
  }
  return std::make_unique<interp::attribution::EmpiricalReplacer>(kConditional, corpus,
                                                                  token_types(variables));
}

}  // namespace assay::tasks::two_sat
