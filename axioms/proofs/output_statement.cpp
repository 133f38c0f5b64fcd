#include "axioms/proofs/output_statement.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <mutex>

#include "axioms/proofs/enclosure.h"
#include "interp/execution/chunks.h"
#include "interp/files/fields.h"
#include "interp/numerals.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using interp::grouped;
using nlohmann::ordered_json;

constexpr double kMostEnclosed = 1 << 20;
constexpr int64_t kInputsAtOnce = 512;

struct Decisions {
  int64_t inputs = 0, right = 0, certain = 0;
  int64_t certain_in_float32 = 0;
  double least = std::numeric_limits<double>::infinity();  // margin of a certain decision
  Tensor at = {}, wrong = {};                              // where it is least; a wrong one
  bool bounded_in_float32 = true;
  double float32_error = 0;      // largest, of any margin
  int64_t alike_in_float32 = 0;  // where there is no bound: in a run, here

  void add(const Decisions& other) {  // chunks are added in their order
    inputs += other.inputs;
    right += other.right;
    certain += other.certain;
    certain_in_float32 += other.certain_in_float32;
    if (other.least < least) least = other.least, at = other.at;
    if (!wrong.defined()) wrong = other.wrong;
    bounded_in_float32 = bounded_in_float32 && other.bounded_in_float32;
    float32_error = std::max(float32_error, other.float32_error);
    alike_in_float32 += other.alike_in_float32;
  }
};

// As they are kept (pieces.h): counts, and inputs as lists of tokens.
template <class V>
void fields(V& v, Decisions& d) {
  using namespace interp::json_shapes;
  const auto tokens = [&](const char* name, Tensor& input, const char* help) {
    v.through(
        name, input,
        [](const Tensor& input) {
          return input.defined()
                     ? ordered_json(std::vector<int64_t>(input.data_ptr<int64_t>(),
                                                         input.data_ptr<int64_t>() + input.numel()))
                     : ordered_json();
        },
        [](const ordered_json& json) {
          return json.is_null() ? Tensor() : torch::tensor(json.get<std::vector<int64_t>>());
        },
        nullable(list(integer(0), 1)), help);
  };
  v("inputs", d.inputs, "inputs gone through", interp::counts());
  v("right", d.right, "certainly decided rightly", interp::counts());
  v("certain", d.certain, "certainly decided", interp::counts());
  v("certain_in_float32", d.certain_in_float32, "in float32 too", interp::counts());
  v("least", d.least, "least margin");
  tokens("at", d.at, "where");
  tokens("wrong", d.wrong, "an input that is decided wrongly");
  v("bounded_in_float32", d.bounded_in_float32, "whether rounding has a bound");
  v("float32_error", d.float32_error, "how far it moves a margin", number(0));
  v("alike_in_float32", d.alike_in_float32, "without a bound: alike in a run", interp::counts());
}

Decisions decisions_from_kept(const ordered_json& json, const Domain& domain, int64_t inputs,
                              const std::string& where) {
  const auto kept = interp::read_record<Decisions>(json, where);
  const auto in_domain = [&](const Tensor& input) {
    return !input.defined() || (input.size(0) == domain.length && domain.holds(input));
  };
  if (kept.inputs != inputs || kept.right > kept.certain || kept.certain > inputs ||
      kept.certain_in_float32 > inputs || kept.alike_in_float32 > inputs || !kept.at.defined() ||
      !in_domain(kept.at) || !in_domain(kept.wrong) ||
      kept.wrong.defined() != (kept.right < kept.certain))
    throw std::runtime_error(fmt::format(
        "{}: its counts and inputs are not those of {} inputs of the domain", where, inputs));
  return kept;
}

// By how much the answer that leads is certainly ahead: [batch].
Tensor lead(const Ball& of_answers, const Tensor& leader) {
  const Tensor low = (of_answers.mid - of_answers.radius).gather(1, leader);
  const Tensor high = (of_answers.mid + of_answers.radius)
                          .scatter(1, leader, -std::numeric_limits<double>::infinity());
  return (low - std::get<0>(high.max(1, true))).squeeze(1);
}

Decisions decide(const Study& study, const Weights& weights, const Tensor& tokens) {
  const Tensor named = torch::tensor(study.answers);
  const auto enclosed = [&](Rounding rounding) {
    const Ball all = logits(weights, tokens, study.domain().readout, rounding);
    return Ball{all.mid.index_select(1, named), all.radius.index_select(1, named)};
  };
  const Ball exact = enclosed(Rounding::Float64);
  const Tensor leader = exact.mid.argmax(1, true);
  const Tensor margin = lead(exact, leader), certain = margin.gt(0);
  const Tensor right =
      named.index_select(0, leader.squeeze(1)).eq(study.right(tokens)).logical_and(certain);
  Decisions decisions{.inputs = tokens.size(0),
                      .right = right.sum().item<int64_t>(),
                      .certain = certain.sum().item<int64_t>()};
  decisions.least = margin.min().item<double>();
  decisions.at = tokens[margin.argmin().item<int64_t>()].clone();
  const Tensor wrong = right.logical_not().logical_and(certain);
  if (wrong.any().item<bool>())
    decisions.wrong = tokens[wrong.to(torch::kInt64).argmax().item<int64_t>()].clone();
  try {
    Tensor in_float32 = at::ones_like(certain);
    for (const Rounding rounding : {Rounding::Float32, Rounding::Absorbed}) {
      const Tensor ahead = lead(enclosed(rounding), leader);
      in_float32.logical_and_(ahead.gt(0));
      decisions.float32_error =
          std::max(decisions.float32_error, (margin - ahead).max().item<double>());
    }
    decisions.certain_in_float32 = in_float32.sum().item<int64_t>();
  } catch (const Untreated&) {
    decisions.bounded_in_float32 = false;
    const Tensor decided = named.index_select(0, leader.squeeze(1));
    decisions.alike_in_float32 = study.network_answers(tokens).eq(decided).sum().item<int64_t>();
  }
  return decisions;
}

