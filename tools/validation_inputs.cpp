#include "tools/validation_inputs.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "interp/execution/chunks.h"
#include "interp/files/files.h"
#include "interp/files/json_shape.h"
#include "tasks/counterfactual_file.h"
#include "tools/data_fields.h"
#include "tools/terminal.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using nlohmann::json;

constexpr int64_t kMostFitted = 10'000'000;  // deriving inputs, which are all drawn again
constexpr int64_t kDrawnAtOnce = 4096;       // where all of a dataset is gone through
/// Of a stream of inputs this many are hashed: they tell another generator, and each part of a run
/// draws and hashes them, so that more would cost a thousand parts more than their own inputs do.
constexpr int64_t kMostHashed = 1 << 20;

std::string_view bytes_of(const Tensor& tokens) {  // contiguous int64
  return {static_cast<const char*>(tokens.data_ptr()), tokens.nbytes()};
}

/// Calls `use(chunk index, tokens)` for a whole dataset, in parallel.
void for_each_chunk(const tasks::Task& task, tasks::Part part, uint64_t seed, int64_t count,
                    const std::function<void(int64_t chunk, const Tensor& tokens)>& use) {
  interp::Chunks(count, kDrawnAtOnce).for_each([&](const interp::Chunk& chunk) {
    use(chunk.index, task.sample(part, seed, chunk.first, chunk.count).tokens.contiguous());
  });
}

/// SHA-256 of the hashes of all chunks, so that memory does not grow with the number of inputs.
std::string hash_of(const tasks::Task& task, tasks::Part part, uint64_t seed, int64_t count) {
  std::vector<std::string> hashes(interp::Chunks(count, kDrawnAtOnce).count());
  for_each_chunk(task, part, seed, count, [&](int64_t chunk, const Tensor& tokens) {
    hashes[chunk] = interp::sha256(bytes_of(tokens));
  });
  std::string all;
  for (const std::string& hash : hashes) all += hash;
  return interp::sha256(all);
}

struct Dataset {
  tasks::Part part = tasks::Part::Derive;
  uint64_t seed = 0;
  int64_t count = 0;
};

/// Nothing was fitted where an interpretation names no data.
Dataset fitting_set(const json& fitted_on) {
  if (fitted_on.empty()) return {};
  namespace json_shapes = interp::json_shapes;
  const interp::Shape dataset =
      json_shapes::object({{"part", json_shapes::text_among({"train", "derive", "test"})},
                           {"seed", json_shapes::natural()},
                           {"count", json_shapes::integer(0, kMostFitted)}});
  if (const auto problem = interp::mismatch(nlohmann::ordered_json(fitted_on), dataset))
    throw std::invalid_argument("the interpretation's fitted_on: " + *problem);
  return {.part = tasks::parse_part(fitted_on.at("part").get<std::string>()),
          .seed = fitted_on.at("seed"),
          .count = fitted_on.at("count")};
}

/// Rows of `tokens` that are among the inputs that the interpretation was fitted on.
std::set<int64_t> fitted_rows(const tasks::Task& task, const Tensor& tokens,
                              const json& fitted_on) {
  std::unordered_multimap<std::string_view, int64_t> rows;  // by the bytes of the tokens
  for (int64_t i = 0; i < tokens.size(0); ++i) rows.emplace(bytes_of(tokens[i]), i);
  std::set<int64_t> known;
  std::mutex mutex;
  const Dataset fitted = fitting_set(fitted_on);
  for_each_chunk(task, fitted.part, fitted.seed, fitted.count, [&](int64_t, const Tensor& chunk) {
    for (int64_t row = 0; row < chunk.size(0); ++row) {
      const auto [first, last] = rows.equal_range(bytes_of(chunk[row]));
      const std::lock_guard lock(mutex);
      for (auto found = first; found != last; ++found) known.insert(found->second);
    }
  });
  return known;
}

