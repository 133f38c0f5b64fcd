#include "tools/interchange_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "interp/statistics/random.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

using axioms::Axiom;
using axioms::Exchanged;
using axioms::Interchange;

// Seeds of tasks need not have more than 32 bits.
uint64_t seed_of_sources(uint64_t seed, uint64_t which) {
  return statistics::seed_at(seed, 0x5eed, which) & 0xffffffff;
}

ChosenInterchange fresh_sources(const tasks::Task& task, uint64_t seed, bool unmapped) {
  const uint64_t first_seed = seed_of_sources(seed, 0), other_seed = seed_of_sources(seed, 1);
  const auto draw = [&task, first_seed, other_seed](int64_t, int64_t first,
                                                    int64_t count) -> Exchanged {
    const auto tokens = [&](uint64_t of) {
      return task.sample(tasks::Part::Test, of, first, count).tokens;
    };
    return {.source = tokens(first_seed), .other = tokens(other_seed)};
  };
  return {{.draw = draw, .unmapped = unmapped},
          fmt::format("fresh inputs (test part, seeds {} and {})", first_seed, other_seed)};
}

// Pairs are drawn as such, so that their bases are not the inputs that the axioms are checked on.
ChosenInterchange counterfactual_sources(const tasks::Task& task, const ValidationInputs& inputs,
                                         uint64_t seed, bool unmapped) {
  const tasks::Partners& partners = task.need<tasks::Partners>();
  if (inputs.facts.at("source") != "sampled")
    throw std::invalid_argument(
        "--sources counterfactuals: pairs are drawn, and these inputs are listed; leave out --data "
        "and --part, and name a number of --inputs");
  const uint64_t other_seed = seed_of_sources(seed, 1);
  const auto draw = [&task, &partners, seed, other_seed](int64_t, int64_t first,
                                                         int64_t count) -> Exchanged {
    const circuits::Counterfactuals pairs = partners.sample(tasks::Part::Test, seed, first, count);
    if (!pairs.corrupt.defined())
      throw std::invalid_argument(
          fmt::format("--sources counterfactuals: the inputs of {} have no partners", task.name()));
    return {.base = pairs.clean,
            .source = pairs.corrupt,
            .other = task.sample(tasks::Part::Test, other_seed, first, count).tokens};
  };
  return {{.draw = draw, .unmapped = unmapped},
          fmt::format("counterfactual partners (test part, seed {})", seed)};
}

ChosenInterchange listed_sources(const ValidationInputs& inputs, uint64_t seed, bool unmapped,
                                 int64_t most_pairs) {
  Interchange interchange =
      axioms::among(inputs.tokens(0, inputs.count).contiguous(), seed, unmapped, most_pairs);
  std::string words = interchange.exhaustive()
                          ? fmt::format("all {} of these inputs for each", grouped(inputs.count))
                          : fmt::format("one of these inputs for each, drawn (seed {})", seed);
  return {std::move(interchange), std::move(words)};
}

ChosenInterchange all_sources(const ValidationInputs& inputs, uint64_t seed, bool unmapped) {
  if (inputs.scope == axioms::Scope::Distribution)
    throw std::invalid_argument(
        "--sources all: these inputs are draws, of which there is no end; it takes inputs that can "
        "be listed, with --part or --data");
  return listed_sources(inputs, seed, unmapped, std::numeric_limits<int64_t>::max());
}

}  // namespace

void add_interchange_options(CLI::App& app, InterchangeOptions& options) {
  app.add_flag("--interchange", options.interchange,
               "also exchange each node's value, and those of each pair of nodes, between two "
               "inputs: does the network's answer follow as the program's does (II, IA)?");
  app.add_flag("--unmapped", options.unmapped,
               "and resample what the interpretation calls irrelevant: does the answer stay (UM)?");
  app.add_option(
         "--sources", options.sources,
         "where exchanged values come from: other inputs (default), all that are listed for "
         "each, also where that takes long, or the task's counterfactual partners")
      ->check(CLI::IsMember({"inputs", "all", "counterfactuals"}))
      ->type_name("WHICH");
}

std::optional<ChosenInterchange> choose_interchange(const InterchangeOptions& options,
                                                    const std::vector<axioms::Claim>& claims,
                                                    const tasks::Task& task,
                                                    const ValidationInputs& inputs, uint64_t seed) {
  const auto claimed = [&](auto about) {
    return std::ranges::any_of(claims,
                               [&](const axioms::Claim& claim) { return about(claim.axiom); });
  };
  const bool unmapped = options.unmapped || claimed([](Axiom axiom) { return axiom == Axiom::UM; });
  if (!unmapped && !options.interchange && options.sources.empty() &&
      !claimed(axioms::is_interchange))
    return std::nullopt;
  if (options.sources == "counterfactuals")
    return counterfactual_sources(task, inputs, seed, unmapped);
  if (options.sources == "all") return all_sources(inputs, seed, unmapped);
  if (inputs.scope != axioms::Scope::Distribution)
    return listed_sources(inputs, seed, unmapped, axioms::kMostPairs);
  const std::string source = inputs.facts.at("source");
  if (source != "sampled" && source != "function")
    throw std::invalid_argument(
        "--interchange: pairs of independent lines of a file are not independent of each other, so "
        "their rate cannot be bounded beyond the file; leave out --independent");
  return fresh_sources(task, seed, unmapped);
}

}  // namespace assay::tools
