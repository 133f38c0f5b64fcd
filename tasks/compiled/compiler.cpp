#include "tasks/compiled/compiler.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "circuits/components/circuit.h"

namespace assay::tasks::compiled {
namespace {

using at::Tensor;

constexpr double kLogit = 10;  // of the answer
constexpr double kMostSharpness = 80;

int64_t count_of(const std::vector<std::string>& values) {
  return static_cast<int64_t>(values.size());
}

bool is_read(const Program& program, const std::string& variable) {
  return std::ranges::any_of(program.lines, [&](const Line& line) {
    return std::ranges::count(read_by(line), variable) != 0;
  });
}

const Attend* attends(const Line& line) {
  return std::get_if<Attend>(&line.does);
}

bool counts(const Line& line) {
  return attends(line) && attends(line)->copy.empty();
}

// In half blocks: attention of block b comes at 2b + 1, its MLP at 2b + 2, embeddings at 0.
class Scheduler {
 public:
  explicit Scheduler(const Program& program) : program_(program) {
    place(kSymbol);
    if (is_read(program, kPosition)) place(kPosition);
    layout_.begin = layout_.d_model++;
    for (const Line& line : program.lines) attends(line) ? place_head(line) : place_map(line);
    for (size_t b = 0; b < layout_.n_heads.size(); ++b)
      layout_.n_heads[b] = std::max<int64_t>(layout_.n_heads[b], 1);  // else one that does nothing
    for (const int64_t used : neurons_) layout_.d_mlp = std::max(layout_.d_mlp, used);
  }

  Layout layout() const { return layout_; }

 private:
  void place(const std::string& variable) {
    layout_.directions[variable] = layout_.d_model;
    layout_.d_model += count_of(program_.values_of(variable));
  }

  int64_t inputs_of(const Line& line) const {
    int64_t latest = 0;
    for (const std::string& read : read_by(line)) {
      const auto when = done_.find(read);
      if (when != done_.end()) latest = std::max(latest, when->second);
    }
    return latest;
  }

  void reach(size_t block) {
    while (layout_.n_heads.size() <= block) {
      layout_.n_heads.push_back(0);
      layout_.d_head.push_back(1);
      neurons_.push_back(0);
    }
  }

  void place_head(const Line& line) {
    const Attend& attend = *attends(line);
    const int64_t block = (inputs_of(line) + 1) / 2;
    const auto b = static_cast<size_t>(block);
    reach(b);
    layout_.block[line.name] = block;
    layout_.head[line.name] = layout_.n_heads[b]++;
    const int64_t copied = attend.copy.empty() ? 1 : count_of(line.values);
    layout_.d_head[b] = std::max({layout_.d_head[b], attend.selects.size(1) + 1, copied});
    done_[line.name] = 2 * block + 1;
    if (attend.copy.empty()) {
      layout_.numbers[line.name] = layout_.d_model++;
      take_neurons(line.name, b, 2 * (program_.length() + 1));
      done_[line.name] = 2 * block + 2;
    }
    place(line.name);
  }

  void place_map(const Line& line) {
    const int64_t block = inputs_of(line) / 2;
    reach(static_cast<size_t>(block));
    layout_.block[line.name] = block;
    take_neurons(line.name, static_cast<size_t>(block), std::get<Map>(line.does).table.numel());
    done_[line.name] = 2 * block + 2;
    place(line.name);
  }

  void take_neurons(const std::string& name, size_t block, int64_t n) {
    layout_.neurons[name] = neurons_[block];
    neurons_[block] += n;
  }

  const Program& program_;
  Layout layout_;
  std::map<std::string, int64_t> done_;
  std::vector<int64_t> neurons_;  // taken in each block
};

/// Writes the weights of one program, line by line.
class Writer {
 public:
  Writer(const Program& program, const Layout& layout, const Vocabulary& vocabulary,
         double sharpness, interp::Transformer& model)
      : program_(program),
        layout_(layout),
        vocabulary_(vocabulary),
        sharpness_(sharpness),
        model_(model) {
    const Tensor any = all_inputs(program).narrow(0, 0, 1);
    for (const auto& [name, value] : run_on(program, any))
      at_mark_[name] = value[0][0].item<int64_t>();
  }