struct FileInputs {
  tasks::Prompts prompts;
  Tensor tokens;  ///< [count, pos]
};

FileInputs read_inputs(const tasks::Task& task, const fs::path& path) {
  const tasks::Prompts prompts = tasks::read_prompts(path, tasks::reader_of(task));
  std::vector<Tensor> rows;
  for (const tasks::Prompt& prompt : prompts.all) {
    if (std::ssize(prompt.clean) != task.n_ctx())
      throw std::invalid_argument(fmt::format("{}: expected {} tokens, got {}",
                                              prompts.where(prompt.place), task.n_ctx(),
                                              prompt.clean.size()));
    rows.push_back(torch::tensor(prompt.clean, torch::kInt64));
  }
  return {prompts, at::stack(rows).contiguous()};
}

int64_t count_distinct(const Tensor& tokens) {
  std::set<std::string_view> rows;
  for (int64_t i = 0; i < tokens.size(0); ++i) rows.insert(bytes_of(tokens[i]));
  return std::ssize(rows);
}

void refuse_fitting_inputs(const tasks::Task& task, const fs::path& path, const FileInputs& inputs,
                           const json& fitted_on) {
  const std::set<int64_t> known = fitted_rows(task, inputs.tokens, fitted_on);
  if (known.empty()) return;
  throw std::invalid_argument(fmt::format(
      "{}: {} of {} inputs are among those that the interpretation was fitted on, first in line {}",
      path.string(), grouped(static_cast<int64_t>(known.size())),
      grouped(static_cast<int64_t>(inputs.prompts.all.size())),
      inputs.prompts.all[*known.begin()].place));
}

void refuse_fitting_inputs(const tasks::Task& task, const std::string& set, const Tensor& tokens,
                           const json& fitted_on) {
  const auto known = static_cast<int64_t>(fitted_rows(task, tokens, fitted_on).size());
  if (known == 0) return;
  throw std::invalid_argument(
      fmt::format("{} of the {} {} inputs are among those that the interpretation was fitted on; "
                  "validate on others (--part), or on all there are",
                  grouped(known), grouped(tokens.size(0)), set));
}

/// The inputs of a named set, and in words which ones they are.
struct ListedSet {
  Tensor tokens;
  std::string words;
};

/// A domain that statements are proved about, if the task has one of this name that can be listed.
std::optional<ListedSet> specified_set(const tasks::Task& task, const std::string& name) {
  constexpr double kMostListed = 1 << 24;
  const auto* specification = task.get<tasks::Specification>();
  if (!specification) return std::nullopt;
  for (const proofs::Specified& specified : specification->domains)
    if (const proofs::Domain& domain = specified.domain;
        domain.name == name && domain.inputs() <= kMostListed)
      return ListedSet{domain.listed(0, static_cast<int64_t>(domain.inputs())), domain.words};
  return std::nullopt;
}

ListedSet listed_set(const tasks::Task& task, const std::string& set) {
  using tasks::Part;
  const auto* finite = task.get<tasks::FiniteDomain>();
  if (!finite) {
    if (auto specified = specified_set(task, set)) return *specified;
    throw std::invalid_argument(
        fmt::format("--part: the inputs of {} are too many to be listed, they are drawn from the "
                    "test part",
                    task.name()));
  }
  const tasks::Domain domain = finite->all();
  if (set == "all") return {domain.inputs.tokens.contiguous(), "all inputs there are"};
  if (set == "unseen")
    return {domain.of({Part::Derive, Part::Test}).tokens, "all inputs not trained on"};
  if (set == "test") return {domain.of({Part::Test}).tokens, "all inputs of the test part"};
  throw std::invalid_argument(fmt::format("--part: there are all, unseen and test, not '{}'", set));
}

}  // namespace

