#include "node/host_port.h"

#include <charconv>

namespace node {

crdt::Result<HostPort> parse_host_port(std::string_view text) {
  const crdt::Error wrong("\"" + std::string(text) + "\" is not host:port, as in 127.0.0.1:7100");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;  // IPv6 without brackets: where does the port begin?
  }
  HostPort parsed{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
  if (host.empty() || host.find_first_of(" \t\r\n/") != std::string_view::npos ||
      error != std::errc() || end != port.data() + port.size()) {
    return wrong;
  }
  return parsed;
}

std::string to_string(const HostPort& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace node
