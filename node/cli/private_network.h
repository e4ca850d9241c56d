// A loopback of one's own: a network namespace in which only this process and its children talk, so
// that what its counters say is theirs alone.
//
// Errors   where the kernel does not let this user make one, the reason; all stays as it was.
// Thread   the namespace is the calling thread's, and of what it starts from then on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "crdt/result.h"

namespace node::cli {

// REQUIRES that no other thread was started.
[[nodiscard]] crdt::Result<void> enter_private_network();

// What left through the loopback since it is up, headers of IP and TCP included.
struct LoopbackCount {
  std::uint64_t octets = 0;
  std::uint64_t packets = 0;
};

// Out of the text of /proc/net/dev.
[[nodiscard]] std::optional<LoopbackCount> loopback_count_in(std::string_view proc_net_dev);
[[nodiscard]] std::optional<LoopbackCount> loopback_count();  // Of the calling thread's network.

}  // namespace node::cli
