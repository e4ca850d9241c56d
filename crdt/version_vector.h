// VersionVector: for each replica, how many of its dots are covered. A document's causal context.
//
// Shape    replica -> greatest counter, sorted, zero entries absent. Causally closed: an entry n
//          says that dots 1..n are all covered; there is no cloud of single dots beside it.
// Size     16 bytes an entry; a document gains one entry per process run that wrote to it.
// Laws     join is the least upper bound: tests/crdt/version_vector_test.cc.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "crdt/dot.h"

namespace crdt {

class VersionVector {
 public:
  using Entry = std::pair<ReplicaId, std::uint64_t>;

  VersionVector() = default;
  VersionVector(std::initializer_list<Entry> entries);

  // How many dots of `replica` are covered; 0 for an unknown one.
  [[nodiscard]] std::uint64_t of(ReplicaId replica) const;
  [[nodiscard]] bool covers(const Dot& dot) const { return dot.counter <= of(dot.replica); }
  [[nodiscard]] bool covers(const VersionVector& other) const;

  // Raises one entry to `counter`. REQUIRES counter >= of(replica): a vector never shrinks.
  void advance(ReplicaId replica, std::uint64_t counter);

  // Becomes the least upper bound of both. True if any entry rose.
  bool join(const VersionVector& other);

  // The entries in which `this` is ahead of `base`.
  [[nodiscard]] VersionVector ahead_of(const VersionVector& base) const;

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  bool operator==(const VersionVector&) const = default;

 private:
  std::vector<Entry> entries_;  // Sorted by replica, counters > 0.
};

}  // namespace crdt
