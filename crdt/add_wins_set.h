// AddWinsSet: a set in which an add beside a concurrent remove stays.
//
// Shape    element -> path "<prefix>/<escaped element>" (crdt/path.h); present while a leaf is
//          live. An element may carry bytes of its own: they read as a register.
// Size     prefix and escaped element together stay within kPathBytesMax.
// Laws     a remove takes away only the adds that it saw: tests/crdt/schedule_law_test.cc.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/path.h"

namespace crdt {

class AddWinsSet {
 public:
  explicit AddWinsSet(std::string prefix) : prefix_(std::move(prefix)) {}

  [[nodiscard]] bool contains(const Document& document, BytesView element) const {
    return !document.at(path(element)).empty();
  }

  // In the order of their paths.
  [[nodiscard]] std::vector<Bytes> elements(const Document& document) const;

  // Adds anew even where the element is present: a concurrent remove then does not take it.
  void add(Edit& edit, BytesView element, Bytes value = {}) const {
    edit.write(path(element), std::move(value));
  }
  void remove(Edit& edit, BytesView element) const { edit.remove(path(element)); }

  [[nodiscard]] std::string path(BytesView element) const { return child_path(prefix_, element); }

 private:
  std::string prefix_;
};

}  // namespace crdt
