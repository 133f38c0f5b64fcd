// `assay solve FORMULA`

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "interp/adapters/model_file.h"
#include "interp/files/files.h"
#include "interp/network/transformer.h"
#include "sat2/dimacs.h"
#include "sat2/implication_graph.h"
#include "sat2/masks.h"
#include "sat2/referee.h"
#include "sat2/text.h"
#include "tasks/two_sat/tokens.h"
#include "tools/commands.h"
#include "tools/found_sentences.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

using json_pointer = nlohmann::json::json_pointer;
using tasks::two_sat::Tokens;

struct SolveOptions {
  CommonOptions common;
  std::string formula;
  std::filesystem::path model;
};

constexpr size_t kMostFormulaBytes = size_t{64} << 20;  // of a file with a formula

sat2::Formula parse_file(const std::string& content) {
  const size_t first = content.find_first_not_of(" \t\r\n");
  const bool text = first != content.npos && content[first] == '(';
  return text ? sat2::parse_formula(content) : sat2::parse_dimacs(content);
}

/// A file that holds a formula as text or DIMACS, or else the text itself.
sat2::Formula read_formula(const std::string& argument) {
  std::error_code ignored;  // a long formula is no name that a file could have
  const bool is_file =
      std::filesystem::exists(argument, ignored) || argument.find('(') == argument.npos;
  const std::string content = is_file ? interp::read_stream(argument, kMostFormulaBytes) : argument;
  try {
    return is_file ? parse_file(content) : sat2::parse_formula(content);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        fmt::format("{}: {}", is_file ? argument : "neither a file nor a formula", error.what()));
  }
}

/// Z3's ruling, which the two other solvers must share.
sat2::Ruling solve(const sat2::Formula& formula) {
  sat2::Ruling ruling = sat2::rule(formula);
  const bool by_masks = sat2::satisfiable_by_masks(formula);
  const bool by_components = sat2::satisfy_by_components(formula).has_value();
  if (by_masks != ruling.satisfiable || by_components != ruling.satisfiable) {
    throw std::runtime_error(
        fmt::format("the solvers disagree, satisfiable: Z3 {}, masks {}, components {}",
                    ruling.satisfiable, by_masks, by_components));
  }
  return ruling;
}

/// Of a network: the logit of SAT minus that of UNSAT; 0 is a tie, which decides nothing.
struct NetworkAnswer {
  double difference = 0;

  bool tied() const { return difference == 0; }
  bool satisfiable() const { return difference > 0; }
};

/// The formula as the network's tokens. @throws std::invalid_argument if it does not fit.
at::Tensor tokens_for(const interp::LoadedModel& loaded, sat2::Formula formula,
                      const Tokens& tokens) {
  const interp::TransformerConfig& config = loaded.model->config();
  const auto clauses = static_cast<int64_t>(formula.clauses.size());
  if (tokens.d_vocab() != config.d_vocab || tokens.variables < 2) {
    throw std::invalid_argument(
        fmt::format("the model has d_vocab {}: not a network for 2-SAT", config.d_vocab));
  }
  const int64_t most = (config.n_ctx - 1) / 4;
  const auto fewest = loaded.metadata.value(json_pointer("/task/settings/min_clauses"), most);
  if (clauses < fewest || clauses > most || formula.variables > tokens.variables) {
    throw std::invalid_argument(
        fmt::format("the formula has {} clauses over {} variables, the model reads {} over {}",
                    clauses, formula.variables,
                    fewest == most ? fmt::to_string(most) : fmt::format("{} to {}", fewest, most),
                    tokens.variables));
  }
  formula.variables = static_cast<int>(tokens.variables);
  at::Tensor row = at::empty({1, config.n_ctx}, at::kLong);
  tasks::two_sat::write_tokens(formula, most, row.data_ptr<int64_t>());
  return row;
}

