#include "interp/tracing/plans.h"

#include <utility>

namespace assay::interp::tracing {
namespace {
constexpr size_t kKept = 256;  // more forms than any command uses in turn
}

std::shared_ptr<Plans> no_plans_yet() {
  return std::make_shared<Plans>();
}

std::shared_ptr<const Plan> Plans::of(const Places& places, const TraceRequest& request,
                                      int64_t n_pos) {
  Form form{.n_pos = n_pos, .record = request.record, .overwrite = {}};
  for (const Overwrite& overwrite : request.overwrite) form.overwrite.push_back(overwrite.site);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(form); found != known_.end()) return found->second;
  }
  auto plan = std::make_shared<const Plan>(places, form.record, form.overwrite, n_pos);
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKept) known_.clear();
  return known_.try_emplace(std::move(form), std::move(plan)).first->second;
}

}  // namespace assay::interp::tracing
