#include "tasks/compiled/compiled.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "interp/statistics/random.h"
#include "tasks/compiled/built_in.h"
#include "tasks/compiled/compiler.h"
#include "tasks/compiled/program.h"
#include "tasks/compiled/wording.h"

namespace assay::tasks::compiled {
namespace {

using at::Tensor;
using interp::attribution::Feature;
using interp::attribution::Sequence;

/// All inputs of a program, in order, with their answers.
class Inputs {
 public:
  explicit Inputs(const Program& program)
      : program_(program), vocabulary_(vocabulary_of(program)), symbols_(all_inputs(program)) {
    tokens_ = vocabulary_.with_mark(symbols_);
    labels_ = answers(tokens_);
  }

  const Program& program() const { return program_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  const Tensor& tokens() const { return tokens_; }
  int64_t count() const { return tokens_.size(0); }

  /// The token that answers each input, int64 [batch].
  Tensor answers(const Tensor& tokens) const {
    const Tensor symbols = tokens.narrow(1, 1, program_.length()).to(torch::kCPU);
    const Tensor values =
        run_on(program_, symbols).at(program_.answer).select(1, program_.length());
    Tensor token = at::zeros_like(values);
    for (size_t i = 0; i < vocabulary_.answers.size(); ++i)
      token.masked_fill_(values.eq(vocabulary_.answers[i]), vocabulary_.answer_tokens[i]);
    return token;
  }

  /// Where an input stands among all; none: it is not among them.
  std::optional<int64_t> row_of(const Tensor& tokens) const {
    if (tokens.size(0) != program_.length() + 1 || tokens[0].item<int64_t>() != vocabulary_.mark())
      return {};
    int64_t row = 0;
    for (int64_t i = 0; i < program_.length(); ++i) {
      const auto& slot = program_.inputs[static_cast<size_t>(i)];
      const auto token = tokens[i + 1].item<int64_t>();
      if (token < 0 || token >= static_cast<int64_t>(program_.symbols.size())) return {};
      const auto found = std::ranges::find(slot, program_.symbols[static_cast<size_t>(token)]);
      if (found == slot.end()) return {};
      row = row * static_cast<int64_t>(slot.size()) + (found - slot.begin());
    }
    return row;
  }

  /// Rows that a dataset consists of. The part that networks are explored on goes through all
  /// inputs in random order, again and again, so that as many inputs as there are are all of them;
  /// the others are independent draws.
  Tensor rows(Part part, uint64_t seed, int64_t first, int64_t n) const {
    Tensor rows = at::empty({n}, torch::kInt64);
    int64_t pass = -1;
    std::vector<int64_t> order;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t index = first + i;
      int64_t row = 0;
      if (part == Part::Derive) {
        if (index / count() != pass) {
          pass = index / count();
          order = statistics::permutation_at(seed, static_cast<uint64_t>(pass), count());
        }
        row = order[static_cast<size_t>(index % count())];
      } else {
        row = static_cast<int64_t>(statistics::scattered(seed, static_cast<uint64_t>(index)) %
                                   static_cast<uint64_t>(count()));
      }
      rows[i] = row;
    }
    return rows;
  }

  interp::LabelledBatch at_rows(const Tensor& rows) const {
    return {tokens_.index_select(0, rows), labels_.index_select(0, rows)};
  }
  interp::LabelledBatch all() const { return {tokens_, labels_}; }

  /// Inputs that differ from this one, int64 [1 + length], at one position: int64 [n, 1 + length].
  Tensor changed_at(const Tensor& tokens, int64_t position) const {
    std::vector<Tensor> rows;
    for (const std::string& symbol : program_.inputs[static_cast<size_t>(position - 1)]) {
      const int64_t other = std::ranges::find(program_.symbols, symbol) - program_.symbols.begin();
      if (other == tokens[position].item<int64_t>()) continue;
      rows.push_back(tokens.clone());
      rows.back()[position] = other;
    }
    return rows.empty() ? tokens.new_empty({0, tokens.size(0)}) : at::stack(rows);
  }

