#pragma once
// The report page: one HTML file that needs nothing else, neither a network nor another file.
//
// C++ writes it out, text and figures (blocks.h, html.h): it can be read without scripts, which
// only choose, read out and save. Page, style and script are the files page.html, *.css and *.js
// beside this one, which assets.S puts into the binary. The policy in the page's head names the
// hashes of exactly these styles and scripts, so that nothing else can run.

#include <string>
#include <vector>

#include "tasks/page/blocks.h"
#include "tasks/page/html.h"
#include "tasks/page/section.h"

namespace assay::tools::page {

// What sections are made of stands with the tasks, which bring some of their own.
using tasks::page::absent, tasks::page::cell, tasks::page::cell_over, tasks::page::Column,
    tasks::page::command, tasks::page::drawing, tasks::page::Fact, tasks::page::facts,
    tasks::page::fold, tasks::page::heading, tasks::page::Html, tasks::page::Json,
    tasks::page::paragraph, tasks::page::percent, tasks::page::percent_decimals, tasks::page::Run,
    tasks::page::RunKind, tasks::page::Section, tasks::page::SectionEntry, tasks::page::table,
    tasks::page::Tone, tasks::page::tone_of_verdict;

struct Page {
  std::string title;  ///< of the window: the verdict first
  std::vector<Section> sections;
  std::string description = {};  ///< one line, for whoever lists pages
  std::string kicker = {};       ///< above the heading: kind and date
  std::string heading = {};      ///< empty: the title
  std::string stand = {};        ///< below it: what this is about
};

/// The whole page. Whatever a text says, it stays text: nothing in `page` can become markup.
std::string html_of(const Page& page);

}  // namespace assay::tools::page
