#include "axioms/proofs/prove.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>

#include "axioms/proofs/nearest_prototype.h"
#include "axioms/proofs/output_statement.h"
#include "axioms/proofs/program_statement.h"
#include "axioms/proofs/suffix.h"
#include "axioms/proofs/weights.h"
#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/operations.h"
#include "interp/names.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using circuits::Node;

// Statements that the engine cannot treat are open, and say why.
template <typename Work>
Statement attempt(const std::string& name, const std::string& node, const Work& work) {
  try {
    return work();
  } catch (const Untreated& reason) {
    return {.statement = name, .node = node, .words = reason.what()};
  }
}

size_t step_of(const Study& study, const std::string& node) {
  const auto& steps = study.program.steps;
  return std::ranges::find(steps, node, &circuits::Step::name) - steps.begin();
}

// Does α on the network as it runs give something else than h?
bool fails_on(const Study& study, const std::string& node, const Tensor& tokens) {
  const at::NoGradGuard no_grad;
  const Tensor row = tokens.unsqueeze(0);
  const size_t step = step_of(study, node);
  const auto actual = circuits::network_values(study.network, study.program, row).at(step);
  const auto computed = circuits::prefix_values(study.program, row).at(step);
  return !study.program.steps[step].equality(actual.to(torch::kCPU), computed).item<bool>();
}

// A refuted case is one on which the network itself was run and failed.
void run_refuted(const Study& study, const std::string& node, std::vector<Case>& cases) {
  for (Case& of : cases)
    if (of.verdict == Verdict::Refuted &&
        (!study.is_input(of.worst) || !fails_on(study, node, of.worst)))
      of.verdict = Verdict::Open;
}

// A case per alternative: where many inputs are one slot, to go through them is quicker.
void require_few_alternatives(const Domain& domain) {
  constexpr size_t kMost = 4096;
  for (const Slot& slot : domain.slots)
    if (slot.alternatives.size() > kMost)
      throw Untreated(fmt::format(
          "a slot with {} alternatives is treated by no cases: go through the inputs, validate "
          "--part {}",
          slot.alternatives.size(), domain.name));
}

Statement prove_node(const Study& study, const Node& node, const ProveOptions& options) {
  const PrototypeReading reading = prototype_reading(node);
  require_few_alternatives(study.domain());
  std::vector<Case> cases = prove_cases(
      weights_of(study.network), study.domain(), reading,
      [&](int64_t done, int64_t of) {
        if (options.on_progress)
          options.on_progress(fmt::format("positions of {}", node.name), done, of);
      },
      options.stop);
  run_refuted(study, node.name, cases);
  return statement_of(reading, cases);
}

// Written bit by bit, the network must decide as was computed.
void run_failing_state(const Study& study, const Node& node, const AffineSuffix& suffix,
                       Statement& statement) {
  const std::vector<bool> state = failing_state(suffix);
  Tensor bits = at::zeros({1, std::ssize(state)}, torch::kBool);
  std::vector<int64_t> on;
  for (size_t k = 0; k < state.size(); ++k)
    if (state[k]) bits[0][k] = true, on.push_back(static_cast<int64_t>(k));
  const at::NoGradGuard no_grad;
  const size_t step = step_of(study, node.name);
  const auto written = study.program.steps[step].gamma(bits);
  interp::TraceRequest request{.record = {interp::logits_site(study.network, suffix.readout)}};
  for (size_t i = 0; i < node.sites.size(); ++i)
    request.overwrite.push_back({node.sites[i], written.at(i)});
  const Tensor logits = study.network.trace({}, request).at(0).flatten();
  const double difference = logits[suffix.on].item<double>() - logits[suffix.off].item<double>();
  const bool wrong = on.empty() ? difference >= 0 : difference <= 0;
  if (!wrong) statement.verdict = Verdict::Open;
  statement.words += fmt::format(
      "; written to the network, the state with bits {} on gives {:+.6f}{}", fmt::join(on, ","),
      difference, wrong ? "" : ", which float32 rounds to the right side");
  statement.proof["state"] = on;
}

Statement prove_suffix(const Study& study, const Node& node) {
  const AffineSuffix suffix =
      affine_suffix(study.network, study.interpretation, node, study.domain().readout);
  Statement statement = statement_of(suffix);
  if (statement.verdict == Verdict::Refuted) run_failing_state(study, node, suffix, statement);
  return statement;
}

class Proving {
 public:
  Proving(const Study& study, const ProveOptions& options) : study_(study), options_(options) {}

  std::vector<Statement> operator()() {
    if (asked(kProgram)) add(kProgram, "", [&] { return prove_program(study_); });
    about_nodes(
        kSuffix, [](const Node& node) { return node.gamma.name == "write_levels"; },
        [&](const Node& node) { return prove_suffix(study_, node); });
    about_nodes(
        kNode, [](const Node& node) { return node.alpha.name == "nearest_prototype"; },
        [&](const Node& node) { return prove_node(study_, node, options_); });
    if (asked(kOutput) && !options_.rows_only) add(kOutput, "", [&] { return output(); });
    return std::move(statements_);
  }

 private:
  bool named(const std::string& name) const {
    return std::ranges::count(options_.statements, name) > 0;
  }
  bool asked(const std::string& name) const { return options_.statements.empty() || named(name); }

  Statement output() const {
    return prove_output(study_,
                        {.seconds = options_.attack_seconds,
                         .seed = options_.seed,
                         .stop = options_.stop,
                         .on_progress = {}},
                        [&](int64_t done, int64_t of) {
                          if (options_.on_progress) options_.on_progress("inputs", done, of);
                        });
  }

  // A statement about the nodes that it is meant for. Asked for by name where there are none, it is
  // open for every node, with the reason.
  template <typename Meant, typename Work>
  void about_nodes(const char* name, const Meant& meant, const Work& work) {
    if (!asked(name)) return;
    std::vector<const Node*> nodes;
    for (const Node& node : study_.interpretation.nodes)
      if (node.name != study_.interpretation.output) nodes.push_back(&node);
    const bool any = std::ranges::any_of(nodes, [&](const Node* node) { return meant(*node); });
    for (const Node* node : nodes)
      if (any ? meant(*node) : named(name)) add(name, node->name, [&] { return work(*node); });
  }

  template <typename Work>
  void add(const std::string& name, const std::string& node, const Work& work) {
    const auto before = std::ranges::find_if(options_.decided, [&](const Statement& statement) {
      return statement.statement == name && statement.node == node &&
             statement.verdict != Verdict::Open;
    });
    if (before != options_.decided.end()) {
      statements_.push_back(*before);
    } else if (options_.stop && *options_.stop) {
      statements_.push_back(
          {.statement = name, .node = node, .words = "not begun before the run ended"});
    } else {
      statements_.push_back(attempt(name, node, work));
      if (options_.on_decided) options_.on_decided(statements_);
    }
  }

  const Study& study_;
  const ProveOptions& options_;
  std::vector<Statement> statements_;
};

}  // namespace

std::vector<std::string> statement_names() {
  return {kProgram, kSuffix, kNode, kOutput};
}

std::vector<Statement> prove(const Study& study, const ProveOptions& options) {
  for (const std::string& name : options.statements)
    if (std::ranges::count(statement_names(), name) == 0)
      interp::refuse_name("statement", name, statement_names());
  validate(study.domain(), study.network.config().d_vocab);
  return Proving(study, options)();
}

}  // namespace assay::proofs
