// Counter: a sum that many peers raise and lower at once.
//
// Shape    one leaf per (path, replica id), at "<prefix>/<16 hex digits of the id>": what that id
//          has added and what it has taken, both since its first write. Only the id itself replaces
//          it. There is no reset, no remove and no rewrite on purpose: a reset beside +1 gives back
//          what it reset, a leaf rewritten beside +1 counts twice. What is purged has no counter:
//          count its records instead.
// Units    sums stop at 2^64 - 1 and totals at the ends of int64, rather than wrap.
// Laws     total = every add once, in any order: tests/crdt/schedule_law_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "crdt/document.h"
#include "crdt/edit.h"

namespace crdt {

class Counter {
 public:
  explicit Counter(std::string prefix) : prefix_(std::move(prefix)) {}

  [[nodiscard]] std::int64_t total(const Document& document) const;

  // Adds to what the Edit's own id has; several adds in one Edit add up.
  void add(Edit& edit, std::int64_t amount) const;

  [[nodiscard]] std::string path(ReplicaId replica) const;

 private:
  std::string prefix_;
};

}  // namespace crdt
