// Loss and accuracy by step of a training.

#include <fmt/format.h>

#include <limits>

#include "tools/page/sections.h"
#include "tools/terminal.h"

namespace assay::tools::page {
namespace {

constexpr size_t kPoints = 1500;  // more than a line of this width can show

struct Curve {
  const char* field;
  const char* title;
  Json scale, axis;
};

/// NaN of a training that diverged is null in its file.
double loss_of(const Json& line) {
  const Json& loss = line.at("loss");
  return loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>();
}

/// At most kPoints lines, evenly taken, with the last.
Json thinned(const Json& lines) {
  const size_t step = (lines.size() + kPoints - 1) / kPoints;
  Json kept = Json::array();
  const auto keep = [&](const Json& line) {
    const Json& loss = line.at("loss");
    kept.push_back({{"step", line.at("step")},
                    {"loss", loss > 0 ? loss : Json()},  // a logarithm has no place for 0
                    {"accuracy", line.at("accuracy")}});
  };
  for (size_t i = 0; i + 1 < lines.size(); i += step) keep(lines[i]);
  keep(lines.back());
  return kept;
}

Json panel(const Curve& curve) {
  return {{"width", 290},
          {"height", 170},
          {"mark", {{"type", "line"}, {"color", "var(--accent)"}, {"strokeWidth", 1.8}}},
          {"encoding",
           {{"x",
             {{"field", "step"},
              {"type", "quantitative"},
              {"axis", {{"format", "~s"}, {"grid", false}}}}},
            {"y",
             {{"field", curve.field},
              {"type", "quantitative"},
              {"title", curve.title},
              {"scale", curve.scale},
              {"axis", curve.axis}}}}}};
}

}  // namespace

std::optional<Section> training_section(const Run& run) {
  if (run.kind != RunKind::Training) return std::nullopt;
  const Json& lines = run.report.at("lines");
  Section section{.title = "Training", .run = {}};
  if (lines.empty()) {
    section.blocks.push_back(paragraph("The training has no evaluation yet."));
    return section;
  }
  const Json& last = lines.back();
  const std::string inputs =
      last.contains("accuracy_of")
          ? fmt::format("{} held-out inputs ({})", grouped(last.at("accuracy_inputs")),
                        last.at("accuracy_of").get<std::string>())
          : "the held-out inputs";
  const Curve loss{"loss", "loss", {{"type", "log"}}, {{"format", "~g"}}};
  const Curve accuracy{"accuracy", "held-out accuracy", {{"zero", false}}, {{"format", ".3~%"}}};
  section.blocks.push_back(chart(
      fmt::format("By step {}: loss {:.3g} (logarithmic scale), {} of {} right.",
                  grouped(last.at("step")), loss_of(last), percent(last.at("accuracy")), inputs),
      fmt::format("Two lines over {} steps: the loss falls from {:.3g} to {:.3g}, held-out "
                  "accuracy goes from {} to {}.",
                  grouped(last.at("step")), loss_of(lines[0]), loss_of(last),
                  percent(lines[0].at("accuracy")), percent(last.at("accuracy"))),
      {{"data", {{"values", thinned(lines)}}}, {"hconcat", {panel(loss), panel(accuracy)}}}));
  return section;
}

}  // namespace assay::tools::page
