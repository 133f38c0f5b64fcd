#pragma once
// 2-SAT in words: how a report tells it to people who do not know it.

#include "sat2/sampler.h"
#include "tasks/capabilities.h"

namespace assay::tasks::two_sat {

Wording wording(const sat2::SamplerSettings& sampler);

}  // namespace assay::tasks::two_sat
