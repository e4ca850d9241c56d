// MvRegister: one field. Concurrent writers leave siblings; everybody sees the same one in front.
//
// Shape    the live leaves of one path. Leaves of one value, and leaves of one request (handled on
//          two peers), are one value: shown once, by the one of greatest rank.
// Laws     a read depends on the state alone; siblings are bounded by concurrent writers:
//          tests/crdt/schedule_law_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"

namespace crdt {

class MvRegister {
 public:
  explicit MvRegister(std::string path) : path_(std::move(path)) {}

  // What people are shown: the leaf of greatest (rank, value, dot), or nullptr.
  [[nodiscard]] const Leaf* winner(const Document& document) const {
    return document.winner(path_);
  }

  // One leaf per different value, greatest rank first; each names its author and request. The
  // pointers live until the document changes. A leaf is told apart from those in front of it only:
  // where request q left both v and w, a w that somebody else asked for is still shown beside v.
  [[nodiscard]] std::vector<const Leaf*> values(const Document& document) const;

  // Whether two people asked for different values without seeing each other.
  [[nodiscard]] bool is_conflict(const Document& document) const {
    return document.at(path_).size() > 1 && values(document).size() > 1;
  }

  void write(Edit& edit, Bytes value) const { edit.write(path_, std::move(value)); }
  void clear(Edit& edit) const { edit.remove(path_); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace crdt
