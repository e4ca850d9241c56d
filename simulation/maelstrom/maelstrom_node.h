// MaelstromNode: one Muster replica as Maelstrom's protocol sees it. Lines and time in, lines out.
//
// Shape    the pieces of node::Replica, gossip::Peer over crdt::Repository over a node::Store, with
//          Maelstrom's workloads (service.h) in the place of Slack, and its messages (streams.h) in
//          the place of TCP. A step is one transaction: what it answers and gossips is committed.
//          Links are encrypted as ever. Their keys come from the names of the nodes, which
//          everybody knows: it hides nothing, and Muster needs no way of running without.
// Errors   a line that cannot be read is a notice; a bad request is refused with Maelstrom's codes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crdt/instant.h"
#include "crdt/repository.h"
#include "crdt/rng.h"
#include "gossip/peer.h"
#include "node/store.h"
#include "simulation/maelstrom/envelope.h"
#include "simulation/maelstrom/service.h"
#include "simulation/maelstrom/streams.h"

namespace simulation::maelstrom {

class MaelstromNode {
 public:
  // Maelstrom starts its nodes side by side, and stops listening to one that speaks to another
  // before that exists.
  static constexpr std::chrono::milliseconds kDialAfter{1'000};

  // init_ok waits until every node is linked, so that the first write is pushed like all others. If
  // that takes longer they are partitioned, and Maelstrom gives up after 10 s.
  static constexpr std::chrono::milliseconds kInitMax{5'000};

  // `workload` as Service has it.
  MaelstromNode(node::Store& store, const crdt::Rng::Seed& seed, std::string workload = {})
      : store_(store), rng_(seed), workload_(std::move(workload)) {}

  MaelstromNode(const MaelstromNode&) = delete;
  MaelstromNode& operator=(const MaelstromNode&) = delete;

  // What these lines and the time cause, to be written out in this order.
  [[nodiscard]] std::vector<std::string> step(crdt::Instant now,
                                              std::span<const std::string> lines);

  // When step() should be called, lines or not.
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const;

  // For people.
  [[nodiscard]] std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }

 private:
  // From init on.
  struct Running {
    Running(crdt::Repository& repository, crdt::ReplicaId self, const gossip::Config& config,
            const std::string& name, const crdt::Rng::Seed& seed, std::uint64_t first_stream,
            const std::string& workload)
        : service(repository, self, workload),
          peer(config, name, seed, self, repository),
          streams(name, first_stream) {}

    Service service;
    gossip::Peer peer;
    Streams streams;
  };
  struct Held {
    Envelope request;
    crdt::Instant until;
  };

  void take_line(crdt::Instant now, const std::string& line);
  void start(crdt::Instant now, const Envelope& init);
  void answer(const Envelope& request);
  void answer_init(crdt::Instant now);
  void tell_peer(crdt::Instant now, const std::vector<StreamEvent>& events);
  void gossip(crdt::Instant now);

  node::Store& store_;
  crdt::Rng rng_;
  std::string workload_;
  crdt::Repository repository_;
  std::optional<Running> running_;
  std::optional<crdt::Instant> dial_at_;
  std::optional<Held> init_;  // Not answered yet.
  std::vector<Envelope> out_;
  std::vector<std::string> notices_;
};

}  // namespace simulation::maelstrom
