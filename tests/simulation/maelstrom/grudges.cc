#include "tests/simulation/maelstrom/grudges.h"

#include <numeric>

namespace tests::maelstrom {
namespace {

// The first `count` of `order` against the rest.
Grudge split(const std::vector<std::size_t>& order, std::size_t count) {
  Grudge grudge(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      if ((i < count) != (j < count)) grudge[order[i]].insert(order[j]);
    }
  }
  return grudge;
}

// Each node hears a majority around it in a ring, and no two hear the same one.
Grudge majorities_ring(const std::vector<std::size_t>& order) {
  const std::size_t nodes = order.size();
  const std::size_t majority = nodes / 2 + 1;
  Grudge grudge(nodes);
  for (std::size_t first = 0; first < nodes; ++first) {
    std::set<std::size_t>& drops = grudge[order[(first + majority / 2) % nodes]];
    for (std::size_t i = majority; i < nodes; ++i) drops.insert(order[(first + i) % nodes]);
  }
  return grudge;
}

}  // namespace

Grudge draw_grudge(Shape shape, std::size_t nodes, simulation::Dice& dice) {
  std::vector<std::size_t> order(nodes);
  std::iota(order.begin(), order.end(), 0);
  dice.shuffle(order);
  switch (shape) {
    case Shape::kOne:
      return split(order, 1);
    case Shape::kMajority:
      return split(order, nodes / 2);
    case Shape::kMinorityThird:
      return split(order, (nodes - 1) / 3);
    case Shape::kMajoritiesRing:
      return majorities_ring(order);
  }
  return Grudge(nodes);
}

}  // namespace tests::maelstrom
