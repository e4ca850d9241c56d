// Duty: who of the members does what must be done once: rendezvous hashing.
//
// Shape    every member computes it for itself. Views that differ name two owners, or none, for as
//          long as they do: what is done on duty must bear that.
// Laws     in one view each key has one owner. A member that comes takes keys only for itself; one
//          that goes leaves the keys of others where they are.
// Source   Thaler, Ravishankar 1998: highest random weight.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gossip/member.h"

namespace gossip {

// Of `members`, the owner of `key`; nothing where there are none. Their order does not matter.
[[nodiscard]] std::optional<MemberId> owner_of(std::string_view key,
                                               const std::vector<MemberId>& members);

}  // namespace gossip
