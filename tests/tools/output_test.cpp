// Where the results of a command go: pipes, links, full devices, names that are no UTF-8. The real
// binary runs.

#include <fmt/format.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/interp/scratch.h"
#include "tests/tools/run_assay.h"

namespace assay::tools {
namespace output_test {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kSolve = "solve '( x0 x1 ) ( Not(x0) x2 )'";
constexpr const char* kTrain = "train modular-addition --p 7 --preset memorise --steps 1";

class Output : public interp::Scratch {};

TEST_F(Output, OutputThatCannotBeWrittenIsAnError) {
  const auto run = [&](const std::string& arguments, const std::string& output) {
    const std::string command = fmt::format("cd {} && {} {} {} 2> error.txt", at("").string(),
                                            ASSAY_BINARY, arguments, output);
    const int status = std::system(command.c_str());
    return Finished{WEXITSTATUS(status), "", content_of(at("error.txt"))};
  };
  expect_refusal(run(kSolve, "> /dev/full"), {"standard output", "No space left on device"});
  expect_refusal(run("--help", "> /dev/full"), {"standard output", "No space left on device"});
  put("file", "");
  expect_refusal(run(kSolve, ">&-"), {"standard output", "Bad file descriptor"});
  EXPECT_EQ(run(fmt::format("{} --quiet --json report.json", kSolve), ">&-").code, 0);
  EXPECT_EQ(json::parse(content_of(at("report.json")))["schema"], 1);  // and nothing else
}

TEST_F(Output, ReportsGoThroughLinksAndPipes) {
  fs::create_symlink("/proc/self/fd/1", at("stdout"));  // as /dev/stdout
  const Finished to_output = run_assay(fmt::format("{} --json stdout", kSolve), at(""));
  EXPECT_EQ(to_output.code, 0) << to_output.error;
  EXPECT_THAT(to_output.out, testing::AllOf(HasSubstr("satisfiable"), HasSubstr("\"schema\": 1")));
  EXPECT_TRUE(fs::is_symlink(at("stdout")));
  const Finished quiet = run_assay(fmt::format("{} --quiet --json stdout", kSolve), at(""));
  EXPECT_EQ(json::parse(quiet.out)["schema"], 1);

  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = content_of(at("pipe")); });
  EXPECT_EQ(run_assay(fmt::format("{} --json pipe", kSolve), at("")).code, 0);
  reader.join();
  EXPECT_EQ(json::parse(received)["schema"], 1);
  EXPECT_TRUE(fs::is_fifo(at("pipe")));
}

TEST_F(Output, AFolderWhoseNameIsNoUtf8GetsAWholeRun) {
  const std::string name = "\xff";
  const Finished run =
      run_assay(fmt::format("{} --out {} --json report.json", kTrain, name), at(""));
  EXPECT_EQ(run.code, 0) << run.error;
  EXPECT_THAT(run.out, HasSubstr("\\xff/model.safetensors"));
  const json manifest = json::parse(content_of(at(name) / "manifest.json"));
  EXPECT_EQ(manifest["finished"], true);
  EXPECT_EQ(json::parse(content_of(at("report.json")))["model_sha256"], manifest["model_sha256"]);

  // Nothing is left to go on from, so nothing is done again.
  EXPECT_FALSE(fs::exists(at(name) / "checkpoint.pt"));
  const Finished again =
      run_assay(fmt::format("train modular-addition --out {} --resume", name), at(""));
  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_THAT(again.out, HasSubstr("finished before"));
}

TEST_F(Output, AFullDiskEndsATrainingInOneLine) {
  const Finished run =
      run_assay(fmt::format("{} --out run", kTrain), at(""), "trap '' XFSZ; ulimit -f 8;");
  expect_refusal(run, {"run/checkpoint.pt", "cannot write: File too large"});
  for (const auto& entry : fs::directory_iterator(at("run")))
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr(".tmp")));
  EXPECT_EQ(run_assay("train modular-addition --out run --resume", at("")).code, 0);
}

}  // namespace output_test
}  // namespace assay::tools