  void write() {
    write_embeddings();
    for (const Line& line : program_.lines) {
      if (attends(line)) write_head(line);
      if (counts(line)) write_count(line);
      if (const auto* map = std::get_if<Map>(&line.does)) write_map(line, *map);
    }
    const Tensor W_U = model_.W_U();
    for (size_t i = 0; i < vocabulary_.answers.size(); ++i)
      W_U[direction(program_.answer) + vocabulary_.answers[i]][vocabulary_.answer_tokens[i]] =
          kLogit;
  }

 private:
  int64_t direction(const std::string& variable) const { return layout_.directions.at(variable); }
  Tensor weight(const Line& line, const char* name) const {
    return model_.weight(fmt::format("blocks.{}.{}", layout_.block.at(line.name), name));
  }

  void write_embeddings() {
    const Tensor W_E = model_.W_E(), W_pos = model_.weight("pos_embed.W_pos");
    for (int64_t s = 0; s < count_of(program_.symbols); ++s) W_E[s][direction(kSymbol) + s] = 1;
    W_pos[0][layout_.begin] = 1;
    if (layout_.directions.contains(kPosition))
      for (int64_t p = 0; p < program_.length(); ++p) W_pos[p + 1][direction(kPosition) + p] = 1;
  }

  // Keys are one-hot, so a query is the list of its scores. What the key is at the mark is known
  // and taken off there, so that the mark's score is the same for all queries.
  void write_head(const Line& line) {
    const Attend& attend = *attends(line);
    const int64_t h = layout_.head.at(line.name), n = attend.selects.size(1);
    const Tensor W_Q = weight(line, "attn.W_Q")[h], W_K = weight(line, "attn.W_K")[h],
                 W_V = weight(line, "attn.W_V")[h], W_O = weight(line, "attn.W_O")[h];
    for (int64_t k = 0; k < n; ++k) W_K[direction(attend.key) + k][k] = 1;
    W_K[layout_.begin][n] = 1;
    const double selected = sharpness_ * std::sqrt(static_cast<double>(W_Q.size(1)));  // unscaled
    const double of_mark = attend.copy.empty() ? selected : selected / 2;
    for (int64_t q = 0; q < attend.selects.size(0); ++q) {
      const Tensor query =
          attend.query.empty() ? weight(line, "attn.b_Q")[h] : W_Q[direction(attend.query) + q];
      query.narrow(0, 0, n).copy_(attend.selects[q].to(torch::kFloat32) * selected);
      const int64_t key = at_mark_.at(attend.key);
      query[n] = of_mark - (key < 0 ? 0. : query[key].item<double>());
    }
    if (attend.copy.empty()) {
      W_V[layout_.begin][0] = 1;
      W_O[0][layout_.numbers.at(line.name)] = 1;
      return;
    }
    for (int64_t v = 0; v < count_of(line.values); ++v) {
      W_V[direction(attend.copy) + v][v] = 1;
      W_O[v][direction(line.name) + v] = 1;
    }
  }

  // s = 1 / (1 + count). Two neurons make a ramp from 0 to 1 in the middle between 1 / (1 + c) and
  // 1 / (2 + c), whose end says that the count is at most c.
  void write_count(const Line& line) {
    const Tensor W_in = weight(line, "mlp.W_in"), b_in = weight(line, "mlp.b_in"),
                 W_out = weight(line, "mlp.W_out");
    const int64_t number = layout_.numbers.at(line.name), n = count_of(line.values);
    for (int64_t c = 0; c < n; ++c) {
      const double here = 1. / static_cast<double>(1 + c), next = 1. / static_cast<double>(2 + c);
      const double middle = (here + next) / 2, half = (here - next) / 4, slope = 1 / (2 * half);
      for (int64_t end = 0; end < 2; ++end) {
        const int64_t neuron = layout_.neurons.at(line.name) + 2 * c + end;
        const double sign = end == 0 ? 1 : -1;
        W_in[number][neuron] = slope;
        b_in[neuron] = -slope * (middle - sign * half);
        W_out[neuron][direction(line.name) + c] = sign;
        if (c + 1 < n) W_out[neuron][direction(line.name) + c + 1] = -sign;
      }
    }
  }

