// RemoveWinsSet: a set in which a revocation beside a concurrent grant stands. For privileges.
//
// Shape    element -> path "<prefix>/<escaped element>" (crdt/path.h) whose live leaves are votes,
//          "in" or "out". A member has live votes, and all of them are "in". A revocation is a live
//          leaf, replaced only by a later grant that saw it. It is never purged, however many peers
//          have seen it: a purged one let revoked members come back.
// Size     one leaf per element that was ever granted or revoked, for ever.
// Laws     tests/crdt/schedule_law_test.cc.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/path.h"

namespace crdt {

class RemoveWinsSet {
 public:
  explicit RemoveWinsSet(std::string prefix) : prefix_(std::move(prefix)) {}

  [[nodiscard]] bool contains(const Document& document, BytesView element) const;

  // Members only, in the order of their paths.
  [[nodiscard]] std::vector<Bytes> elements(const Document& document) const;

  void grant(Edit& edit, BytesView element) const;
  void revoke(Edit& edit, BytesView element) const;

  [[nodiscard]] std::string path(BytesView element) const { return child_path(prefix_, element); }

 private:
  std::string prefix_;
};

}  // namespace crdt
