// What a shared object brings of files (tools/examples/own_files.cpp): a layout of weights, and a
// kind of records, which the commands then know as their own.

#include <gmock/gmock.h>

#include "interp/files/safetensors.h"
#include "tests/tools/model_folder.h"
#include "tools/records.h"

namespace assay::tools {
namespace own_files_test {

using nlohmann::ordered_json;
using testing::HasSubstr;

class OwnFiles : public ModelFolder {
 protected:
  /// A part of a survey in which these were asked, in order.
  void put_part(const std::string& name, int index, int of, int votes, const ordered_json& list,
                int schema = 1) const {
    ordered_json record = {{"kind", "survey"}, {"schema", schema}, {"command", "ask"}};
    record["shard"] = {{"index", index}, {"of", of}, {"items", votes}};
    record["votes"] = list;
    put(name, record.dump());
  }
  static ordered_json vote(const char* voter, bool agrees) {
    return {{"voter", voter}, {"agrees", agrees}};
  }

  const std::string load = std::string("--load ") + OWN_FILES + " ";
};

TEST_F(OwnFiles, RecordsAreMergedShownAndRefusedLikeOurs) {
  put_part("2.json", 2, 2, 3, ordered_json::array({vote("c", true)}));
  put_part("1.json", 1, 2, 3, ordered_json::array({vote("a", true), vote("b", false)}));
  const Finished merged = run(load + "merge 2.json 1.json --json whole.json --html whole.html");
  ASSERT_EQ(merged.code, 0) << merged.error;
  const nlohmann::json whole = read("whole.json");
  EXPECT_EQ(whole["votes"].size(), 3U);
  EXPECT_EQ(whole["votes"][0]["voter"], "a");
  EXPECT_FALSE(whole.contains("shard"));
  EXPECT_THAT(content_of(at("whole.html")), HasSubstr("2 of 3 are convinced."));
  const Finished page = run(load + "report whole.json --out page.html");
  ASSERT_EQ(page.code, 0) << page.error;
  EXPECT_THAT(content_of(at("page.html")), HasSubstr("<title>Survey</title>"));

  expect_refused(load + "report whole.json --out whole.json", "would overwrite a run");
  EXPECT_EQ(read("whole.json"), whole);
  expect_refused("report whole.json --out no.json", "unknown kind of record 'survey'");
  expect_refused("merge 1.json 2.json --json no.json", "unknown kind of record 'survey'");
  expect_refused(load + "merge 1.json 1.json --json no.json", "are both part 1 of 2");
  expect_refused(load + "merge 1.json 2.json --json no.json --out c.json",
                 "--out is for the circuit of a discovery, not for a survey");
  expect_refused(load + "merge 1.json 2.json --json no.json --junit j.xml", "not about a survey");
  put_part("new.json", 2, 2, 3, ordered_json::array({vote("c", true)}), 2);
  expect_refused(load + "merge 1.json new.json --json no.json",
                 "new.json: schema 2: a later version");
  put_part("odd.json", 1, 1, 1, ordered_json::array({{{"voter", 3}, {"agrees", true}}}));
  expect_refused(load + "report odd.json --out no.json",
                 "field 'votes[0].voter': expected a text, found 3");
}

TEST_F(OwnFiles, AreListed) {
  ASSERT_EQ(run(load + "list --json l.json").code, 0);
  const nlohmann::json entries = read("l.json")["entries"];
  EXPECT_EQ(entries["records"].back()["name"], "survey");
  EXPECT_EQ(entries["records"].back()["origin"], OWN_FILES);
  EXPECT_EQ(entries["records"][0]["name"], "validation");
  EXPECT_EQ(entries["sections"].back()["origin"], OWN_FILES);
  const auto tied = std::ranges::find_if(
      entries["layouts"], [](const nlohmann::json& entry) { return entry["name"] == "tied"; });
  ASSERT_NE(tied, entries["layouts"].end());
  EXPECT_EQ((*tied)["origin"], OWN_FILES);
  EXPECT_THAT(run(load + "report --help").out, HasSubstr("survey"));
  expect_refused("list record", "did you mean 'records'?");
}

// The file lacks W_U, which no layout of ours allows.
TEST_F(OwnFiles, WeightsInALayoutOfTheirOwnAreReadByEveryCommand) {
  interp::Safetensors file = interp::read_safetensors(at("model.safetensors"));
  const nlohmann::json metadata = nlohmann::json::parse(file.metadata.at("assay"));
  file.metadata.erase("config");
  file.tensors.erase("unembed.W_U");
  interp::write_safetensors(at("tied.safetensors"), file);
  const std::string stated =
      " --activation relu --norm none --attention causal --positions learned --scores scaled "
      "--blocks sequential ";
  const Finished inspected = run(load + "inspect tied.safetensors --json i.json" + stated);
  ASSERT_EQ(inspected.code, 0) << inspected.error;
  EXPECT_EQ(read("i.json")["layout"], "tied");
  ASSERT_EQ(run(load + "convert tied.safetensors ours.safetensors" + stated).code, 0);
  EXPECT_EQ(run("inspect ours.safetensors").code, 0);
  expect_refused("inspect tied.safetensors --json no.json" + stated, "'unembed.W_U': missing");
}

/// The table in the documentation is that of the registry.
/// Where this fails, the lines that it prints belong there.
TEST(RecordKinds, AreListedInTheDocumentation) {
  std::string table;
  for (const RecordKind& kind : record_kinds())
    if (record_kinds().origin_of(kind.name).empty())
      table += fmt::format("| `{}` | {} | `{}` | {} |\n", kind.name, kind.schema, kind.command,
                           kind.help);
  EXPECT_THAT(content_of(ASSAY_SOURCE "/docs/formats.md"), HasSubstr(table));
}

}  // namespace own_files_test
}  // namespace assay::tools
