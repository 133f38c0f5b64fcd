#pragma once
// Mutations of JSON that keep it JSON: values, keys and shapes change, seldom the syntax. Bytes
// changed blindly hardly ever get past the parser.

#include <random>
#include <string>
#include <string_view>

namespace assay::fuzz {

using Random = std::minstd_rand;

/// The text after one to four mutations; empty if it is no JSON, or nested so deeply that only
/// bytes can be mutated.
std::string mutate_json(std::string_view text, Random& random);

/// The text with one value taken from another document, under the same key if it has that too.
std::string cross_json(std::string_view text, std::string_view other, Random& random);

}  // namespace assay::fuzz
