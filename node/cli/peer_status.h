// PeerStatus: what a peer's GET /status says, as far as clients care.
//
// Errors   an answer that lacks a field is an Error; unknown fields are ignored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace node::cli {

struct LinkStatus {
  std::string name;
  std::string state;  // "linked", "dialling" or "down"
  std::uint64_t lag = 0;
};

struct PeerStatus {
  std::string name;
  std::uint64_t log_head = 0;
  std::uint64_t documents = 0;
  std::uint64_t records = 0;
  std::uint64_t conflicts = 0;  // 0 as well where the peer did not count them.
  std::string state_hash;       // Equal on two peers exactly when they hold the same.
  bool read_only = false;
  std::vector<LinkStatus> peers;
};

[[nodiscard]] crdt::Result<PeerStatus> parse_peer_status(std::string_view body);

}  // namespace node::cli
