#include "tasks/induction/induction.h"

#include <torch/types.h>

#include <fmt/format.h>

#include <numeric>
#include <stdexcept>

#include "tasks/induction/derivation.h"
#include "tasks/induction/recipe.h"
#include "tasks/induction/rows.h"

namespace assay::tasks::induction {
namespace {

using at::Tensor;

constexpr int64_t kFewest = 16, kMost = 10'000;

std::string name_of(const Rows& rows, int64_t token) {
  if (token < 0 || token >= rows.tokens())
    throw std::invalid_argument(
        fmt::format("token {}: expected 0 to {}", token, rows.tokens() - 1));
  if (token < rows.symbols) return fmt::to_string(token);
  constexpr const char* kOthers[] = {"bos", "sep", "eos", "pad"};
  return kOthers[token - rows.symbols];
}

InputFeatures input_features() {
  return {.all = {{"place of the query in the list"},
                  {"the answer at its place in w sep w", true, {"no", "yes"}}},
          .of = [](const Tensor& tokens) {
            const Tensor fixed = tokens.select(1, kFixed).eq(induction::answers(tokens));
            return at::stack({places(tokens) + 1, fixed.to(torch::kInt64)}, 1);
          }};
}

Transformations transformations() {
  return {{{"repeat", "the list in the order of what follows it: w sep w",
            [](const Tensor& tokens, uint64_t, int64_t) { return repeated(tokens); }},
           {"reorder", "list and repetition in random order, query and answer still neighbours",
            reordered}}};
}

/// `31→4, 4→0; asked 22` of the value that pairs.h describes.
std::string pairs_text(const nlohmann::ordered_json& value) {
  constexpr size_t kPairs = kLength - 1;
  if (!value.is_array() || value.size() != 2 * kPairs + 1) return "";
  std::string text;
  for (size_t i = 0; i < kPairs; ++i)
    text += fmt::format("{}{}→{}", i == 0 ? "" : ", ", value[i].dump(), value[kPairs + i].dump());
  return fmt::format("{}; asked {}", text, value.back().dump());
}

/// A place of the list as a position, where no number could be told from a symbol.
std::string place_text(const nlohmann::ordered_json& value) {
  if (!value.is_array() || value.size() != 1 || !value[0].is_number_integer()) return "";
  return value[0] < 0 ? "nowhere" : "position " + value[0].dump();
}

std::string of_node(const std::string& part, const nlohmann::ordered_json& node) {
  if (part != "value") return "";
  const std::string h = node.at("h").value("operation", "");
  if (h == "position_behind") return place_text(node.at("value"));
  return h == "pairs_and_query" ? pairs_text(node.at("value")) : "";
}

Wording wording() {
  return {.deed = "continues a list that it has seen",
          .sentence = fmt::format(
              "It reads a list of {} symbols and {} of them again, and answers which symbol "
              "follows the last of these in the list.",
              kLength, kAgain),
          .example = "bos 7 31 4 0 22 18 35 2 9 11 sep 2 7 0 31 22: 18",
          .input = "row of symbols",
          .inputs = "rows of symbols",
          .of_node = of_node};
}

class Induction : public Task {
 public:
  Induction(const Rows& rows, const Settings& settings) : Task("induction", settings), rows_(rows) {
    provide(TokenNames{.token = [rows](int64_t token) { return name_of(rows, token); }});
    provide(Truth{induction::answers});
    provide(Distribution{.holds = [rows](const Tensor& row) { return rows.holds(row); },
                         .part = induction::part_of});
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return with_partners(sample(part, seed, first, count), seed, first);
    }});
    provide(transformations());
    provide(InputLengths{.one = true});
    provide(Features{.kinds = {"token"},
                     .of = [rows](const std::string&, const interp::attribution::Sequence& tokens) {
                       std::vector<std::string> names;
                       for (const int64_t token : tokens) names.push_back(name_of(rows, token));
                       return interp::attribution::token_features(names);
                     }});
    provide(input_features());
    provide(wording());
    provide(Recipes{[rows](const std::string& preset) { return induction::recipe(preset, rows); }});
    provide(Interpretations{.variants = induction::variants(),
                            .inputs = [](Part) -> int64_t { return 8192; },
                            .derive =
                                [this](const interp::Network& network, const DeriveConfig& config) {
                                  require_fits(network.places());
                                  return induction::derive(*this, rows_, network, config);
                                }});
  }

  Size size() const override {
    return {.n_tokens = rows_.tokens(), .n_ctx = kRow, .readout = kRow - 1, .may_be_shorter = true};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return rows_.sample(part, seed, first, count);
  }
  std::vector<int64_t> answers() const override {
    std::vector<int64_t> symbols(rows_.symbols);
    std::iota(symbols.begin(), symbols.end(), 0);
    return symbols;
  }

 private:
  /// Partners have another answer at its place; it is the wrong one.
  circuits::Counterfactuals with_partners(const interp::LabelledBatch& batch, uint64_t seed,
                                          int64_t first) const {
    circuits::Counterfactuals data = without_partners(batch);
    data.corrupt = rows_.with_other_answers(batch.tokens, seed, first);
    if (batch.tokens.size(0) > 0)
      data.wrong = at::zeros_like(data.right)
                       .scatter_(1, induction::answers(data.corrupt).unsqueeze(1), true);
    return data;
  }

  Rows rows_;
};

}  // namespace

TaskEntry entry() {
  return {.name = "induction",
          .help = "what follows the last symbol where it stood before? (arXiv 2602.08857)",
          .options = {{.name = "order",
                       .flag = "--order",
                       .help = "of what is read again: any order, or that of the list",
                       .value = "shuffled",
                       .choices = {"shuffled", "repeated"}},
                      {.name = "symbols",
                       .flag = "--symbols",
                       .help = fmt::format("of the alphabet, {} to {}", kFewest, kMost),
                       .value = 40}},
          .derivation = {},
          .presets = presets(),
          .make = [](const Settings& settings) -> std::unique_ptr<Task> {
            const auto symbols = settings.at("symbols").get<int64_t>();
            if (symbols < kFewest || symbols > kMost)
              throw std::invalid_argument(
                  fmt::format("symbols: expected {} to {}, got {}", kFewest, kMost, symbols));
            const bool in_order = settings.at("order") == "repeated";
            const Rows rows{.symbols = symbols,
                            .order = in_order ? Order::Repeated : Order::Shuffled};
            return std::make_unique<Induction>(rows, settings);
          }};
}

}  // namespace assay::tasks::induction
