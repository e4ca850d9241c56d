// LinkId: one TCP connection between two peers; never reused while the process lives.
#pragma once

#include <compare>
#include <cstdint>

namespace gossip {

struct LinkId {
  std::uint64_t value = 0;

  auto operator<=>(const LinkId&) const = default;
};

}  // namespace gossip
