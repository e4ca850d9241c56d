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

#include <absl/container/btree_map.h>
#include <boost/container/flat_set.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crdt/delta.h"
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

  // The packed marks of `request`.
  [[nodiscard]] std::vector<HandledMark> marks_of(const RequestId& request) const;

  // The leaf of at(path) of greatest (rank, value, dot), or nullptr. Every peer with this state
  // agrees.
  [[nodiscard]] const Leaf* winner(std::string_view path) const;

  // The sum, modulo 2^64, of the hashes of all live leaves: with the vector, what the state is.
  [[nodiscard]] std::uint64_t leaf_sum() const { return leaf_sum_; }

  // How many live leaves there are.
  [[nodiscard]] std::size_t leaf_count() const { return by_dot_.size(); }

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
  // Where a live leaf is: in a group, or among the marks of a request.
  using Place = std::variant<Groups::iterator, RequestId>;
  using Index = absl::btree_map<Dot, Place>;

  void index();
  // Both add what they change to `touched`.
  void insert(std::vector<Leaf> leaves, Touched& touched);
  void kill(const std::vector<Dot>& dots, Touched& touched);
  void insert(const HandledMark& mark);
  [[nodiscard]] Leaf leaf_at(const Index::value_type& entry) const;

  // The live dots that `delta` kills, by name or by not listing them, in order.
  [[nodiscard]] std::vector<Dot> killed_by(const Delta& delta) const;

  Groups groups_;
  Marks marks_;
  Index by_dot_;  // Every live leaf, exactly once.
  VersionVector context_;
  std::uint64_t leaf_sum_ = 0;
};

}  // namespace crdt
