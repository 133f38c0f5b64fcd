#pragma once
// A line of metrics.jsonl, member by member (interp/files/fields.h): one evaluation on the way of a
// training.

#include "interp/training/training_fields.h"
#include "tools/accuracy.h"

namespace assay::tools {

struct MetricsLine {
  interp::TrainingProgress progress;
  MeasuredOn accuracy;  ///< earlier versions did not say
};

template <class V>
void fields(V& v, MetricsLine& line) {
  fields(v, line.progress);
  measured_on_fields(v, "accuracy", line.accuracy);
}

}  // namespace assay::tools
