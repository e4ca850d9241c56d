// Relay: carries TCP between the peers of a demo, and can stop carrying it.
//
// One listening port per lane. A lane leads from one peer to another, so a pair of peers is two
// lanes; to cut a lane resets its connections and every new one, as a firewall would.
//
// Shape    its own thread and io_context; every method returns once it has taken effect, so nothing
//          passes a lane after cut() has returned.
// Size     kBufferBytes per direction of a connection; a slow reader slows its writer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "crdt/result.h"

namespace node::cli {

class Relay {
 public:
  static constexpr std::size_t kBufferBytes = 64 << 10;  // A loopback socket's own is about this.

  Relay();
  ~Relay();  // Closes everything.

  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Opens a lane to this loopback port; the answer is the port to connect to, which names the lane.
  [[nodiscard]] crdt::Result<std::uint16_t> open(std::uint16_t to_port);

  // New connections of the lane go to this port.
  void lead(std::uint16_t lane, std::uint16_t to_port);

  void cut(std::uint16_t lane);
  void heal(std::uint16_t lane);

  [[nodiscard]] bool is_cut(std::uint16_t lane) const;

  // Connections that the lane carries now.
  [[nodiscard]] std::size_t connections(std::uint16_t lane) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace node::cli