ValidationInputs fresh_inputs(const tasks::Task& task, int64_t count, uint64_t seed,
                              const json& fitted_on) {
  if (fitting_set(fitted_on).part == tasks::Part::Test) {
    throw std::invalid_argument(
        "the interpretation was fitted on the test part, from which fresh inputs are drawn");
  }
  task.require_one_length(task.sample(tasks::Part::Test, seed, 0, 1));
  const auto tokens = [&task, seed](int64_t first, int64_t n) {
    return task.sample(tasks::Part::Test, seed, first, n).tokens;
  };
  const std::string words =
      fmt::format("{} fresh inputs (test part, seed {})", grouped(count), seed);
  // In an endless domain the parts share no input; a small one may have had too few for that.
  if (task.get<tasks::FiniteDomain>())
    refuse_fitting_inputs(task, "drawn", tokens(0, count).contiguous(), fitted_on);
  return {.tokens = tokens,
          .count = count,
          .words = words,
          .description = words,
          .facts = interp::write_record(DataRecord{
              .source = "sampled",
              .part = "test",
              .seed = seed,
              .count = count,
              .sha256 = hash_of(task, tasks::Part::Test, seed, std::min(count, kMostHashed))})};
}

ValidationInputs listed_inputs(const tasks::Task& task, const std::string& set,
                               const json& fitted_on) {
  const auto [tokens, words] = listed_set(task, set);
  const int64_t count = tokens.size(0);
  if (count == 0) {
    throw std::invalid_argument(fmt::format(
        "--part: no input is left that was not trained on, with {}", json(task.settings()).dump()));
  }
  std::string description = fmt::format("{}, {}: rates are exact", grouped(count), words);
  if (set == "unseen" || set == "test") {
    refuse_fitting_inputs(task, set, tokens, fitted_on);
  } else if (const auto known = fitted_rows(task, tokens, fitted_on).size()) {
    description += fmt::format(" (the interpretation was fitted on {} of them)",
                               grouped(static_cast<int64_t>(known)));
  }
  return {
      .tokens = [tokens = tokens](int64_t first, int64_t n) { return tokens.narrow(0, first, n); },
      .count = count,
      .words = fmt::format("{} inputs: {}", grouped(count), words),
      .description = description,
      .facts = interp::write_record(DataRecord{.source = "listed",
                                               .part = set,
                                               .count = count,
                                               .sha256 = interp::sha256(bytes_of(tokens))}),
      .scope = axioms::Scope::Domain};
}

ValidationInputs file_inputs(const tasks::Task& task, const fs::path& path, bool independent,
                             const json& fitted_on) {
  const FileInputs inputs = read_inputs(task, path);
  refuse_fitting_inputs(task, path, inputs, fitted_on);
  const int64_t count = inputs.tokens.size(0);
  const int64_t distinct = count_distinct(inputs.tokens);
  std::string description = fmt::format("{} lines of {}, {} of them distinct", grouped(count),
                                        path.string(), grouped(distinct));
  int64_t outside = 0, trained_on = 0;
  for (int64_t i = 0; i < count; ++i) {
    outside += !task.can_draw(inputs.tokens[i]);
    trained_on += task.part_of(inputs.tokens[i]) == tasks::Part::Train;
  }
  if (outside > 0)
    description += fmt::format(", {} such as the task never draws", grouped(outside));
  if (trained_on > 0)
    description += fmt::format(", {} from the training part", grouped(trained_on));
  if (independent) description += ", independent draws as stated by the user";
  return {.tokens = [tokens = inputs.tokens](int64_t first,
                                             int64_t n) { return tokens.narrow(0, first, n); },
          .count = count,
          .words = description,
          .description = description,
          .facts = interp::write_record(DataRecord{.source = "file",
                                                   .path = path.string(),
                                                   .count = count,
                                                   .distinct = distinct,
                                                   .outside = outside,
                                                   .trained_on = trained_on,
                                                   .independent = independent,
                                                   .sha256 = inputs.prompts.sha256}),
          .scope = independent ? axioms::Scope::Distribution : axioms::Scope::List};
}

}  // namespace assay::tools
