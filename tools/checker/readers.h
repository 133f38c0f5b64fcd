#pragma once
// How files are read: whole, with their SHA-256, and strictly. Nothing is converted, no member is
// passed over, and every size is checked before it is used.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace checker {

using Json = nlohmann::json;

struct BadInput
    : std::runtime_error {  ///< what was given cannot be read, or does not belong together
  using runtime_error::runtime_error;
};
struct Rejected : std::runtime_error {  ///< the certificate says something that is not shown
  using runtime_error::runtime_error;
};
struct CannotCheck : std::runtime_error {  ///< beyond what this program implements
  using runtime_error::runtime_error;
};

struct File {
  std::string bytes, sha256;
};
File read_file(const std::string& path);  ///< @throws BadInput

/// UTF-8, no member twice, numbers finite, at most 128 levels deep. @throws BadInput
Json parse_json(const std::string& text, const std::string& where);

/// The members of an object, all of which are there and no others. @throws BadInput
void require_members(const Json& object, const std::set<std::string>& names,
                     const std::string& where);
int64_t integer(const Json& value, int64_t least, int64_t most, const std::string& where);
double real(const Json& value, const std::string& where);
const std::string& text(const Json& value, const std::string& where);
const Json& list(const Json& value, const std::string& where);
/// A list of whole numbers in [least, most].
std::vector<int64_t> integers(const Json& value, int64_t least, int64_t most,
                              const std::string& where);

/// float32, float64 and int64 all fit: int64 are bounded by 2^53, the others by 1e12 in size, so
/// that no sum or product of this program overflows.
struct Tensor {
  std::string type;
  std::vector<int64_t> shape;
  std::vector<double> data;
};

struct Safetensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};
Safetensors read_safetensors(const std::string& bytes,
                             const std::string& where);  ///< @throws BadInput

/// Takes a tensor of this shape out of the map; -1 is any size. @throws BadInput
Tensor take(std::map<std::string, Tensor>& tensors, const std::string& name,
            const std::vector<int64_t>& shape);

}  // namespace checker
