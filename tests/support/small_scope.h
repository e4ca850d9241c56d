// SmallScope: every run of 3 replicas with 2 operations each, up to a bound on fragments in flight.
//
// Shape    a state is three documents, the deltas that exist, and the fragments under way (at most
//          one per ordered pair). From each state every operation, every delivery of every delta
//          and every answer or arrival of a fragment is tried. A delta may be delivered any number
//          of times, or never: what changes nothing is checked on the spot and makes no new state,
//          so two deliveries and a hundred are one search. States that differ only in which replica
//          is which are one state.
// Size     states_max per search.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/crdt_subjects.h"

namespace tests {

struct Scope {
  int operations_each = 2;
  bool in_turn = false;  // Every replica's first operation is of kind 0, its second of kind 1.
  int flights = 1;  // Fragments under way at once, in the whole cluster; 6 is every ordered pair.
  std::uint64_t states_max = 1;
};

struct Searched {
  std::uint64_t states = 0;
  bool complete = false;  // False: states_max was reached, the rest of the space was cut.
};

// Throws Broken with the path that leads to a broken law.
[[nodiscard]] Searched search(const Subject& subject, const Scope& scope);

}  // namespace tests
