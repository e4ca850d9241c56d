// HostPort: "host:port" as operators write it; "[::1]:7100" for IPv6 addresses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/result.h"

namespace node {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};

[[nodiscard]] crdt::Result<HostPort> parse_host_port(std::string_view text);

// The inverse.
[[nodiscard]] std::string to_string(const HostPort& address);

}  // namespace node
