#pragma once
// A replacer made of a function: the way in for a generator of one's own.

#include <functional>

#include "interp/attribution/replacer.h"

namespace assay::interp::attribution {

class CallbackReplacer : public Replacer {
 public:
  /// Fills the masked positions of one row. @param seed  of this row alone.
  using Function = std::function<Sequence(const Sequence& sequence, const std::vector<bool>& masked,
                                          uint64_t seed)>;

  CallbackReplacer(std::string name, Function function);

  std::string name() const override { return name_; }
  /// @throws std::invalid_argument if the function changed the length or a position not masked.
  at::Tensor draw(const Sequence& sequence, const at::Tensor& mask, uint64_t seed,
                  int64_t first_row) const override;
  /// Nobody knows: every position is eligible, no effect exact.
  std::optional<Support> support(const Sequence&, const std::vector<int64_t>&) const override {
    return std::nullopt;
  }

 private:
  std::string name_;
  Function function_;
};

}  // namespace assay::interp::attribution
