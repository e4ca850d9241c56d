#include "crdt/unite.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include "crdt/check.h"

namespace crdt {
namespace {

bool by_dot(const Leaf& a, const Leaf& b) { return a.dot < b.dot; }

// Those of `some` that `others` does not hold just so. Both in the order of dots.
std::vector<Leaf> only_in(const std::vector<Leaf>& some, const std::vector<Leaf>& others) {
  std::vector<Leaf> only;
  for (const Leaf& leaf : some) {
    const auto other = std::lower_bound(others.begin(), others.end(), leaf, by_dot);
    if (other == others.end() || !(*other == leaf)) only.push_back(leaf);
  }
  return only;
}

}  // namespace

std::optional<Delta> unite(const Document& a, const Document& b, ReplicaId self) {
  CHECK(a.context() == b.context());
  const std::vector<Leaf> of_a = a.leaves();
  const std::vector<Leaf> of_b = b.leaves();
  std::vector<Leaf> differing = only_in(of_a, of_b);
  const std::vector<Leaf> others = only_in(of_b, of_a);
  differing.insert(differing.end(), others.begin(), others.end());
  if (differing.empty()) return std::nullopt;

  Delta delta{a.context(), {}, {}, {}};
  std::uint64_t minted = a.context().of(self);
  std::set<std::tuple<std::string, Rank, Stamp, Bytes>> seen;
  for (Leaf& leaf : differing) {
    delta.killed.push_back(leaf.dot);
    if (!seen.emplace(leaf.path, leaf.rank, leaf.stamp, leaf.value).second) continue;
    leaf.dot = Dot{self, ++minted};
    delta.written.push_back(std::move(leaf));
  }
  std::sort(delta.killed.begin(), delta.killed.end());
  delta.killed.erase(std::unique(delta.killed.begin(), delta.killed.end()), delta.killed.end());
  delta.advance.advance(self, minted);
  return delta;
}

}  // namespace crdt