NetworkAnswer ask(const interp::LoadedModel& loaded, const sat2::Formula& formula) {
  const at::NoGradGuard no_grad;
  const interp::Transformer& model = *loaded.model;
  const interp::TransformerConfig& config = model.config();
  const Tokens tokens{.variables = (config.d_vocab - 6) / 2};
  const at::Tensor row = tokens_for(loaded, formula, tokens).to(model.device());
  const at::Tensor logits = interp::logits_at(model, row, config.n_ctx - 1)[0];
  return {.difference =
              logits[tokens.sat()].item<double>() - logits[tokens.unsat()].item<double>()};
}

std::string word(bool satisfiable) {
  return satisfiable ? "satisfiable" : "unsatisfiable";
}

void print_solution(const SolutionRecord& record, const sat2::Formula& formula,
                    const Console& console) {
  console.fact("answer", plain_text(solution_sentence(record)));
  for (const int64_t clause : record.unsatisfiable_core.value_or(std::vector<int64_t>()))
    console.print("{:>20}  {}", clause + 1,
                  sat2::to_string(formula.clauses[static_cast<size_t>(clause)]));
  console.fact("solvers", "Z3, implication graph and truth table agree");
}

void print_network(const NetworkAnswer& network, const sat2::Ruling& ruling,
                   const Console& console) {
  if (network.tied()) {
    console.fact("network", console.paint("a tie: the logits of both answers are equal, which is "
                                          "neither right nor wrong",
                                          Tone::Caution));
    return;
  }
  const bool right = network.satisfiable() == ruling.satisfiable;
  console.fact("network", console.paint(fmt::format("{}, logit difference {:+.3f}, {}",
                                                    word(network.satisfiable()), network.difference,
                                                    right ? "right" : "wrong"),
                                        right ? Tone::Good : Tone::Bad));
}

SolutionRecord record_of(const sat2::Formula& formula, const sat2::Ruling& ruling,
                         const std::optional<NetworkAnswer>& network) {
  SolutionRecord record{.formula = sat2::to_string(formula),
                        .satisfiable = ruling.satisfiable,
                        .model = {},
                        .unsatisfiable_core = {},
                        .network = {}};
  if (ruling.satisfiable)
    record.model = ruling.model;
  else
    record.unsatisfiable_core.emplace(ruling.unsatisfiable_core.begin(),
                                      ruling.unsatisfiable_core.end());
  if (!network) return record;
  record.network = {.satisfiable = {}, .logit_difference = network->difference};
  if (!network->tied()) record.network->satisfiable = network->satisfiable();
  return record;
}

int run_solve(const SolveOptions& options) {
  const Session session = start(options.common);
  const sat2::Formula formula = read_formula(options.formula);
  const sat2::Ruling ruling = solve(formula);
  std::optional<NetworkAnswer> network;
  if (!options.model.empty()) {
    const interp::LoadedModel loaded = interp::load_model(options.model);
    loaded.model->to(session.device);
    network = ask(loaded, formula);
  }
  const Console& console = session.console;
  const SolutionRecord record = record_of(formula, ruling, network);
  print_solution(record, formula, console);
  if (network) print_network(*network, ruling, console);
  console.fact("formula", record.formula);
  write_report(options.common, report_of("solution", record));
  return kDone;
}

}  // namespace

Command add_solve(CLI::App& app) {
  const auto options = std::make_shared<SolveOptions>();
  app.add_option("FORMULA", options->formula, "a file with text or DIMACS CNF, or the text itself")
      ->required();
  app.add_option("--model", options->model, "ask this network, too")->type_name("FILE");
  add_common_options(app, options->common);
  app.footer(
      "By truth table, by the implication graph and by Z3, which must agree; with --model also by "
      "the "
      "network. An unsatisfiable formula is shown with a smallest contradiction.\n"
      "\nExample:\n  assay solve \"( x0 Not(x1) ) ( x0 x1 ) ( Not(x0) x1 )\"");
  return [options] { return run_solve(*options); };
}

}  // namespace assay::tools
