// Status: what is going on in one peer. Built in Replica, read by `muster status`, /metrics and the
// demo: one value, so that they never disagree.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crdt/log_row.h"
#include "crdt/repository.h"
#include "gossip/peer.h"
#include "node/event.h"

namespace node {

// What a Replica counts since the process began.
struct Counters {
  std::uint64_t admin_refused = 0;  // Requests of operators without a token that is known.
  std::uint64_t changes = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t peer_warnings = 0;
  std::uint64_t replies_before_every_peer_had_the_change = 0;
  std::uint64_t slack_commands = 0;
  std::uint64_t slack_events = 0;
  std::uint64_t slack_forged = 0;  // Rejected: the signature was not made with our secret.
  std::uint64_t slack_rejected = 0;
  std::uint64_t slack_retries = 0;
  std::uint64_t slack_untimely = 0;  // Rejected: the stamp was minutes away from our clock.
  std::uint64_t timeline_events = 0;

  [[nodiscard]] std::map<std::string, std::uint64_t> by_name() const;
};

// What is kept and what is not: node/replica_retention.h.
struct RetentionStatus {
  std::chrono::seconds keep{0};
  crdt::WallTime before{};    // Records that were made earlier are forgotten; the epoch: none are.
  std::size_t documents = 0;  // Those of which somebody had records forgotten.
  std::optional<crdt::WallTime> oldest;  // Of the records here; absent before they were counted.
  std::vector<std::string> waits_for;    // Without these peers no record is forgotten that is due.
  bool waits_for_slack = false;          // Or it is not known, for want of requests, whether it is.
};

struct Status {
  std::string name;
  crdt::ReplicaId run;
  bool read_only = false;
  bool complete = false;              // Every configured peer is linked.
  std::string catching_up;            // Why it serves nothing yet; empty where it does.
  std::uint64_t rollbacks_found = 0;  // Peers that knew more of former runs than this store.
  crdt::Repository::DamageCounts damage;
  std::uint64_t unreadable = 0;  // Damaged documents that are not healed yet.
  char letter = 'a';             // Of the tasks that it makes.
  std::string member_state;      // As the roster has it; empty where this node is not in it.
  std::vector<std::string> roster_refused;  // The last entries and joiners that were, and why.
  std::uint64_t log_head = 0;
  crdt::StoreDigest digest;
  std::optional<std::uint64_t>
      conflicts;  // Tasks in conflict; absent where counting takes too long.
  std::vector<gossip::PeerStatus> peers;
  // Of Slack's clock; absent while no request came lately.
  std::optional<std::chrono::milliseconds> clock_ahead;
  std::string_view not_ready;  // What /readyz says, static; empty where this peer is ready.
  RetentionStatus retention;
  std::optional<SystemFacts> system;
  std::map<std::string, std::uint64_t> counters;  // By name.
};

[[nodiscard]] std::string to_json(const Status& status);

// The Prometheus text format, version 0.0.4. Every name begins with "muster_".
[[nodiscard]] std::string to_prometheus(const Status& status);

}  // namespace node
