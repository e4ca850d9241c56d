// Grudges: whose messages each node drops, in the shapes of Jepsen's partition nemesis.
//
// Source   jepsen.nemesis: complete-grudge, bisect, split-one, majorities-ring-perfect, and
//          jepsen.nemesis.combined/grudge.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "simulation/dice.h"

namespace tests::maelstrom {

enum class Shape { kOne, kMajority, kMajoritiesRing, kMinorityThird };

using Grudge = std::vector<std::set<std::size_t>>;  // By receiver: the senders it drops.

[[nodiscard]] Grudge draw_grudge(Shape shape, std::size_t nodes, simulation::Dice& dice);

}  // namespace tests::maelstrom
