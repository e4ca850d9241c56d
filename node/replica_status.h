// Status: what is going on in one peer. Built in Replica, read by `muster status`, /metrics and the
// demo: one value, so that they never disagree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crdt/log_row.h"
#include "gossip/peer.h"

namespace node {

struct Status {
  std::string name;
  crdt::ReplicaId run;
  bool read_only = false;
  bool complete = false;           // Every configured peer is linked.
  std::uint64_t damage_found = 0;  // Stored values with a wrong checksum, each time one was read.
  std::uint64_t log_head = 0;
  crdt::StoreDigest digest;
  std::optional<std::uint64_t>
      conflicts;  // Tasks in conflict; absent where counting takes too long.
  std::vector<gossip::PeerStatus> peers;
  std::map<std::string, std::uint64_t> counters;  // Since the process began, by name.
};

[[nodiscard]] std::string to_json(const Status& status);

// The Prometheus text format, version 0.0.4. Every name begins with "muster_".
[[nodiscard]] std::string to_prometheus(const Status& status);

}  // namespace node
