#pragma once
// Plans that were made before. A plan hangs on the form of a request (which sites are recorded and
// overwritten, how long the sequences are) and not on its values, and the same few forms come again
// for every batch of inputs.

#include <compare>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "interp/tracing/plan.h"

namespace assay::interp::tracing {

class Plans {
 public:
  /// May be called from several threads at once. @throws as Plan does.
  std::shared_ptr<const Plan> of(const Places& places, const TraceRequest& request, int64_t n_pos);

 private:
  struct Form {
    int64_t n_pos = 0;
    std::vector<Site> record, overwrite;
    auto operator<=>(const Form&) const = default;
  };
  std::mutex mutex_;
  std::map<Form, std::shared_ptr<const Plan>> known_;
};

std::shared_ptr<Plans> no_plans_yet();

}  // namespace assay::interp::tracing
