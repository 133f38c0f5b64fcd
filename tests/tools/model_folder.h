#pragma once
// A folder with a small network in it, for commands to run on.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tasks/registry.h"
#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {

/// model.safetensors decides formulas of 4 clauses over 3 variables, as random weights do.
class ModelFolder : public interp::Scratch {
 protected:
  ModelFolder() {
    const auto task = tasks::make_task("two-sat", {{"variables", 3}, {"clauses", 4}});
    interp::Transformer model({.d_vocab = task->d_vocab(),
                               .n_ctx = task->n_ctx(),
                               .d_model = 16,
                               .d_mlp = 16,
                               .n_heads = {1, 2},
                               .d_head = {16, 8}});
    interp::initialise(model, {.seed = 1});
    interp::save_model(model, at("model.safetensors"), {{"task", task->to_json()}});
    interp::save_model(model, at("unnamed.safetensors"));  // says nothing of its task
  }

  Finished run(const std::string& arguments) const { return run_assay(arguments, at("")); }
  nlohmann::json read(const std::string& name) const {
    return nlohmann::json::parse(content_of(at(name)));
  }
  void expect_refused(const std::string& arguments, const std::string& words) const {
    const Finished ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_THAT(ran.error, testing::HasSubstr(words));
    EXPECT_FALSE(std::filesystem::exists(at("no.json")));
  }
};

}  // namespace assay::tools
