// Loopback ports for processes that are about to start.
//
// Shape    the kernel picks them; they are free when returned, not reserved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crdt/result.h"

namespace node::cli {

// Different from one another.
[[nodiscard]] crdt::Result<std::vector<std::uint16_t>> free_loopback_ports(std::size_t count);

[[nodiscard]] bool is_free_on_loopback(std::uint16_t port);

// "127.0.0.1:port"
[[nodiscard]] std::string loopback_address(std::uint16_t port);

}  // namespace node::cli
