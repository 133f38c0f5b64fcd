#pragma once
// What reports of validate have beside the numbers that a test is about.

#include "tools/page/page.h"

namespace assay::tools::page {

inline Json validation_facts() {
  return {{"kind", "validation"},
          {"schema", 4},
          {"command", "assay validate"},
          {"version", "0.1.0"},
          {"title", "a sum"},
          {"model", {{"path", "gone.safetensors"}, {"sha256", "00"}}},
          {"interpretation", {{"path", "gone.json"}, {"sha256", "00"}}},
          {"data", {{"source", "sampled"}, {"seed", 1}}},
          {"seeds", {{"inputs", 1}}},
          {"threads", 2},
          {"device", "cpu"},
          {"blas",
           {{"library", "libopenblas.so.0"},
            {"configuration", "OpenBLAS"},
            {"core", "Haswell"},
            {"gflops", 90.0},
            {"fast", true}}},
          {"times", {{"started", "2026-01-01T00:00:00Z"}, {"seconds", 1.5}, {"cpu_seconds", 3.0}}},
          {"confidence", 0.95},
          {"inputs", 100},
          {"inputs_text", "100 inputs"},
          {"partial", false},
          {"scope", "distribution"},
          {"exact", false},
          {"verdict", "No claim was made."},
          {"vacuity", "not found"}};
}

}  // namespace assay::tools::page
