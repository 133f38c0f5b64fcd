#include "tools/run_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "interp/files/files.h"
#include "tests/interp/scratch.h"
#include "tools/metrics_fields.h"

namespace assay::tools {
namespace run_folder_test {

using interp::message_of;
using testing::HasSubstr;
namespace fs = std::filesystem;

class RunFolderTest : public interp::Scratch {
 protected:
  const RunFolder folder_{at("run")};
  const RunPlan plan_ =
      make_plan({.task = "two-sat", .settings = {}, .preset = "fast", .steps = 7, .seed = 3});
};

TEST_F(RunFolderTest, TwoRunsCannotShareAFolder) {
  {
    const auto lock = folder_.lock();
    EXPECT_EQ(message_of([&] { folder_.lock(); }),
              fmt::format("{}: process {} is at work here; two runs cannot share a folder",
                          at("run").string(), getpid()));
    EXPECT_TRUE(fs::exists(at("run/.lock")));
  }
  EXPECT_FALSE(fs::exists(at("run/.lock")));
  put("run/.lock", "99999");  // as a killed process leaves it
  EXPECT_NO_THROW(folder_.lock());
}

TEST_F(RunFolderTest, WhatIsNoFolderIsNamed) {
  put("run", "a file");
  EXPECT_THAT(message_of([&] { folder_.lock(); }), HasSubstr("run: no folder can be made here: "));
  EXPECT_THAT(message_of([&] { RunFolder(at("run/below")).lock(); }), HasSubstr("Not a directory"));
  EXPECT_THAT(message_of([&] { RunFolder("/proc").lock(); }),
              HasSubstr("/proc/.lock: cannot lock"));
}

TEST_F(RunFolderTest, WhatAKilledRunWasWritingIsRemovedAtTheNextStart) {
  fs::create_directory(at("run"));
  put("run/.checkpoint.pt.0123456789abcdef.tmp", "half");
  put("run/notes.tmp", "the user's");
  const auto lock = folder_.lock();
  EXPECT_FALSE(fs::exists(at("run/.checkpoint.pt.0123456789abcdef.tmp")));
  EXPECT_TRUE(fs::exists(at("run/notes.tmp")));
}

TEST_F(RunFolderTest, GoesOnWithTheSameLoadedObjectsOnly) {
  const auto lock = folder_.lock();
  folder_.begin(plan_);
  EXPECT_NO_THROW(folder_.require_same_loaded());
  auto manifest = nlohmann::ordered_json::parse(interp::read_file(folder_.manifest()));
  manifest["loaded"] = {{{"path", "mine.so"}, {"sha256", "00"}}};
  put("run/manifest.json", manifest.dump());
  EXPECT_THAT(message_of([&] { folder_.require_same_loaded(); }),
              HasSubstr("manifest.json: --resume goes on with the run as it was begun: loaded is "
                        "[{\"path\":\"mine.so\""));
}

TEST_F(RunFolderTest, AFinishedRunKeepsNothingToGoOnFromAndSaysThatItIsFinished) {
  const auto lock = folder_.lock();
  folder_.begin(plan_);
  EXPECT_FALSE(folder_.finished());
  put("run/checkpoint.pt", "…");
  put("run/model.safetensors", "weights");
  nlohmann::ordered_json manifest = {
      {"plan", to_json(plan_)}, {"finished", true}, {"model_sha256", interp::sha256("weights")}};
  folder_.finish(manifest);
  EXPECT_FALSE(fs::exists(folder_.checkpoint()));
  put("run/checkpoint.pt", "…");  // killed before it was removed
  EXPECT_EQ(folder_.finished(), manifest);
  EXPECT_FALSE(fs::exists(folder_.checkpoint()));
  put("run/model.safetensors", "others");
  EXPECT_THAT(message_of([&] { folder_.finished(); }),
              HasSubstr("model.safetensors: not the model that this run was finished with"));
}

TEST_F(RunFolderTest, ALineOfMetricsNamesItsData) {
  {
    MetricsLog log(at("metrics.jsonl"));
    log.record({.step = 1, .accuracy = 0.5, .samples_per_second = 12.6},
               {{"accuracy_inputs", 100}});
  }
  const auto line = nlohmann::ordered_json::parse(interp::read_file(at("metrics.jsonl")));
  const auto read = interp::read_record<MetricsLine>(line, "metrics.jsonl");
  EXPECT_EQ(read.accuracy.inputs, 100);
  EXPECT_EQ(read.progress.accuracy, 0.5);
  EXPECT_EQ(read.progress.samples_per_second, 13);
  EXPECT_EQ(nlohmann::json(interp::write_record(read)), nlohmann::json(line));
  MetricsLog unwritable(at("no/metrics.jsonl"));
  EXPECT_EQ(message_of([&] { unwritable.record({.step = 1, .accuracy = 0.5}); }),
            at("no/metrics.jsonl").string() + ": cannot write: No such file or directory");
}

}  // namespace run_folder_test
}  // namespace assay::tools
