#include "tools/page/comparison_chart.h"

#include <fmt/format.h>

#include "interp/names.h"
#include "tools/measure_names.h"
#include "tools/page/page.h"

namespace assay::tools::page {
namespace {

constexpr int kColumns = 4;  // of multiples, as many as stand beside the methods' names

const interp::Names<Chance> kChances = {{Chance::Above, "above"},
                                        {Chance::Within, "within"},
                                        {Chance::Below, "below"},
                                        {Chance::Unknown, "unknown"}};

Json points_of(const ComparisonFigures& figures, const std::string& measure) {
  Json points = Json::array();
  for (const ComparedMethod& method : figures.methods) {
    const auto found = method.figures.find(measure);
    if (found == method.figures.end()) continue;
    const Figure& figure = found->second;
    points.push_back({{"method", method.name},
                      {"value", figure.mean},
                      {"low", figure.interval.low},
                      {"high", figure.interval.high},
                      {"chance", interp::name_of(figure.chance, kChances)},
                      {"mean", figure_text(figure.mean)},
                      {"interval", figure_text(figure.interval)},
                      {"inputs", figure.inputs}});
  }
  return points;
}

/// AUROC and the like have a scale of their own; errors that differ by powers of ten a logarithmic
/// one.
Json scale_of(const std::string& kind, const Json& points) {
  if (kind == "auroc" || kind == "precision") return {{"domain", {0, 1}}};
  if (kind == "spearman") return {{"domain", {-1, 1}}};
  double least = points[0].at("low"), most = points[0].at("high");
  for (const Json& point : points) {
    least = std::min(least, point.at("low").get<double>());
    most = std::max(most, point.at("high").get<double>());
  }
  if (least > 0 && most > 100 && most > 100 * least) return {{"type", "log"}};
  return {{"zero", false}};
}

Json x_of(const char* field, const Json& scale) {
  return {{"field", field},
          {"type", "quantitative"},
          {"title", nullptr},
          {"scale", scale},
          {"axis", {{"tickCount", 3}, {"labelFontSize", 11}, {"format", "~r"}, {"grid", false}}}};
}

Json band_of(const statistics::Interval& chance, const Json& scale) {
  return {{"data", {{"values", {{{"from", chance.low}, {"to", chance.high}}}}}},
          {"mark", {{"type", "rect"}, {"color", "var(--band)"}}},
          {"encoding", {{"x", x_of("from", scale)}, {"x2", {{"field", "to"}}}}}};
}

/// Colour by where a point lies to chance, and hollow where the interval touches it.
Json colour_of() {
  return {{"field", "chance"},
          {"type", "nominal"},
          {"legend", nullptr},
          {"scale",
           {{"domain", {"above", "within", "below", "unknown"}},
            {"range", {"var(--accent)", "var(--soft)", "var(--mark)", "var(--accent)"}}}}};
}

Json marks_of(const Json& y, const Json& scale) {
  const Json rule = {
      {"mark", {{"type", "rule"}, {"strokeWidth", 2}}},
      {"encoding",
       {{"x", x_of("low", scale)}, {"x2", {{"field", "high"}}}, {"color", colour_of()}}}};
  const Json fill = {
      {"condition", {{"test", "datum.chance == 'within'"}, {"value", "var(--paper)"}}},
      {"field", "chance"},
      {"type", "nominal"},
      {"legend", nullptr},
      {"scale", colour_of().at("scale")}};
  const Json point = {
      {"mark", {{"type", "point"}, {"size", 32}, {"strokeWidth", 1.6}, {"opacity", 1}}},
      {"encoding", {{"x", x_of("value", scale)}, {"stroke", colour_of()}, {"fill", fill}}}};
  return {{"encoding", {{"y", y}, {"tooltip", hover({"method", "mean", "interval", "inputs"})}}},
          {"layer", {rule, point}}};
}

/// Those that have one of these measures.
Json names_of(const ComparisonFigures& figures, const std::vector<std::string>& measures) {
  Json names = Json::array();
  for (const ComparedMethod& method : figures.methods)
    if (std::ranges::any_of(measures,
                            [&](const auto& name) { return method.figures.contains(name); }))
      names.push_back(method.name);
  return names;
}

Json multiple(const ComparisonFigures& figures, const std::string& measure, const Json& names,
              bool named) {
  Json y = lines_by("method");
  y["scale"] = {{"domain", names}};
  y["axis"] = {{"labels", named}, {"ticks", false}, {"domain", false}, {"labelLimit", 190}};
  const Json points = points_of(figures, measure);
  const Json scale = scale_of(kind_of(measure), points);
  Json layers = Json::array();
  if (figures.chance.contains(measure))
    layers.push_back(band_of(figures.chance.at(measure), scale));
  layers.push_back(marks_of(y, scale));
  return {{"title",
           {{"text", {reference_of(measure), title_of_kind(kind_of(measure))}},
            {"anchor", "start"},
            {"fontSize", 12},
            {"fontWeight", 600},
            {"color", "var(--ink)"}}},
          {"data", {{"values", points}}},
          {"width", 132},
          {"height", {{"step", 15}}},
          {"view", {{"stroke", "var(--rule)"}}},
          {"layer", layers}};
}

std::string in_words(const ComparisonFigures& figures, const std::string& measure) {
  std::string text;
  for (const ComparedMethod& method : figures.methods)
    if (const auto found = method.figures.find(measure); found != method.figures.end())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", method.name,
                          figure_text(found->second.mean));
  return fmt::format("{} {}: {}.", reference_of(measure), title_of_kind(kind_of(measure)), text);
}

}  // namespace

Json comparison_chart(const ComparisonFigures& figures, const std::vector<std::string>& measures) {
  Json multiples = Json::array();
  std::string alt = "Means of every method, measure by measure.";
  bool chance = false;
  for (const std::string& measure : measures) {
    multiples.push_back(
        multiple(figures, measure, names_of(figures, measures), multiples.size() % kColumns == 0));
    alt += ' ' + in_words(figures, measure);
    chance = chance || figures.chance.contains(measure);
  }
  return chart(chance
                   ? "Point: mean over the inputs; line: its bootstrap interval; grey: where the "
                     "mean of scores that know nothing falls. Hollow: not told apart from it."
                   : "Point: mean over the inputs; line: its bootstrap interval.",
               alt, {{"concat", multiples}, {"columns", kColumns}, {"spacing", 16}});
}

}  // namespace assay::tools::page
