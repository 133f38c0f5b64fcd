#pragma once
// A small language for networks whose mechanism is known, after RASP (Weiss et al. 2021, arXiv
// 2106.06981) and Tracr (Lindner et al. 2023, arXiv 2301.05062). A program is a list of lines. Each
// names a variable, which has a value at every position, and says how it is computed: an attention
// head selects positions by their values and copies or counts, an MLP looks up a table. As JSON:
//
//   {"name": "reverse",
//    "about": "It reads letters and then a number n, and answers which letter is the nth last.",
//    "inputs": [["a", "b"], ["a", "b"], ["1", "2"]],
//    "lines": [
//      {"name": "asked", "map": ["symbol"], "table": [null, null, "2", "1"]},
//      {"name": "copied", "attend": {"key": "position", "query": "asked", "when": "equal"},
//       "copy": "symbol"}],
//    "answer": "copied"}
//
// `inputs` lists the symbols that may stand at each position; the program is defined on all their
// combinations. In front of them stands the mark `^`. There are two variables to begin with:
// `symbol`, and `position`, from 1. Positions see themselves and those before them.
//   map     the values of one or more earlier variables -> what `table` says: nested lists, in the
//           order of their values; null: no value. `table` may hold different texts as values.
//   attend  selects the positions whose key stands in the relation `when` to this position's query:
//           `equal`, `less` (the key comes before the query, in the order of the key's values),
//           `at_most`, or a list of pairs [key, query]. Without a query it selects the positions
//           whose key is `among` a list.
//           With `copy`, the variable is that of the selected positions; where none is selected, it
//           is what that variable is at the mark. If they differ, it has no value. Without
//           `copy`, it is how many positions are selected, "0" to the number of positions.
// The answer is the value of the variable `answer` at the last position.
//
// A rival says what the network does not do, as a wrong interpretation would: `"rival": {"about":
// "…", "lines": […]}` replaces lines of the same names, which keep their values, and may add some.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

namespace assay::tasks::compiled {

inline constexpr const char* kSymbol = "symbol";
inline constexpr const char* kPosition = "position";
inline constexpr const char* kMark = "^";
inline constexpr int64_t kNone = -1;  ///< no value

struct Attend {
  std::string key, query;  ///< variables; an empty query: selection by the key alone
  std::string copy;        ///< a variable; empty: counts
  at::Tensor selects;      ///< bool [values of the query (1 without), values of the key]
};

struct Map {
  std::vector<std::string> of;  ///< variables
  at::Tensor table;             ///< int64, an axis for each of them
};

struct Line {
  std::string name;
  std::vector<std::string> values;  ///< what the variable can be, by index
  std::variant<Attend, Map> does;
};

/// Values of variables by name, int64 [batch, pos], the mark being position 0.
using Values = std::map<std::string, at::Tensor>;

struct Program {
  std::string name, about;
  std::vector<std::vector<std::string>> inputs;  ///< symbols that may stand at each position
  std::vector<std::string> symbols;              ///< all of them, in order of first mention
  std::vector<Line> lines;                       ///< each after those that it reads
  std::string answer;

  int64_t length() const { return static_cast<int64_t>(inputs.size()); }  ///< without the mark
  double n_inputs() const;
  /// @throws std::invalid_argument for an unknown variable.
  std::vector<std::string> values_of(const std::string& variable) const;
  /// The lines that the answer needs, as a subset of the names.
  bool needs(const std::string& variable) const;
};

/// The most inputs of a program, so that all of them can be gone through.
inline constexpr int64_t kMostInputs = 1 << 17;

/// @throws std::invalid_argument naming program and line: unknown variables and fields, tables of
///   another shape, values that do not exist, and more than kMostInputs.
Program program_from_json(const nlohmann::ordered_json& json);

/// The program with the lines of its rival. @throws as program_from_json(), and for a program
/// without one, or a replaced line of other values.
Program rival_from_json(const nlohmann::ordered_json& json);
bool has_rival(const nlohmann::ordered_json& json);

/// The variables that a line reads, the key first.
std::vector<std::string> read_by(const Line& line);

/// Computes the lines that are not among `values` yet and whose variables are.
/// @param values  at least `position` and `symbol`, or what the lines read instead.
Values run(const Program& program, Values values);
/// All variables. @param symbols  indices, int64 [batch, length]; without the mark.
Values run_on(const Program& program, const at::Tensor& symbols);

/// All inputs, as indices of symbols, int64 [inputs, length]; the last position changes fastest.
at::Tensor all_inputs(const Program& program);

/// Which positions a run reads: those whose symbols were copied, counted or looked up on the way to
/// the answer. bool [length] for one input int64 [length]. Positions that a head compared and did
/// not select are not among them.
at::Tensor positions_read(const Program& program, const at::Tensor& symbols);

}  // namespace assay::tasks::compiled
