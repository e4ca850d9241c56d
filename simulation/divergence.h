// Divergence: the first moment at which a run's stores parted, as far as it can be told.
//
// Shape    the first of these that a run has:
//          1. of the fields on which two stores differ at the end, the one that has differed
//             longest without a break;
//          2. the first value that is gone from a store with nothing in its place;
//          3. the first value that a node held before it stopped, and not when it came back;
//          4. the field on which two stores were apart longest before they met.
//          Marks of handled requests count only in 1, where nothing else differs.
#pragma once

#include <optional>
#include <string>

#include "simulation/diagram.h"

namespace simulation {

struct Divergence {
  Time at{};
  std::string why;
  std::string field;
  std::string left;  // Who holds it, or when: "node a".
  std::string left_value;
  std::string right;
  std::string right_value;
};

[[nodiscard]] std::optional<Divergence> first_divergence(const Diagram& diagram);

}  // namespace simulation
