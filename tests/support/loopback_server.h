// LoopbackServer: a TCP server on its own thread that does what a test says.
//
// Shape    one connection after the other: `serve` gets each accepted socket and its number from 1,
//          and the socket is closed when it returns.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace tests {

class LoopbackServer {
 public:
  explicit LoopbackServer(std::function<void(int socket, int number)> serve);
  ~LoopbackServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void run();

  std::function<void(int, int)> serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> current_{-1};
  std::thread thread_;
};

// A connected socket, or -1 if the connection was refused.
[[nodiscard]] int connect_loopback(std::uint16_t port);

void write_all(int socket, std::string_view bytes);

// What comes until `size` octets are there, or the end. "RST" replaces all of it on a reset.
[[nodiscard]] std::string read_some(int socket, std::size_t size);

// What comes until `end` is there.
[[nodiscard]] std::string read_until(int socket, std::string_view end);

}  // namespace tests
