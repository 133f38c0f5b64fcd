#pragma once
// How far a margin of nearest_prototype.h can move when the network runs in float32.
//
// Errors are followed stage by stage. Each stage adds what its own roundings can do, and what came
// before passes on through the exact maps behind it, up to the next thing that is not linear:
// through neurons that are surely on as one linear map with everything else, through neurons that
// are surely off not at all, and through the few others by absolute values. Sums may be added up in
// any order. Keys and values may be formed, W_K and W_V absorbed by the queries, or W_V W_O
// multiplied out first (folded), which are the orders that traces use: the bound of a stage is that
// of the worst of them.

#include <ATen/core/Tensor.h>

#include <vector>

#include "axioms/proofs/first_block.h"
#include "axioms/proofs/nearest_prototype.h"

namespace assay::proofs {

class Float32Bound {
 public:
  /// Keeps references to both.
  Float32Bound(const FirstBlock& first, const PrototypeReading& reading);

  /// Of the margins of of.right to these prototypes, whatever the other slots are.
  /// @param of  with its bounds on neurons.
  /// @param views  one per head. @param query  the key at the case's position.
  std::vector<double> errors(const Case& of, const std::vector<FirstBlock::View>& views, int query,
                             const std::vector<int64_t>& wrong) const;

 private:
  struct HeadTables {
    at::Tensor written, written_size;  // v W_O and |x| |W_V| |W_O|: [key, d_model]
  };
  struct Attention;  // of one head in one case
  Attention attention(const FirstBlock::View& view, int64_t head, int query) const;

  const FirstBlock& first_;
  const PrototypeReading& reading_;
  std::vector<HeadTables> tables_;
  at::Tensor W_in_size_, W_out_size_;
};

}  // namespace assay::proofs