 private:
  Program program_;
  Vocabulary vocabulary_;
  Tensor symbols_, tokens_, labels_;
};

/// A trie of all inputs: a state for each beginning, which the answers of the last ones complete.
proofs::Automaton automaton_of(const Inputs& inputs) {
  proofs::Automaton trie{.start = 0};
  const auto n_tokens = inputs.vocabulary().tokens.size();
  const auto add_state = [&] {
    trie.next.emplace_back(n_tokens, 0);
    trie.answers.push_back(inputs.vocabulary().answer_tokens.front());
    return static_cast<int64_t>(trie.next.size()) - 1;
  };
  add_state();
  const auto [tokens, labels, readouts] = inputs.all();
  const int64_t* row = tokens.contiguous().data_ptr<int64_t>();
  for (int64_t i = 0; i < inputs.count(); ++i, row += tokens.size(1)) {
    int64_t state = 0;
    for (int64_t p = 0; p < tokens.size(1); ++p) {
      const auto token = static_cast<size_t>(row[p]);
      const auto here = static_cast<size_t>(state);
      if (trie.next[here][token] == 0) {
        const int64_t added = add_state();
        trie.next[here][token] = added;
      }
      state = trie.next[here][token];
    }
    trie.answers[static_cast<size_t>(state)] = labels[i].item<int64_t>();
  }
  return trie;
}

proofs::Domain domain_of(const Inputs& inputs) {
  const Program& program = inputs.program();
  proofs::Domain domain{.name = "all",
                        .words = fmt::format("every input of the program {}", program.name),
                        .length = program.length() + 1,
                        .readout = program.length()};
  domain.slots.push_back({.positions = {0}, .alternatives = {{inputs.vocabulary().mark()}}});
  for (int64_t i = 0; i < program.length(); ++i) {
    proofs::Slot slot{.positions = {i + 1}, .alternatives = {}};
    for (const std::string& symbol : program.inputs[static_cast<size_t>(i)])
      slot.alternatives.push_back(
          {std::ranges::find(program.symbols, symbol) - program.symbols.begin()});
    domain.slots.push_back(std::move(slot));
  }
  return domain;
}

/// Symbols that stand at the same positions may stand in for each other.
std::vector<int64_t> types_of(const Inputs& inputs) {
  std::vector<int64_t> types;
  for (const std::string& token : inputs.vocabulary().tokens) {
    const auto slot = std::ranges::find_if(inputs.program().inputs, [&](const auto& symbols) {
      return std::ranges::count(symbols, token) != 0;
    });
    types.push_back(slot - inputs.program().inputs.begin());
  }
  types.back() = static_cast<int64_t>(inputs.program().inputs.size()) + 1;  // the mark
  return types;
}

class Compiled : public Task {
 public:
  explicit Compiled(const std::string& setting)
      : Task(kTask, {{"program", setting}}),
        inputs_(program_from_json(program_of_setting(setting))) {
    provide(TokenNames{.token = [this](int64_t token) { return name_of(token); }});
    provide(Truth{[this](const Tensor& tokens) { return inputs_.answers(tokens); }});
    provide(Distribution{
        .holds = [this](const Tensor& tokens) { return inputs_.row_of(tokens).has_value(); },
        .part = [](const Tensor&) { return Part::Test; }});
    provide(FiniteDomain{[this] {
      return Domain{.inputs = inputs_.all(),
                    .part = std::vector<Part>(static_cast<size_t>(inputs_.count()), Part::Test)};
    }});
    provide(Specification{.domains = {{domain_of(inputs_), automaton_of(inputs_)}}});
    provide(Partners{[this](Part part, uint64_t seed, int64_t first, int64_t count) {
      return with_partners(sample(part, seed, first, count), seed, first);
    }});
    provide(InputLengths{.one = true});
    provide(Replacers{.token_types = types_of(inputs_)});
    provide(features());
    provide(wording());
  }

  Size size() const override {
    return {.n_tokens = static_cast<int64_t>(inputs_.vocabulary().tokens.size()),
            .n_ctx = length() + 1,
            .readout = length()};
  }
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first,
                               int64_t count) const override {
    return inputs_.at_rows(inputs_.rows(part, seed, first, count));
  }
  std::vector<int64_t> answers() const override { return inputs_.vocabulary().answer_tokens; }

  /// Without the mark.
  std::string to_text(const Tensor& tokens) const override {
    std::string text;
    for (int64_t i = 1; i < tokens.size(0); ++i)
      text += (i == 1 ? "" : " ") + name_of(tokens[i].item<int64_t>());
    return text;
  }
  Tensor to_tokens(const std::string& text) const override {
    std::istringstream words(text);
    std::vector<int64_t> tokens = {inputs_.vocabulary().mark()};
    for (std::string word; words >> word;) tokens.push_back(token_named(word));
    if (std::ssize(tokens) != length() + 1)
      throw std::invalid_argument(
          fmt::format("'{}': expected {} symbols with blanks between them", text, length()));
    return at::tensor(tokens, torch::kInt64);
  }

 private:
  int64_t length() const { return inputs_.program().length(); }

  std::string name_of(int64_t token) const {
    const auto& tokens = inputs_.vocabulary().tokens;
    if (token < 0 || token >= std::ssize(tokens))
      throw std::invalid_argument(
          fmt::format("token {}: expected 0 to {}", token, tokens.size() - 1));
    return tokens[static_cast<size_t>(token)];
  }

