#pragma once
// The endless datasets that tasks draw from a finite pool of rated texts.

#include <array>
#include <cstdint>
#include <vector>

#include "interp/attribution/scorer.h"
#include "tasks/task.h"

namespace assay::tasks::sentiment {

/// A text as the network reads it, without what fills its row.
struct RatedText {
  interp::attribution::Sequence tokens;
  double rating = 0;
  Part part = Part::Train;
};

/// How rows are written.
struct Layout {
  int64_t length = 0;                  ///< of a row
  int64_t filler = 0;                  ///< behind a text's end, never read
  int64_t negative = 0, positive = 1;  ///< answers
};

/// Of a text's soft label: its log odds are 1.5 times the rating, so that texts on which people
/// differ (a mean near 0) decide little, and clear ones nearly all.
double share_of_positive(double rating);

class Pool {
 public:
  Pool(std::vector<RatedText> texts, const Layout& layout);

  /// Derive and test: texts drawn independently, each with the sign of its rating as its label.
  ///
  /// Train: passes over the part in random order, where kAlike texts in a row are about equally
  /// long, so that they go through a network that sees both ways in few runs. Labels are soft: in
  /// pass after pass a text is called positive as often as share_of_positive() says.
  interp::LabelledBatch sample(Part part, uint64_t seed, int64_t first, int64_t count) const;
  /// Every text once, with the sign of its rating as its label.
  Domain domain() const;

  static constexpr int64_t kAlike = 64;

 private:
  struct Drawn {
    int64_t text = 0;
    bool positive = false;
  };
  std::vector<Drawn> drawn_to_train(uint64_t seed, int64_t first, int64_t count) const;
  std::vector<int64_t> pass(uint64_t seed, int64_t number) const;
  interp::LabelledBatch batch_of(const std::vector<Drawn>& drawn) const;

  std::vector<RatedText> texts_;
  Layout layout_;
  std::array<std::vector<int64_t>, 3> of_part_;
};

}  // namespace assay::tasks::sentiment
