// Document: an observed-remove map of field paths to leaves that share one causal context.
//
// Shape    live leaves by path (siblings where writers were concurrent), kept in the groups that
//          are stored together (crdt/leaf.h), marks of handled requests apart and packed
//          (crdt/handled_mark.h); and one version vector. A dot under the vector that is not live
//          is dead: there are no tombstones.
// Laws     equal vectors mean equal states. apply and merge commute, associate and are idempotent.
//          Siblings of a path are bounded by its concurrent writers.
// Errors   none here: gaps and refusals are answers, not errors. Untrusted bytes are judged in
//          crdt/codec.h before they become a Delta or a Fragment.
// Source   Almeida, Shoker, Baquero (2018); Rinberg et al., "DSON", VLDB 2022.
#pragma once

#include <boost/container/flat_set.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/delta.h"
#include "crdt/dot_index.h"
#include "crdt/handled_mark.h"
#include "crdt/leaf.h"
#include "crdt/version_vector.h"

namespace crdt {

// Whose stored form a change has altered; both in order, each once.
struct Touched {
  std::vector<std::string> groups;
  std::vector<Dot> marks;  // Packed ones, which are stored each by itself.
};

enum class Applied {
  kApplied,    // The state and the vector moved.
  kDuplicate,  // Everything in it was covered: nothing changed.
  kGap,        // Something before it is missing: nothing changed; ask for a fragment.
};

class Document {
 public:
  // Live leaves of one path, in the order of their dots. Valid until the document changes.
  using Siblings = std::span<const Leaf>;
  // Leaves of one group in the order of (path, dot). Never empty inside groups().
  using Group = std::vector<Leaf>;
  using Groups = std::map<std::string, Group, std::less<>>;
  using Marks = boost::container::flat_set<HandledMark, MarkOrder>;

  Document() = default;

  // A document as it was stored. REQUIRES every dot to be covered by `context`, and none twice.
  Document(VersionVector context, std::vector<Leaf> leaves,
           const std::vector<HandledMark>& marks = {});

  // A copy has an index of its own: the index points into groups_.
  Document(const Document& other);
  Document& operator=(const Document& other);
  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;
  ~Document() = default;

  [[nodiscard]] const VersionVector& context() const { return context_; }

  // Every live leaf is in exactly one of these two.
  [[nodiscard]] const Groups& groups() const { return groups_; }
  [[nodiscard]] const Marks& marks() const { return marks_; }

  // Live leaves of `path`; empty where there are none. A packed mark is not among them.
  [[nodiscard]] Siblings at(std::string_view path) const;

  // The packed mark of this dot, or nullptr. Valid until the document changes.
  [[nodiscard]] const HandledMark* mark(const Dot& dot) const;

  // The packed marks of `request`. Valid until the document changes.
  [[nodiscard]] std::span<const HandledMark> marks_of(const RequestId& request) const;

  // The first packed mark at or behind `request` in their order.
  [[nodiscard]] Marks::const_iterator marks_from(const RequestId& request) const;

  // Every core leaf (crdt/core_leaf.h), in no order: what finds one of many entities reads these
  // alone. Valid until the document changes.
  struct Core {
    Dot dot;
    Groups::const_iterator group;
    Bytes value;
  };
  [[nodiscard]] std::span<const Core> cores() const { return cores_; }

  // The leaf of at(path) of greatest (rank, value, dot), or nullptr. Every peer with this state
  // agrees.
  [[nodiscard]] const Leaf* winner(std::string_view path) const;

  // The sum, modulo 2^64, of the hashes of all live leaves: with the vector, what the state is.
  [[nodiscard]] std::uint64_t leaf_sum() const { return leaf_sum_; }

  // How many live leaves there are.
  [[nodiscard]] std::size_t leaf_count() const { return leaf_index_.size() + mark_index_.size(); }

  // Every live leaf, marks included, in the order of dots.
  [[nodiscard]] std::vector<Leaf> leaves() const;

  // The live leaves of one group (crdt/leaf.h), marks included, in the order of their paths and
  // dots.
  [[nodiscard]] std::vector<Leaf> group(std::string_view name) const;

  // True if nothing is missing between this state and `delta`.
  [[nodiscard]] bool follows(const Delta& delta) const;

  [[nodiscard]] bool empty() const { return context_.empty(); }

  // Takes a delta of any origin. Nothing changes unless the answer is kApplied. Where this document
  // already covers a part of the interval, a covered leaf that is not live here stays dead, and a
  // live one that the interval does not list dies. Costs O(delta * log leaves) and a walk over each
  // group that it touches.
  Applied apply(const Delta& delta, Touched* touched = nullptr);

  // What brings a document with context `asker` up to this one; both lists in the order of dots.
  [[nodiscard]] Fragment fragment(const VersionVector& asker) const;

  // The interval that a whole fragment brings, to be applied, stored and forwarded; empty `advance`
  // where it brings nothing. A vector that grows is a change even where no leaf does. nullopt where
  // this document does not cover `asker`: the fragment is to be dropped and asked for anew.
  [[nodiscard]] std::optional<Delta> brought_by(const Fragment& fragment) const;

  // Applies what the fragment brings and returns it.
  std::optional<Delta> merge(const Fragment& fragment);

  bool operator==(const Document& other) const {
    return context_ == other.context_ && groups_ == other.groups_ && marks_ == other.marks_;
  }

 private:
  void index();
  // Both add what they change to `touched`.
  void insert(std::vector<Leaf> leaves, Touched& touched);
  void kill(const std::vector<Dot>& dots, Touched& touched);
  void insert(const HandledMark& mark);
  void insert(Leaf leaf, Groups::iterator group);
  void kill_marks(const std::vector<Dot>& dots);
  // Whether a core leaf was among them.
  bool kill_leaves(Groups::iterator group, const std::vector<Dot>& dots);

  // The dots of all live leaves, in order.
  [[nodiscard]] std::vector<Dot> dots() const;
  [[nodiscard]] bool is_live(const Dot& dot) const;
  // REQUIRES it to be live.
  [[nodiscard]] Leaf leaf_at(const Dot& dot) const;

  // The live dots that `delta` kills, by name or by not listing them, in order.
  [[nodiscard]] std::vector<Dot> killed_by(const Delta& delta) const;

  Groups groups_;
  Marks marks_;
  std::vector<Core> cores_;
  // Every live leaf is in exactly one of these: in the group that the one names, or among the marks
  // whose request's id begins as the other says.
  DotIndex<Groups::iterator> leaf_index_;
  DotIndex<std::uint64_t> mark_index_;
  VersionVector context_;
  std::uint64_t leaf_sum_ = 0;
};

}  // namespace crdt
