#pragma once
// How often a network is right, and on which inputs that was found out.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace assay::tools {

struct Accuracy {
  double share = 0;  ///< of the inputs answered rightly
  int64_t inputs = 0;
  std::string of = {};  ///< which inputs, in words
  bool draws = false;   ///< they are independent draws of what the accuracy is meant to be about
};

/// `NAME`, `NAME_inputs`, `NAME_of` and, where inputs are draws, `NAME_interval`: the exact
/// binomial one (Clopper-Pearson) of 95%.
nlohmann::ordered_json accuracy_json(const Accuracy& accuracy, const std::string& name);

/// `99.95% [99.81%, 99.99%] of 4,096`, from that JSON.
std::string accuracy_in_words(const nlohmann::ordered_json& json, const std::string& name,
                              int decimals);

}  // namespace assay::tools
