#include "axioms/proofs/prove.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/types.h>

#include <algorithm>
#include <ctime>
#include <new>

#include "axioms/proofs/nearest_prototype.h"
#include "axioms/proofs/output_statement.h"
#include "axioms/proofs/program_statement.h"
#include "axioms/proofs/suffix.h"
#include "axioms/proofs/weights.h"
#include "circuits/interpretation/abstract_values.h"
#include "circuits/interpretation/operations.h"
#include "interp/execution/parallel.h"
#include "interp/names.h"
#include "interp/network/transformer.h"

namespace assay::proofs {
namespace {

using at::Tensor;
using circuits::Node;

constexpr const char* kOutOfMemory = "memory ran out";

bool is_out_of_memory(const c10::Error& error) {
  return std::string_view(error.what_without_backtrace()).find("allocate memory") !=
         std::string_view::npos;
}

// Statements that the engine cannot treat are open, and say why. So are those for which memory does
// not suffice: what was allocated for them is free again, and the others go on.
template <typename Work>
Statement attempt(const std::string& name, const std::string& node, const Work& work) {
  const auto open = [&](std::string why) {
    return Statement{.statement = name, .node = node, .words = std::move(why)};
  };
  try {
    return work();
  } catch (const Untreated& reason) {
    return open(reason.what());
  } catch (const std::bad_alloc&) {
    return open(kOutOfMemory);
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) throw;
    return open(kOutOfMemory);
  }
}

std::string gigabytes(double bytes) {
  return fmt::format("{:.3g} GB", bytes / 1e9);
}

void require_memory(double bytes, double most) {
  if (bytes > most)
    throw Untreated(fmt::format("not begun: it needs about {} of memory, of which {} may be used",
                                gigabytes(bytes), gigabytes(most)));
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
  const Weights weights = weights_of(study.network);
  require_memory(bytes_for_cases(weights, study.domain(), reading, interp::threads()),
                 options.most_bytes);
  std::vector<Case> cases = prove_cases(
      weights, study.domain(), reading,
      [&](int64_t done, int64_t of) {
        if (options.on_progress)
          options.on_progress(fmt::format("cases of {}", node.name), done, of);
      },
      options.stop, options.kept);
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

bool has_suffix(const Node& node) {
  return node.gamma.name == "write_levels";
}

bool has_prototypes(const Node& node) {
  return node.alpha.name == "nearest_prototype";
}

class Proving {
 public:
  Proving(const Study& study, const ProveOptions& options) : study_(study), options_(options) {}

  std::vector<Statement> operator()() {
    if (asked(kProgram)) add(kProgram, "", [&] { return program(); });
    about_nodes(kSuffix, has_suffix, [&](const Node& node) { return prove_suffix(study_, node); });
    about_nodes(kNode, has_prototypes,
                [&](const Node& node) { return prove_node(study_, node, options_); });
    if (asked(kOutput) && !options_.rows_only) add(kOutput, "", [&] { return output(); });
    return std::move(statements_);
  }

 private:
  bool named(const std::string& name) const {
    return std::ranges::count(options_.statements, name) > 0;
  }
  bool asked(const std::string& name) const { return options_.statements.empty() || named(name); }

  auto progress_of(const char* what) const {
    return [this, what](int64_t done, int64_t of) {
      if (options_.on_progress) options_.on_progress(what, done, of);
    };
  }

  Statement program() const {
    return prove_program(study_, progress_of("inputs of the interpretation"), options_.stop);
  }

  Statement output() const {
    require_memory(bytes_for_output(study_, interp::threads()), options_.most_bytes);
    return prove_output(study_,
                        {.seconds = options_.attack_seconds,
                         .seed = options_.seed,
                         .stop = options_.stop,
                         .on_progress = {}},
                        progress_of("inputs"), options_.kept);
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
      const std::clock_t begin = std::clock();
      Statement statement = attempt(name, node, work);
      statement.cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
      statements_.push_back(std::move(statement));
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

double bytes_to_prove(const Study& study, const ProveOptions& options) {
  const auto asked = [&](const char* name) {
    return options.statements.empty() || std::ranges::count(options.statements, name) > 0;
  };
  double most = 0;
  try {
    const Weights weights = weights_of(study.network);
    if (asked(kNode))
      for (const Node& node : study.interpretation.nodes)
        if (has_prototypes(node))
          most = std::max(most, bytes_for_cases(weights, study.domain(), prototype_reading(node),
                                                interp::threads()));
    if (asked(kOutput)) most = std::max(most, bytes_for_output(study, interp::threads()));
  } catch (const Untreated&) {  // what is not treated needs no memory
  }
  return most;
}

}  // namespace assay::proofs
