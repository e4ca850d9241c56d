// Deadlines that may be there or not: which of them comes first.
#pragma once

#include <optional>

#include "crdt/instant.h"

namespace gossip {

inline void keep_earliest(std::optional<crdt::Instant>& earliest,
                          const std::optional<crdt::Instant>& candidate) {
  if (candidate && (!earliest || *candidate < *earliest)) earliest = candidate;
}

}  // namespace gossip
