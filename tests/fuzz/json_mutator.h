#pragma once
// Mutations of JSON that keep it JSON: values, keys and shapes change, seldom the syntax. Bytes
// changed blindly hardly ever get past the parser.

#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace assay::fuzz {

using Random = std::minstd_rand;

/// The text after one to four mutations; empty if it is no JSON, or nested so deeply that only
/// bytes can be mutated.
std::string mutate_json(std::string_view text, Random& random);

/// The text with one value taken from another document, under the same key if it has that too.
std::string cross_json(std::string_view text, std::string_view other, Random& random);

/// The text once for each of its values, with 1e308 in that value's place: a number, but none that
/// an integer can hold. Of the elements of a list, only one of each form is replaced.
/// @param seen  the places that were replaced before, which are left out.
std::vector<std::string> each_value_replaced(std::string_view text, std::set<std::string>& seen);

}  // namespace assay::fuzz