  void write_map(const Line& line, const Map& map) {
    const Tensor W_in = weight(line, "mlp.W_in"), b_in = weight(line, "mlp.b_in"),
                 W_out = weight(line, "mlp.W_out"), table = map.table.flatten();
    for (int64_t cell = 0; cell < table.numel(); ++cell) {
      const auto value = table[cell].item<int64_t>();
      if (value == kNone) continue;
      const int64_t neuron = layout_.neurons.at(line.name) + cell;
      int64_t rest = cell;
      for (auto i = static_cast<int64_t>(map.of.size()) - 1; i >= 0; --i) {
        const int64_t size = map.table.size(i);
        W_in[direction(map.of[static_cast<size_t>(i)]) + rest % size][neuron] += 1;
        rest /= size;
      }
      b_in[neuron] = 1 - static_cast<double>(map.of.size());
      W_out[neuron][direction(line.name) + value] = 1;
    }
  }

  const Program& program_;
  const Layout& layout_;
  const Vocabulary& vocabulary_;
  double sharpness_;
  interp::Transformer& model_;
  std::map<std::string, int64_t> at_mark_;
};

std::string written_by(const Program& program, const Layout& layout, const std::string& variable) {
  const auto line = std::ranges::find(program.lines, variable, &Line::name);
  if (line == program.lines.end()) return "input";
  const int64_t block = layout.block.at(variable);
  if (layout.neurons.contains(variable)) return fmt::format("m{}", block);
  return fmt::format("a{}.h{}", block, layout.head.at(variable));
}

/// The edges into the components of one line, by name.
std::vector<std::string> edges_into(const Line& line, const Program& program,
                                    const Layout& layout) {
  const auto writer = [&](const std::string& of) { return written_by(program, layout, of); };
  const int64_t block = layout.block.at(line.name);
  const std::string mlp = fmt::format("m{}", block);
  std::vector<std::string> edges;
  if (const auto* map = std::get_if<Map>(&line.does)) {
    for (const std::string& of : map->of) edges.push_back(writer(of) + "->" + mlp);
    return edges;
  }
  const Attend& attend = *attends(line);
  const std::string head = fmt::format("a{}.h{}", block, layout.head.at(line.name));
  edges = {"input->" + head + "<k>", writer(attend.key) + "->" + head + "<k>"};
  if (!attend.query.empty()) edges.push_back(writer(attend.query) + "->" + head + "<q>");
  edges.push_back((counts(line) ? "input" : writer(attend.copy)) + "->" + head + "<v>");
  if (counts(line)) edges.push_back(head + "->" + mlp);
  return edges;
}

/// What each writer can write, as rows [k, d_model].
Tensor rows_written(const interp::Transformer& model, const circuits::Component& writer) {
  const std::string block = fmt::format("blocks.{}.", writer.layer);
  if (writer.kind == interp::Kind::Head)
    return at::matmul(model.weight(block + "attn.W_V")[writer.head],
                      model.weight(block + "attn.W_O")[writer.head]);
  if (writer.kind == interp::Kind::Mlp) return model.weight(block + "mlp.W_out");
  return at::cat({model.W_E(), model.weight("pos_embed.W_pos")});
}

Tensor columns_read(const interp::Transformer& model, const circuits::Reader& reader) {
  const std::string block = fmt::format("blocks.{}.", reader.component.layer);
  switch (reader.port) {
    case circuits::Port::Query:
      return model.weight(block + "attn.W_Q")[reader.component.head];
    case circuits::Port::Key:
      return model.weight(block + "attn.W_K")[reader.component.head];
    case circuits::Port::Value:
      return model.weight(block + "attn.W_V")[reader.component.head];
    case circuits::Port::Whole:
      break;
  }
  return reader.component.kind == interp::Kind::Mlp ? model.weight(block + "mlp.W_in")
                                                    : model.W_U();
}

}  // namespace

Layout layout_of(const Program& program) {
  return Scheduler(program).layout();
}

Tensor Vocabulary::with_mark(const Tensor& symbols) const {
  return at::cat({at::full({symbols.size(0), 1}, mark(), torch::kInt64), symbols}, 1);
}

Vocabulary vocabulary_of(const Program& program) {
  const Tensor inputs = all_inputs(program);
  const Tensor answers = run_on(program, inputs).at(program.answer).select(1, program.length());
  const Tensor none = answers.lt(0).nonzero();
  if (none.numel() > 0) {
    std::string input;
    for (int64_t i = 0; i < program.length(); ++i)
      input += (i == 0 ? "" : " ") +
               program.symbols[inputs[none[0][0].item<int64_t>()][i].item<int64_t>()];
    throw std::invalid_argument(
        fmt::format("program '{}': '{}' has no value on {} of {} inputs, as {}", program.name,
                    program.answer, none.size(0), inputs.size(0), input));
  }
  Vocabulary vocabulary{.tokens = program.symbols, .answers = {}, .answer_tokens = {}};
  const std::vector<std::string> values = program.values_of(program.answer);
  const Tensor distinct = std::get<0>(at::unique_dim(answers, 0));
  if (distinct.numel() < 2)
    throw std::invalid_argument(
        fmt::format("program '{}': all inputs have the same answer", program.name));
  for (int64_t i = 0; i < distinct.numel(); ++i) {
    const auto value = distinct[i].item<int64_t>();
    const std::string& name = values[static_cast<size_t>(value)];
    const auto known = std::ranges::find(vocabulary.tokens, name);
    vocabulary.answers.push_back(value);
    vocabulary.answer_tokens.push_back(known - vocabulary.tokens.begin());
    if (known == vocabulary.tokens.end()) vocabulary.tokens.push_back(name);
  }
  vocabulary.tokens.emplace_back(kMark);
  return vocabulary;
}

std::shared_ptr<interp::Transformer> compile(const Program& program, double sharpness) {
  if (!(sharpness >= kLeastSharpness && sharpness <= kMostSharpness))
    throw std::invalid_argument(fmt::format("sharpness: expected {} to {}, got {}", kLeastSharpness,
                                            kMostSharpness, sharpness));
  const at::NoGradGuard no_grad;
  const Vocabulary vocabulary = vocabulary_of(program);
  const Layout layout = layout_of(program);
  interp::TransformerConfig config{.d_vocab = count_of(vocabulary.tokens),
                                   .n_ctx = program.length() + 1,
                                   .d_model = layout.d_model,
                                   .d_mlp = layout.d_mlp,
                                   .n_heads = layout.n_heads,
                                   .d_head = layout.d_head};
  config.attention_biases = true;
  auto model = std::make_shared<interp::Transformer>(config);
  for (const Tensor& weight : model->weights()) weight.zero_();
  Writer(program, layout, vocabulary, sharpness, *model).write();
  return model;
}

Tensor true_edges(const Program& program, const circuits::ComponentGraph& graph) {
  const Layout layout = layout_of(program);
  Tensor edges = at::zeros({graph.rows(), graph.columns()}, torch::kBool);
  const auto add = [&](const std::string& edge) { edges[0][graph.parse_edge(edge)] = true; };
  for (const Line& line : program.lines)
    if (program.needs(line.name))
      for (const std::string& edge : edges_into(line, program, layout)) add(edge);
  add(written_by(program, layout, program.answer) + "->logits");
  return edges;
}

Tensor connected_edges(const interp::Transformer& model, const circuits::ComponentGraph& graph) {
  const at::NoGradGuard no_grad;
  Tensor edges = at::zeros({graph.rows(), graph.columns()}, torch::kBool);
  for (int64_t r = 0; r < std::ssize(graph.readers()); ++r) {
    const Tensor read = columns_read(model, graph.readers()[static_cast<size_t>(r)]);
    for (int64_t w = 0; w < graph.n_writers(r); ++w) {
      const Tensor written = rows_written(model, graph.writers()[static_cast<size_t>(w)]);
      const bool carries = written.numel() > 0 && read.numel() > 0 &&
                           at::matmul(written, read).abs().amax().item<double>() > 0;
      edges[0][graph.first_edge(r) + w] = carries;
    }
  }
  return circuits::on_a_path(graph, edges);
}

}  // namespace assay::tasks::compiled
