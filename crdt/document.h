// Document: an observed-remove map of field paths to leaves that share one causal context.
//
// Shape    path -> live leaves (siblings where writers were concurrent), and one version vector.
//          A dot under the vector that is not live is dead: there are no tombstones.
// Laws     equal vectors mean equal states. apply and merge commute, associate and are idempotent.
//          Siblings of a path are bounded by its concurrent writers.
// Errors   none here: gaps and refusals are answers, not errors. Untrusted bytes are judged in
//          crdt/codec.h before they become a Delta or a Fragment.
// Source   Almeida, Shoker, Baquero (2018); Rinberg et al., "DSON", VLDB 2022.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/delta.h"
#include "crdt/leaf.h"
#include "crdt/version_vector.h"

namespace crdt {

enum class Applied {
  kApplied,    // The state and the vector moved.
  kDuplicate,  // Everything in it was covered: nothing changed.
  kGap,        // Something before it is missing: nothing changed; ask for a fragment.
};

class Document {
 public:
  // Siblings of one path, in the order of their dots. Never empty inside leaves().
  using Siblings = std::vector<Leaf>;
  using Leaves = std::map<std::string, Siblings, std::less<>>;

  Document() = default;

  // A document as it was stored. REQUIRES every leaf's dot to be covered by `context`, and no dot
  // twice.
  Document(VersionVector context, std::vector<Leaf> leaves);

  // A copy has an index of its own: the index points into leaves_.
  Document(const Document& other);
  Document& operator=(const Document& other);
  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;
  ~Document() = default;

  [[nodiscard]] const VersionVector& context() const { return context_; }
  [[nodiscard]] const Leaves& leaves() const { return leaves_; }

  // Live leaves of `path`; empty where there are none.
  [[nodiscard]] const Siblings& at(std::string_view path) const;

  // The live leaf of greatest (rank, value, dot), or nullptr. Every peer with this state agrees.
  [[nodiscard]] const Leaf* winner(std::string_view path) const;

  // How many live leaves there are.
  [[nodiscard]] std::size_t leaf_count() const { return by_dot_.size(); }

  // The live leaves of one group (crdt/leaf.h), in the order of their paths and dots.
  [[nodiscard]] std::vector<Leaf> group(std::string_view name) const;

  // True if nothing is missing between this state and `delta`.
  [[nodiscard]] bool follows(const Delta& delta) const;

  [[nodiscard]] bool empty() const { return context_.empty(); }

  // Takes a delta of any origin. Nothing changes unless the answer is kApplied. Where this document
  // already covers a part of the interval, a covered leaf that is not live here stays dead, and a
  // live one that the interval does not list dies. Costs O(delta * log leaves), never O(leaves).
  Applied apply(const Delta& delta);

  // What brings a document with context `asker` up to this one; both lists in the order of dots.
  [[nodiscard]] Fragment fragment(const VersionVector& asker) const;

  // The interval that a whole fragment brings, to be applied, stored and forwarded; empty `advance`
  // where it brings nothing. A vector that grows is a change even where no leaf does. nullopt where
  // this document does not cover `asker`: the fragment is to be dropped and asked for anew.
  [[nodiscard]] std::optional<Delta> brought_by(const Fragment& fragment) const;

  // Applies what the fragment brings and returns it.
  std::optional<Delta> merge(const Fragment& fragment);

  // The groups (crdt/leaf.h) whose stored form `delta` will change. Call it before apply: killed
  // dots are looked up in this state.
  [[nodiscard]] std::set<std::string, std::less<>> groups_touched(const Delta& delta) const;

  bool operator==(const Document& other) const {
    return context_ == other.context_ && leaves_ == other.leaves_;
  }

 private:
  using Index = std::map<Dot, Leaves::iterator>;

  void insert(Leaf leaf);
  Index::iterator erase(Index::iterator entry);  // Returns the entry after it.
  [[nodiscard]] const Leaf& leaf_at(Index::const_iterator entry) const;

  // Calls `visit(entry)` for each live dot that `delta` kills, by name or by not listing it;
  // `visit` returns the entry to go on from.
  template <class Entry, class Map, class Visit>
  static void for_each_killed(Map& index, const Delta& delta, Visit visit);

  Leaves leaves_;
  Index by_dot_;  // Every live leaf, exactly once.
  VersionVector context_;
};

}  // namespace crdt