Statement statement_of(const Study& study, const Decisions& all) {
  Statement statement{.statement = kOutput};
  statement.words =
      fmt::format("right on {} of {} inputs", grouped(all.right), grouped(all.inputs));
  const int64_t uncertain = all.inputs - all.certain;
  if (uncertain > 0)
    statement.words += fmt::format("; {} decisions are too close for float64", grouped(uncertain));
  else
    statement.words += fmt::format(", every decision certain; least margin {:.6g}", all.least);
  if (all.right == all.inputs) statement.verdict = Verdict::Proved;
  if (all.wrong.defined()) {
    statement.witness = all.wrong;
    const int64_t by_network = study.network_answers(all.wrong.unsqueeze(0)).item<int64_t>();
    if (by_network != study.right(all.wrong.unsqueeze(0)).item<int64_t>())
      statement.verdict = Verdict::Refuted;
  }
  if (uncertain == 0 && statement.verdict != Verdict::Open)
    statement.proof = {{"kind", "enumeration"},
                       {"inputs", all.inputs},
                       {"right", all.right},
                       {"least_margin", all.least},
                       {"at", std::vector<int64_t>(all.at.data_ptr<int64_t>(),
                                                   all.at.data_ptr<int64_t>() + all.at.numel())}};
  if (!all.bounded_in_float32) {
    statement.words += fmt::format(
        "; the rounding of float32 is too much for a bound, but run here on every input, the "
        "network "
        "decides alike on {}",
        grouped(all.alike_in_float32));
    return statement;
  }
  statement.float32 = {.error = all.float32_error, .shown = all.certain_in_float32 == all.inputs};
  statement.float32->words =
      statement.float32->shown
          ? fmt::format(
                "decides alike on every input, with keys and values formed or absorbed: "
                "rounding moves a margin by at most {:.2g}",
                all.float32_error)
          : fmt::format(
                "not shown for {} inputs, whose margin is smaller than what rounding could "
                "move it by (at most {:.2g})",
                grouped(all.inputs - all.certain_in_float32), all.float32_error);
  return statement;
}

Statement attacked(const Study& study, const AttackOptions& options) {
  const Attack attack = attack_answer(study, options);
  Statement statement{.statement = kOutput};
  if (!attack.found && attack.runs == 0) {
    statement.words = "no proof is known for so many inputs, and no wrong one was looked for";
    return statement;
  }
  if (!attack.found) {
    statement.words = fmt::format(
        "no proof is known for so many inputs; no wrong one was found in {} runs of {} climbs, the "
        "closest was right by {:.4g}",
        grouped(attack.runs), grouped(attack.climbs), -attack.closest_value);
    return statement;
  }
  statement.verdict = Verdict::Refuted;
  statement.witness = attack.found;
  statement.words = fmt::format("wrong on an input found in {} runs of {} climbs",
                                grouped(attack.runs), grouped(attack.climbs));
  statement.proof = study.witness(*attack.found);
  return statement;
}

}  // namespace

// Each thread holds some runs' worth of activations: means and radii of what a block computes, and
// the temporaries of their products. About eight at a time; the heap takes up to twice that, as
// what is given back does not always fit what is asked next (docs/proofs.md has measurements).
double bytes_for_output(const Study& study, int threads) {
  constexpr double kHeldAtOnce = 16;
  const Weights weights = weights_of(study.network);
  if (study.domain().inputs() > kMostEnclosed) return 0;  // attacked, some inputs at a time
  int64_t widest = 0;
  for (const BlockWeights& b : weights.blocks)
    widest = std::max({widest, b.W_in.size(0), b.W_in.size(1), study.domain().length});
  const double each = static_cast<double>(study.domain().length * widest);
  return sizeof(double) * kHeldAtOnce * threads * kInputsAtOnce * each;
}

Statement prove_output(const Study& study, const AttackOptions& attack,
                       const std::function<void(int64_t done, int64_t of)>& on_progress,
                       const Kept& kept) {
  if (study.domain().inputs() > kMostEnclosed) return attacked(study, attack);
  const Weights weights = weights_of(study.network);
  const auto n = static_cast<int64_t>(study.domain().inputs());
  const interp::Chunks chunks(n, kInputsAtOnce);
  std::vector<Decisions> parts(chunks.count());
  const std::vector<ordered_json> begun = kept.begun(kOutput, "", chunks.count());
  int64_t done = 0;
  for (int64_t i = 0; i < chunks.count(); ++i) {
    if (begun[i].is_null()) continue;
    parts[i] = decisions_from_kept(begun[i], study.domain(), chunks[i].count, kept.place_of(i));
    done += parts[i].inputs;
  }
  std::mutex mutex;
  chunks.for_each([&](const interp::Chunk& chunk) {
    if ((attack.stop && *attack.stop) || !begun[chunk.index].is_null()) return;
    parts[chunk.index] = decide(study, weights, study.domain().listed(chunk.first, chunk.count));
    if (kept.add) kept.add(chunk.index, interp::write_record(parts[chunk.index]));
    const std::lock_guard lock(mutex);
    if (on_progress) on_progress(done += chunk.count, n);
  });
  Decisions all;
  for (const Decisions& part : parts) all.add(part);
  if (all.inputs < n)
    return {
        .statement = kOutput,
        .words = fmt::format("interrupted after {} of {} inputs", grouped(all.inputs), grouped(n))};
  return statement_of(study, all);
}

}  // namespace assay::proofs
