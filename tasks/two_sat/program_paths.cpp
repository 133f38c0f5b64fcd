#include "tasks/two_sat/program_paths.h"

#include <torch/types.h>

#include <array>
#include <optional>
#include <utility>

namespace assay::tasks::two_sat {
namespace {

using at::Tensor;
using interp::Constant;

struct Path {
  uint64_t asked = 0, satisfied = 0;
};

// The paths of a program by where they end.
struct Paths {
  std::array<std::vector<Path>, 2> to;  // "off", "on"
};

// The path that goes on with this answer; none if it has given the other one before.
std::optional<Path> answered(const Path& before, int assignment, bool satisfied) {
  const uint64_t bit = uint64_t{1} << assignment, answer = satisfied ? bit : 0;
  if ((before.asked & bit) != 0 && (before.satisfied & bit) != answer) return std::nullopt;
  return Path{before.asked | bit, before.satisfied | answer};
}

void collect(const Program& program, const Path& before, Paths& paths) {
  if (program.is_boolean()) {
    paths.to[program.get<bool>() ? 1 : 0].push_back(before);
  } else if (program.contains("any_of")) {  // one assignment after the other, until one satisfies
    std::optional<Path> none = before;
    for (const int a : program.at("any_of")) {
      if (!none) return;
      if (const auto found = answered(*none, a, true)) paths.to[1].push_back(*found);
      none = answered(*none, a, false);
    }
    if (none) paths.to[0].push_back(*none);
  } else {
    const int a = program.at("assignment");
    if (const auto yes = answered(before, a, true)) collect(program.at("yes"), *yes, paths);
    if (const auto no = answered(before, a, false)) collect(program.at("no"), *no, paths);
  }
}

}  // namespace

ProgramPaths::ProgramPaths(const std::vector<Program>& programs) {
  std::vector<int64_t> asked, satisfied;
  std::vector<std::pair<int64_t, float>> steps;  // of each path: its program, and what it adds
  std::vector<float> base;
  for (const Program& program : programs) {
    Paths paths;
    collect(program, {}, paths);
    const bool off = paths.to[0].size() < paths.to[1].size();
    for (const Path& path : paths.to[off ? 0 : 1]) {
      asked.push_back(static_cast<int64_t>(path.asked));
      satisfied.push_back(static_cast<int64_t>(path.satisfied));
      steps.emplace_back(std::ssize(base), off ? -1.0F : 1.0F);
    }
    base.push_back(off ? 1.0F : 0.0F);
  }
  const Tensor step =
      at::zeros({static_cast<int64_t>(steps.size()), static_cast<int64_t>(programs.size())});
  for (size_t path = 0; path < steps.size(); ++path)
    step[static_cast<int64_t>(path)][steps[path].first] = steps[path].second;
  asked_ = Constant(asked);
  satisfied_ = Constant(satisfied);
  step_ = Constant(step);
  base_ = Constant(torch::tensor(base));
}

Tensor ProgramPaths::values(const Tensor& tables) const {
  const c10::Device device = tables.device();
  const Tensor taken = tables.unsqueeze(1).bitwise_and(asked_.on(device)).eq(satisfied_.on(device));
  return at::addmm(base_.on(device), taken.to(torch::kFloat32), step_.on(device)).to(torch::kBool);
}

}  // namespace assay::tasks::two_sat
