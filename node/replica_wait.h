// Write concern: how many peers must hold a change durably before its answer leaves, and for how
// long that is waited for. The change itself is made either way.
//
// Shape    in an admin request's query: wait=local (this peer, the default), wait=N (N peers, this
//          one among them), wait=all (every peer there is); timeout=500ms or 2s. The answer then
//          says under "wait" who has it and who has not, as far as this peer has heard.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "crdt/result.h"
#include "gossip/peer.h"
#include "slack/form.h"

namespace node {

struct WriteConcern {
  static constexpr std::chrono::milliseconds kTimeout{2'000};  // Some redials of a lost link.
  // A load balancer, or whoever waits at a terminal, has given up by then.
  static constexpr std::chrono::milliseconds kTimeoutMax{60'000};

  std::string asked = "local";  // As it was asked for.
  std::size_t peers = 1;        // This one among them.
  std::chrono::milliseconds timeout = kTimeout;
};

// `cluster` counts all peers, this one among them: more can never hold a change.
[[nodiscard]] crdt::Result<WriteConcern> parse_write_concern(const slack::Form& query,
                                                             std::size_t cluster);

// The peers among `others`, and this one, that hold the change.
[[nodiscard]] std::size_t holders(const std::vector<gossip::Holder>& others);

// What stands under "wait" in the answer.
[[nodiscard]] nlohmann::json wait_report(const WriteConcern& concern, const std::string& self,
                                         const std::vector<gossip::Holder>& others);

}  // namespace node
