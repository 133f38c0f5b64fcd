#include "tools/page/page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <map>
#include <set>

#include "tasks/page/html.h"
#include "tools/page/assets.h"
#include "tools/page/headline.h"
#include "tools/page/markup.h"

namespace assay::tools::page {
namespace {

using tasks::page::Html;
using tasks::page::tag;

/// `'sha256-…'`, by which a policy allows one style or script.
std::string hash_source(std::string_view code) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(code.data(), code.size(), digest, &size, EVP_sha256(), nullptr);
  unsigned char base64[4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1];
  EVP_EncodeBlock(base64, digest, static_cast<int>(size));
  return fmt::format("'sha256-{}'", reinterpret_cast<const char*>(base64));
}

std::string policy() {
  return fmt::format(
      "default-src 'none'; style-src {}; script-src {}; img-src data: blob:; base-uri 'none'; "
      "form-action 'none'",
      hash_source(style()), hash_source(script()));
}

/// Sections under ids of their own: those of several runs have a number.
std::vector<std::string> ids_of(const Page& page) {
  std::vector<std::string> ids;
  std::set<std::string> taken;
  for (const Section& section : page.sections) {
    const std::string name = section.id.empty() ? "section" : section.id;
    std::string id = name;
    for (size_t i = 2; !taken.insert(id).second; ++i) id = fmt::format("{}-{}", name, i);
    ids.push_back(id);
  }
  return ids;
}

bool speaks_of_several(const Page& page) {
  std::set<std::string> runs;
  for (const Section& section : page.sections) runs.insert(section.run);
  return runs.size() > 1;
}

constexpr const char* kVerdict = "verdict";  // stands first, above the list of sections

Html navigation(const Page& page, const std::vector<std::string>& ids, size_t first) {
  Html links;
  std::set<std::string> titles;
  for (size_t i = first; i < ids.size(); ++i)
    if (page.sections[i].id != kVerdict && titles.insert(page.sections[i].title).second)
      links += tag("a", {{"href", "#" + ids[i]}}, page.sections[i].title);
  return tag("nav", {{"aria-label", "sections"}}, links);
}

Html content_of(const Page& page) {
  const std::vector<std::string> ids = ids_of(page);
  const bool several = speaks_of_several(page);
  Html content;
  bool listed = false;
  // The answer comes before everything else, unless several runs each have one of their own.
  const bool answered = !several && !ids.empty() && answers_first(page.sections.front());
  if (answered) content += markup_of(page.sections.front().blocks.front());
  const bool all_said = answered && page.sections.front().blocks.size() == 1;
  for (size_t i = all_said ? 1 : 0; i < ids.size(); ++i) {
    const Section& section = page.sections[i];
    const bool verdict = section.id == kVerdict;
    if (!verdict && !listed) content += navigation(page, ids, all_said ? 1 : 0);
    listed = listed || !verdict;
    Html blocks =
        tag("h2", {{"class", verdict ? "hidden" : ""}, {"id", ids[i] + "-title"}}, section.title);
    if (several) blocks += tag("p", {{"class", "run"}, {"dir", "auto"}}, section.run);
    for (size_t b = i == 0 && answered ? 1 : 0; b < section.blocks.size(); ++b)
      blocks += markup_of(section.blocks[b]);
    content += tag("section", {{"id", ids[i]}, {"aria-labelledby", ids[i] + "-title"}}, blocks);
  }
  return content;
}

}  // namespace

std::string html_of(const Page& page) {
  const auto text = [](const std::string& words) { return Html(words).markup(); };
  const std::map<std::string_view, std::string> parts = {
      {"title", text(page.title)},
      {"description", text(page.description.empty() ? page.title : page.description)},
      {"policy", policy()},
      {"style", std::string(style())},
      {"kicker", text(page.kicker.empty() ? "Assay report" : page.kicker)},
      {"heading", text(page.heading.empty() ? page.title : page.heading)},
      {"stand", page.stand.empty() ? "" : tag("p", {{"class", "stand"}}, page.stand).markup()},
      {"content", content_of(page).markup()},
      {"script", std::string(script())},
      {"version", ASSAY_VERSION}};
  std::string html;
  std::string_view rest = frame();
  for (size_t open = 0; (open = rest.find("{{")) != rest.npos;) {
    const size_t close = rest.find("}}", open);
    html += rest.substr(0, open);
    html += parts.at(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 2);
  }
  return html += rest;
}

}  // namespace assay::tools::page
