#pragma once
// The report page: one HTML file that needs nothing else, neither a network nor another file.
//
// C++ says what is shown, as data (blocks.h); page.js shows it. Page, style and script are the
// files page.html, *.css and *.js beside this one, which assets.S puts into the binary.

#include <string>
#include <vector>

#include "tasks/page/blocks.h"
#include "tasks/page/channels.h"
#include "tasks/page/section.h"

namespace assay::tools::page {

// What sections are made of stands with the tasks, which bring some of their own.
using tasks::page::absent, tasks::page::cell, tasks::page::cell_over, tasks::page::chart,
    tasks::page::Column, tasks::page::command, tasks::page::drawing, tasks::page::Fact,
    tasks::page::facts, tasks::page::fold, tasks::page::heading, tasks::page::hover,
    tasks::page::Json, tasks::page::lines_by, tasks::page::paragraph, tasks::page::percent,
    tasks::page::percent_decimals, tasks::page::Run, tasks::page::RunKind, tasks::page::Section,
    tasks::page::SectionEntry, tasks::page::shaded_by, tasks::page::table, tasks::page::Tone,
    tasks::page::tone_of_verdict;

struct Page {
  std::string title;
  std::vector<Section> sections;
};

/// The whole page. Whatever a text says, it stays text: nothing in `page` can become markup.
std::string html_of(const Page& page);

}  // namespace assay::tools::page
