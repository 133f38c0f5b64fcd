// A shared object that brings kinds of files: weights in a layout of their own, and records that
// assay merges from parts and shows on a page:
//   assay --load build/examples/libown_files.so report votes.json --out votes.html

#include <torch/types.h>

#include "interp/files/fields.h"
#include "tools/plugin.h"

namespace {

using namespace assay;

/// TransformerLens' names, but the unembedding is the embedding transposed, and not in the file.
bool is_tied(const interp::WeightFile& file) {
  return file.tensors.contains("embed.W_E") && !file.tensors.contains("unembed.W_U");
}

interp::Weights read_tied(const interp::WeightFile& file, interp::Settings& settings) {
  interp::TensorMap tensors = file.tensors;
  tensors["unembed.W_U"] = tensors.at("embed.W_E").t();
  return interp::from_transformer_lens(tensors, settings);
}

/// What somebody says of an explanation. The record of a survey lists votes; a part of it has the
/// member `shard` besides (docs/formats.md).
struct Vote {
  std::string voter;
  bool agrees = false;
};

template <class V>
void fields(V& v, Vote& vote) {
  v("voter", vote.voter, "who was asked");
  v("agrees", vote.agrees, "whether the explanation convinces them");
}

tools::Merged merge_votes(const tools::Merging& merging) {
  return {.record = tools::joined_parts(merging.parts, "votes", {"command"})};
}

std::optional<tools::page::Section> about_votes(const tools::page::Run& run) {
  if (run.kind != "survey") return std::nullopt;
  const auto votes = interp::read_checked<std::vector<Vote>>(run.report.at("votes"));
  const auto agree = std::ranges::count_if(votes, &Vote::agrees);
  return tools::page::Section{.title = "Votes",
                              .blocks = {tools::page::paragraph(
                                  fmt::format("{} of {} are convinced.", agree, votes.size()))}};
}

}  // namespace

ASSAY_PLUGIN(registries) {
  registries.layouts.add({"tied", "as TransformerLens, without W_U", is_tied, read_tied});
  registries.sections.add({"votes", "who is convinced", about_votes});
  const interp::Shape shape =
      interp::json_shapes::object({{"votes", interp::shape_of<std::vector<Vote>>()}});
  registries.records.add({.name = "survey",
                          .command = "whoever asked",
                          .help = "what people say of an explanation",
                          .page = tools::page::RecordPage{.title = "Survey", .shape = shape},
                          .merge = merge_votes});
}