  /// What is relevant: `read`, the positions that the program reads (program.h), and `pivotal`,
  /// those of which another symbol would change the answer.
  Features features() const {
    return {
        .kinds = {"token"},
        .of =
            [this](const std::string&, const Sequence& tokens) {
              std::vector<Feature> all;
              for (size_t i = 1; i < tokens.size(); ++i)
                all.push_back({.name = name_of(tokens[i]), .positions = {static_cast<int64_t>(i)}});
              return all;
            },
        .relevance =
            [this](const std::string&, const Sequence& sequence) {
              const Tensor tokens = at::tensor(sequence, torch::kInt64);
              Tensor pivotal = at::zeros({length()}, torch::kBool);
              for (int64_t i = 0; i < length(); ++i) pivotal[i] = is_pivotal(tokens, i + 1);
              return std::vector<Relevance>{
                  {.name = "read",
                   .relevant = positions_read(inputs_.program(), tokens.slice(0, 1)),
                   .help = "the positions that the program reads on this input"},
                  {.name = "pivotal",
                   .relevant = pivotal,
                   .help = "the positions of which another symbol changes the answer"}};
            },
        .interventions =
            [this](const std::string&, const Sequence& tokens, int64_t feature) {
              return inputs_.changed_at(at::tensor(tokens, torch::kInt64), feature + 1);
            }};
  }

  bool is_pivotal(const Tensor& tokens, int64_t position) const {
    const Tensor others = inputs_.changed_at(tokens, position);
    if (others.size(0) == 0) return false;
    return inputs_.answers(others).ne(inputs_.answers(tokens.unsqueeze(0))).any().item<bool>();
  }

  Wording wording() const {
    const Tensor first = inputs_.tokens()[0];
    return {.deed = fmt::format("computes the program {}", inputs_.program().name),
            .sentence = inputs_.program().about,
            .example = fmt::format("{}: {}", to_text(first),
                                   name_of(inputs_.all().labels[0].item<int64_t>())),
            .input = "row of symbols",
            .inputs = "rows of symbols",
            .of_node = compiled::of_node};
  }

  int64_t token_named(const std::string& word) const {
    const auto& symbols = inputs_.program().symbols;
    const auto found = std::ranges::find(symbols, word);
    if (found == symbols.end())
      throw std::invalid_argument(
          fmt::format("'{}' is no symbol of the program {}", word, inputs_.program().name));
    return found - symbols.begin();
  }

  /// Partners differ in one symbol and in the answer; where no single symbol can change it, a
  /// partner is another input with another answer. The wrong answer is theirs.
  circuits::Counterfactuals with_partners(const interp::LabelledBatch& batch, uint64_t seed,
                                          int64_t first) const {
    circuits::Counterfactuals data = without_partners(batch);
    data.corrupt = batch.tokens.clone();
    for (int64_t i = 0; i < batch.tokens.size(0); ++i)
      data.corrupt[i].copy_(
          partner_of(batch.tokens[i], batch.labels[i].item<int64_t>(),
                     statistics::scattered(seed, static_cast<uint64_t>(first + i))));
    if (batch.tokens.size(0) > 0)
      data.wrong =
          at::zeros_like(data.right).scatter_(1, inputs_.answers(data.corrupt).unsqueeze(1), true);
    return data;
  }

  Tensor partner_of(const Tensor& tokens, int64_t label, uint64_t key) const {
    std::vector<Tensor> near;
    for (int64_t position = 1; position <= length(); ++position)
      near.push_back(inputs_.changed_at(tokens, position));
    const Tensor candidates = at::cat(near);
    const Tensor others = inputs_.answers(candidates).ne(label).nonzero().flatten();
    if (others.numel() > 0)
      return candidates[others[static_cast<int64_t>(key % static_cast<uint64_t>(others.numel()))]
                            .item<int64_t>()];
    const Tensor far = inputs_.all().labels.ne(label).nonzero().flatten();
    return inputs_.tokens()[far[static_cast<int64_t>(key % static_cast<uint64_t>(far.numel()))]
                                .item<int64_t>()];
  }

  Inputs inputs_;
};

}  // namespace

TaskEntry entry() {
  return {.name = kTask,
          .help = "what a small program computes, by a network compiled from it",
          .options = {{"program", "--program", "a built-in program, or one as JSON", "histogram"}},
          .derivation = {},
          .presets = {},
          .make = [](const Settings& settings) -> std::unique_ptr<Task> {
            return std::make_unique<Compiled>(settings.at("program").get<std::string>());
          }};
}

}  // namespace assay::tasks::compiled
