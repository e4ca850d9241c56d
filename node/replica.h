// Replica: the whole node without its I/O. Documents, gossip and Slack composed into one state
// machine: the same inputs give the same outputs, to the byte.
//
// Shape    step(now, transaction, event) -> Effects. Its memory is a cache of the store or dies
//          with a link; whoever drops it loses nothing but links and unanswered requests.
// Errors   bad input is answered, refused or costs a peer its link, with a Notice; it never throws.
// Thread   one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crdt/instant.h"
#include "crdt/rng.h"
#include "crdt/transaction.h"
#include "gossip/config.h"
#include "node/admin_token.h"
#include "node/effects.h"
#include "node/event.h"

namespace node {

// For how long records are kept: node/replica_retention.h.
struct RetentionConfig {
  std::chrono::seconds keep{std::chrono::hours(24) * 365};
  // Between two moves of the horizon: each is a change, and a walk on every peer.
  std::chrono::seconds step{std::chrono::hours(24)};
  // How often it is looked whether every peer is there and holds what the others do.
  std::chrono::seconds look_every{60};
};

struct ReplicaConfig {
  std::string name;   // This node's name, as operators call it.
  char letter = 'a';  // Shown in task numbers minted during a split; unique in the cluster.
  std::string signing_secret;            // Slack's.
  bool draining = false;                 // As after the event Draining.
  std::vector<AdminToken> admin_tokens;  // Whoever shows none of these is told nothing.
  bool debug_notices = false;  // Whether Notices of Level::kDebug are wanted: one for each change.
  gossip::Config gossip;
  // How long a reply waits for every live peer to hold the change durably, so that the next request
  // finds it on any peer. 25 ms is below what a person notices; 0 replies at once.
  std::chrono::milliseconds reply_hold_max{25};
  RetentionConfig retention;
};

class Replica {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Reads what it needs from the store and opens a new run in it (kReadWrite only).
  Replica(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const crdt::Now& now,
          crdt::Transaction& txn, Mode mode);
  ~Replica();

  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  [[nodiscard]] Effects step(const crdt::Now& now, crdt::Transaction& txn, const Event& event);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace node
