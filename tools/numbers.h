#pragma once
// Numbers on the command line. They are read strictly: in decimal, the whole text, within bounds,
// so that nothing is cut off, wrapped around or taken for another number.

#include <CLI/Option.hpp>
#include <cstdint>
#include <limits>

namespace assay::tools {

// Each is for `option->transform()`: it refuses what it does not describe by a line like
// "--inputs: expected a whole number of at least 1, got -5".

CLI::Validator whole_number(int64_t least = std::numeric_limits<int64_t>::min(),
                            int64_t most = std::numeric_limits<int64_t>::max());
CLI::Validator seed_number();  ///< 0 … 2^64-1

CLI::Validator number();                                ///< any but NaN and infinity
CLI::Validator number_from(double least, double most);  ///< the bounds included
CLI::Validator number_at_least(double least);           ///< `least` included
CLI::Validator number_strictly_between(double low, double high);

}  // namespace assay::tools
