#include "tasks/compiled/built_in.h"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "interp/files/json_reader.h"
#include "interp/names.h"

// Tables are made here by functions of numbers; a program's file lists them.

namespace assay::tasks::compiled {
namespace {

using Json = nlohmann::ordered_json;
using Slots = std::vector<std::vector<std::string>>;

Slots repeated(int n, const std::vector<std::string>& symbols) {
  return Slots(static_cast<size_t>(n), symbols);
}

/// A table over numbers, 0 … rows-1 by 0 … columns-1.
Json table(int rows, int columns, const std::function<Json(int, int)>& cell) {
  Json all = Json::array();
  for (int i = 0; i < rows; ++i) {
    Json row = Json::array();
    for (int j = 0; j < columns; ++j) row.push_back(cell(i, j));
    all.push_back(row);
  }
  return all;
}

/// What stands one position before: a line that a head computes.
Json before(int length) {
  Json pairs = Json::array();
  for (int i = 2; i <= length; ++i) pairs.push_back({fmt::to_string(i - 1), fmt::to_string(i)});
  return {{"name", "before"},
          {"attend", {{"key", "position"}, {"query", "position"}, {"when", pairs}}},
          {"copy", "symbol"}};
}

Json count_where(const char* name, const char* when) {
  return {{"name", name}, {"attend", {{"key", "symbol"}, {"query", "symbol"}, {"when", when}}}};
}

Json count_symbol(const char* name, const char* symbol) {
  return {{"name", name}, {"attend", {{"key", "symbol"}, {"among", {symbol}}}}};
}

Json map(const char* name, const std::vector<std::string>& of, Json table) {
  return {{"name", name}, {"map", of}, {"table", std::move(table)}};
}

Json histogram() {
  const auto repeat = table(4, 4, [](int here, int there) { return here == there ? "2" : "1"; });
  return {{"name", "histogram"},
          {"about",
           "It reads six letters and answers whether the last one occurs an odd or an even number "
           "of times."},
          {"inputs", repeated(6, {"a", "b", "c", "d"})},
          {"lines",
           {before(6), count_where("same", "equal"),
            map("times", {"same"}, {nullptr, "odd", "even", "odd", "even", "odd", "even"})}},
          {"answer", "times"},
          {"rival",
           {{"about", "The last letter is compared with the one before it alone."},
            {"lines", {map("same", {"symbol", "before"}, repeat)}}}}};
}

Json reverse() {
  const auto asked = [](const std::vector<std::string>& positions) {
    Json list(4, nullptr);
    for (const std::string& position : positions) list.push_back(position);
    return map("asked", {"symbol"}, list);
  };
  Slots inputs = repeated(5, {"a", "b", "c", "d"});
  inputs.push_back({"1", "2", "3", "4", "5"});
  return {{"name", "reverse"},
          {"about",
           "It reads five letters and a number n and answers which letter stands at place "
           "n of the reversed letters."},
          {"inputs", inputs},
          {"lines",
           {count_where("same", "equal"),
            asked({"5", "4", "3", "2", "1"}),
            {{"name", "copied"},
             {"attend", {{"key", "position"}, {"query", "asked"}, {"when", "equal"}}},
             {"copy", "symbol"}}}},
          {"answer", "copied"},
          {"rival",
           {{"about", "The letter at place n is copied: nothing is reversed."},
            {"lines", {asked({"1", "2", "3", "4", "5"})}}}}};
}

Json rank() {
  const auto place = [](const std::function<int(int, int)>& of) {
    return map("rank", {"smaller", "same"}, table(6, 6, [&](int smaller, int same) -> Json {
                 if (smaller + same > 5 || same == 0) return nullptr;
                 return "#" + fmt::to_string(of(smaller, same));
               }));
  };
  return {{"name", "rank"},
          {"about",
           "It reads five numbers and answers at which place the last one stands when they "
           "are sorted, behind those that are equal to it."},
          {"inputs", repeated(5, {"1", "2", "3", "4", "5"})},
          {"lines",
           {before(5), count_where("smaller", "less"), count_where("same", "equal"),
            place([](int smaller, int same) { return smaller + same; })}},
          {"answer", "rank"},
          {"rival",
           {{"about", "Only smaller numbers are counted, as if no two were equal."},
            {"lines", {place([](int smaller, int) { return smaller + 1; })}}}}};
}

Json dyck_depth() {
  constexpr int kLength = 10;
  Json negative = Json::array();
  for (int d = 1; d <= kLength; ++d) negative.push_back(fmt::to_string(-d));
  const auto depth = table(kLength + 1, kLength + 1, [](int opens, int closes) -> Json {
    if (opens + closes > kLength) return nullptr;
    return fmt::to_string(opens - closes);
  });
  // Values of a table are numbered in the order in which it mentions them: 0, -1, …, -10, 1, ….
  const auto depth_of = [](int index) { return index <= kLength ? -index : index - kLength; };
  const auto answer = [&](bool looks_back) {
    return table(2 * kLength + 1, kLength + 1, [&](int index, int below) -> Json {
      const int end = depth_of(index);
      return end < 0 || (looks_back && below > 0) ? "invalid" : fmt::to_string(end);
    });
  };
  return {{"name", "dyck-depth"},
          {"about",
           "It reads ten parentheses and answers how many are open at the end, or that "
           "one was closed before it was opened."},
          {"inputs", repeated(kLength, {"(", ")"})},
          {"lines",
           {count_symbol("opens", "("),
            count_symbol("closes", ")"),
            map("depth", {"opens", "closes"}, depth),
            {{"name", "below"}, {"attend", {{"key", "depth"}, {"among", negative}}}},
            map("open", {"depth", "below"}, answer(true))}},
          {"answer", "open"},
          {"rival",
           {{"about", "Only the depth at the end is looked at."},
            {"lines", {map("open", {"depth", "below"}, answer(false))}}}}};
}

Json majority() {
  constexpr int kLength = 7;
  const auto more = [](const char* tie) {
    return map("more", {"zeros", "ones"}, table(kLength + 1, kLength + 1, [&](int zeros, int ones) {
                 return zeros + ones > kLength ? Json(nullptr)
                        : zeros > ones         ? Json("0")
                        : zeros < ones         ? Json("1")
                                               : Json(tie);
               }));
  };
  return {
      {"name", "majority"},
      {"about",
       "It reads seven symbols, zeros, ones and blanks, and answers whether zeros or ones occur "
       "more often, or neither does."},
      {"inputs", repeated(kLength, {"0", "1", "_"})},
      {"lines",
       {before(kLength), count_symbol("zeros", "0"), count_symbol("ones", "1"), more("tie")}},
      {"answer", "more"},
      {"rival",
       {{"about", "The answer is 1 also where neither occurs more often."},
        {"lines", {more("1")}}}}};
}

const std::vector<std::pair<std::string, Json (*)()>> kPrograms = {{"histogram", histogram},
                                                                   {"reverse", reverse},
                                                                   {"rank", rank},
                                                                   {"dyck-depth", dyck_depth},
                                                                   {"majority", majority}};

}  // namespace

std::vector<std::string> built_in_programs() {
  std::vector<std::string> names;
  for (const auto& [name, make] : kPrograms) names.push_back(name);
  return names;
}

Json built_in_program(const std::string& name) {
  for (const auto& [known, make] : kPrograms)
    if (known == name) return make();
  interp::refuse_name("program", name, built_in_programs());
}

Json program_of_setting(const std::string& setting) {
  if (setting.starts_with('{')) return interp::parse_json(setting, "program");
  return built_in_program(setting);
}

}  // namespace assay::tasks::compiled
