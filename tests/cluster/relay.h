// Relay: carries TCP between peers over lanes that delay, hold, reset and refuse as a test says.
//
// One listening port per lane. A lane leads from the peer that dials to the one that is dialled;
// each of its two directions has a Passage of its own, so it can be slow or silent one way only.
// Order within a connection stays, as TCP keeps it; lanes overtake one another.
//
// Shape    its own thread and io_context; every method returns once it has taken effect. What waits
//          when a passage opens or gets faster goes on at once.
// Size     kWaitingBytesMax per direction of a connection, then its writer is slowed.
// Source   node/cli/relay.h is the demo's: cuts only, and no delay by design.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "crdt/result.h"
#include "crdt/rng.h"

namespace tests {

struct Passage {
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds jitter{0};  // Up to so much on top, drawn for each read.
  int resets_per_mille = 0;  // Of all reads: TCP hides loss until it gives up, and then resets.
  bool held = false;         // Silence: nothing passes, nothing is refused, all comes afterwards.
};

struct LaneState {
  Passage forth;     // From the side that dialled.
  Passage back;      // To it.
  bool cut = false;  // Resets what it carries and every new connection, as a firewall would.
};

class Relay {
 public:
  static constexpr std::size_t kReadBytes = 16 << 10;  // Several frames, so that resets tear.
  static constexpr std::size_t kWaitingBytesMax = 256 << 10;  // About a socket's buffers on a WAN.

  explicit Relay(const crdt::Rng::Seed& seed);
  ~Relay();  // Closes everything.

  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Opens a lane to this loopback port; the answer is the port to connect to, which names the lane.
  [[nodiscard]] crdt::Result<std::uint16_t> open(std::uint16_t to_port);

  // New connections of the lane go to this port.
  void lead(std::uint16_t lane, std::uint16_t to_port);

  void set(std::uint16_t lane, const LaneState& state);

  // Resets that the passages drew, not those of cuts.
  [[nodiscard]] std::uint64_t resets_drawn() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tests
