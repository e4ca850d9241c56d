#include "node/cli/loopback_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace node::cli {
namespace {

// A socket bound to the port (0: any) as a server would bind it, or -1.
int bind_loopback(std::uint16_t port, sockaddr_in& address) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const int on = 1;  // As servers do: without it a named port in TIME_WAIT would look taken.
  if (port != 0) ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket, raw, size) == 0 && ::getsockname(socket, raw, &size) == 0) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

}  // namespace

crdt::Result<std::vector<std::uint16_t>> free_loopback_ports(std::size_t count) {
  std::vector<std::uint16_t> ports;
  std::vector<int> sockets;  // All open until the end, so that no port comes twice.
  while (ports.size() < count) {
    sockaddr_in address;
    const int socket = bind_loopback(0, address);
    if (socket < 0) break;
    sockets.push_back(socket);
    ports.push_back(ntohs(address.sin_port));
  }
  const int error = errno;
  for (const int socket : sockets) ::close(socket);
  if (ports.size() == count) return ports;
  return crdt::Error("no loopback port is free: " + std::string(std::strerror(error)));
}

bool is_free_on_loopback(std::uint16_t port) {
  sockaddr_in address;
  const int socket = bind_loopback(port, address);
  if (socket < 0) return false;
  const bool free = ::listen(socket, 1) == 0;  // Two may bind with SO_REUSEADDR; one may listen.
  ::close(socket);
  return free;
}

std::string loopback_address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

}  // namespace node::cli
