#include "crdt/mv_register.h"

#include <algorithm>
#include <tuple>

namespace crdt {
namespace {

// The zero request is nobody's: machine writes that name no request are told apart by value.
bool one_value(const Leaf& a, const Leaf& b) {
  return a.value == b.value ||
         (a.stamp.request == b.stamp.request && a.stamp.request != RequestId{});
}

}  // namespace

std::vector<const Leaf*> MvRegister::values(const Document& document) const {
  std::vector<const Leaf*> ordered;
  for (const Leaf& leaf : document.at(path_)) ordered.push_back(&leaf);
  std::sort(ordered.begin(), ordered.end(), [](const Leaf* a, const Leaf* b) {
    return std::tie(a->rank, a->value, a->dot) > std::tie(b->rank, b->value, b->dot);
  });
  std::vector<const Leaf*> different;
  for (const Leaf* leaf : ordered) {
    const bool known = std::any_of(different.begin(), different.end(),
                                   [&](const Leaf* shown) { return one_value(*shown, *leaf); });
    if (!known) different.push_back(leaf);
  }
  return different;
}

}  // namespace crdt
