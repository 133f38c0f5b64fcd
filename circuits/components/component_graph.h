#pragma once
// The network as a graph of components that write to, and read from, the residual stream.
//
//   input      token + position embedding      a1.h2   head 2 of block 1's attention
//   m1         block 1's MLP                   logits  the unembedding
//
// An edge says that a component reads what an earlier one wrote. A head reads three times, so its
// in-edges are `m0->a1.h2<q>`, `<k>` and `<v>`. Where positions matter, an edge carries the
// position at which the stream is read: `m0@7->a1.h2@7<k>` is what m0 adds at position 7 to the key
// that the head forms there. Blocks are counted from 0, as in the files of other tools.

#include <boost/graph/adjacency_list.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "interp/network/places.h"

namespace assay::circuits {

using interp::Kind;

struct Component {
  Kind kind = Kind::Input;
  int64_t layer = 0;  ///< 0 for the input; the number of blocks for the logits
  int64_t head = 0;
  bool operator==(const Component&) const = default;
};
std::string to_string(const Component& component);

enum class Port { Query, Key, Value, Whole };  ///< Whole: an MLP or the logits

/// A place where a component reads the residual stream.
struct Reader {
  Component component;
  Port port = Port::Whole;
  bool operator==(const Reader&) const = default;
};

/// Readers that one step of a forward pass serves: all heads' queries of a block, say.
struct ReaderGroup {
  Port port = Port::Whole;
  int64_t layer = 0;  ///< the number of blocks for the logits
  int64_t first_reader = 0;
  int64_t n_readers = 0;
  int64_t n_writers = 0;  ///< writers 0 … n_writers-1 stand before these readers
  /// After the last attention has looked back, and for its queries, only what is read at the
  /// readout position reaches the answer.
  bool at_readout = false;
  int component = 0;  ///< index among the components of the network's places
};

/// Writers that one step of a forward pass computes.
struct WriterGroup {
  Kind kind = Kind::Input;
  int64_t layer = 0;
  int64_t first_writer = 0;
  int64_t n_writers = 1;
  int component = 0;  ///< index among the components of the network's places
  int64_t stage = 0;  ///< groups of one stage stand side by side and do not read each other
};

struct Edge {
  int64_t writer = 0, reader = 0;
  int64_t position = -1;  ///< -1 in a graph without positions
  bool operator==(const Edge&) const = default;
};

/// The sizes that graphs may have, so that a file which asks for more is refused before memory is.
/// A network of 80 blocks with 48 heads each has 22 million edges.
inline constexpr int64_t kMostHeads = 1 << 16, kMostEdges = 1 << 25;

/// How attention and MLP stand in the blocks of a network.
struct Blocks {
  bool mlps = true;       ///< else blocks are attention alone
  bool parallel = false;  ///< the MLP reads what attention reads, not what it writes
};

/// Writers and readers are numbered in the order of computation, so that a reader's in-edges come
/// from the first few writers and edges need no table. Edge ids count position by position (if the
/// graph has positions), then reader by reader, then writer by writer: a tensor [rows, columns] of
/// something per edge has a row per position, or a single one.
class ComponentGraph {
 public:
  /// @param positions  0: one edge serves all positions; else the length of the sequences.
  /// @throws std::invalid_argument for a length outside [0, n_ctx], a network that is not causal,
  ///   that pools its positions or whose streams are not the sum of what components have written
  ///   (post-norm), and more than kMostHeads or kMostEdges.
  explicit ComponentGraph(const interp::Places& places, int64_t positions = 0);
  /// Of such blocks, one after the other. @param n_heads  of each block.
  /// @throws std::invalid_argument for a block without heads, and for more than kMostHeads or
  ///   kMostEdges.
  explicit ComponentGraph(const std::vector<int64_t>& n_heads, int64_t positions = 0,
                          const Blocks& blocks = {});

  std::vector<int64_t> n_heads() const;  ///< of each attention
  int64_t n_layers() const { return sublayers_.back().layer; }
  Blocks blocks() const;
  int64_t positions() const { return positions_; }
  const std::vector<Component>& writers() const { return writers_; }
  const std::vector<Reader>& readers() const { return readers_; }
  const std::vector<WriterGroup>& writer_groups() const { return writer_groups_; }
  const std::vector<ReaderGroup>& reader_groups() const { return reader_groups_; }

  int64_t rows() const { return positions_ == 0 ? 1 : positions_; }
  int64_t columns() const { return first_edge_.back(); }
  int64_t n_edges() const { return rows() * columns(); }
  /// Column of the edge from writer 0 to this reader; those of the other writers follow.
  int64_t first_edge(int64_t reader) const { return first_edge_[reader]; }
  int64_t n_writers(int64_t reader) const { return first_edge_[reader + 1] - first_edge_[reader]; }

  Edge edge(int64_t id) const;
  int64_t id(const Edge& edge) const;
  std::string name(int64_t id) const;  ///< `m0->a1.h2<q>`
  /// @throws std::invalid_argument naming what is wrong: a component that this network lacks, an
  ///   edge against the order of computation, a position that is missing, superfluous or out of
  ///   range, and a name that is not written as name() writes it.
  int64_t parse_edge(std::string_view name) const;
  /// @throws std::invalid_argument listing the components, or the first of them.
  Component parse_component(std::string_view name) const;
  std::vector<Component> components() const;  ///< the writers, then the logits
  /// Its index among components().
  int64_t index_of(const Component& component) const;

  bool operator==(const ComponentGraph& other) const {
    return sublayers_ == other.sublayers_ && positions_ == other.positions_;
  }

 private:
  /// All heads of one attention, an MLP, ….
  struct Sublayer {
    Kind kind = Kind::Input;
    int64_t layer = 0, count = 1;
    int64_t joins = 0;                // those of one number read before any of them writes
    size_t readers = 0, writers = 0;  // its first group of each
    bool operator==(const Sublayer&) const = default;
  };
  ComponentGraph(std::vector<Sublayer> sublayers, int64_t positions);
  static std::vector<Sublayer> sublayers_of(const interp::Places& places, int64_t positions);
  static std::vector<Sublayer> one_after_the_other(const std::vector<int64_t>& n_heads,
                                                   int64_t positions, const Blocks& blocks);
  void add_readers(size_t sublayer);
  void add_writers(size_t sublayer);
  int64_t index_of(const Reader& reader) const;
  int64_t id_written_as(std::string_view name, const Edge& edge) const;

  const Sublayer* find(Kind kind, int64_t layer) const;

  std::vector<Sublayer> sublayers_;
  std::map<std::pair<Kind, int64_t>, size_t> index_;  // among the sublayers
  int64_t positions_ = 0;
  std::vector<Component> writers_;
  std::vector<Reader> readers_;
  std::vector<WriterGroup> writer_groups_;
  std::vector<ReaderGroup> reader_groups_;
  std::vector<int64_t> first_edge_;  // per reader, and the number of columns
};

/// One occurrence of a component, for graph algorithms and drawing.
struct Vertex {
  Component component;
  int64_t position = -1;
};
using Digraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Vertex,
                                      boost::property<boost::edge_index_t, int64_t>>;

}  // namespace assay::circuits
