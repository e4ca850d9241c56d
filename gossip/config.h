// Config: what a peer must know to gossip. Each setting carries its purpose, unit and bound.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/record.h"
#include "gossip/noise_keys.h"
#include "gossip/signing_keys.h"

namespace gossip {

struct PeerConfig {
  std::string name;
  std::string address;   // "host:port" to dial.
  PublicKey public_key;  // Its identity. A link that proves another key is closed.
};

struct Config {
  std::string cluster;   // Bound into the handshake: peers of two clusters never link.
  PrivateKey identity;   // This node's static key.
  std::string software;  // What this node runs: told to peers, for operators to compare.
  // Peers that are known from the start; kPeersMax at most. What the roster says of one counts
  // instead, and whom it removed stays out.
  std::vector<PeerConfig> peers;

  // Who may let nodes in and remove them while the cluster runs (gossip/roster.h). None: the peers
  // above are all there are.
  std::set<VerifyKey> operators;

  // The roster entries that this node was set up with, its own among them.
  std::vector<crdt::Record> roster;

  // Of the tasks that this node makes, for peers to compare. Where the roster has one, that counts.
  char letter = 0;

  // For how many days this node would keep records, for peers to compare; 0: it does not say.
  std::uint16_t keep_days = 0;

  // Where peers dial this node. It signs a roster entry of its own when that changes; empty leaves
  // the roster as it is.
  std::string address;

  // What joining links and seals derive from; every member has it. Without it this node lets nobody
  // in.
  std::optional<PreSharedKey> cluster_secret;

  // What else a joiner gets over its link, once it is a member. Opaque here.
  crdt::Bytes member_secrets;

  // How often this node was started, this time included, as its store has counted: of two starts
  // the later one says more about whether it is alive.
  std::uint64_t starts = 1;

  // A lost link is dialled again after this, doubling up to redial_max. Seconds, so that a peer
  // that is back is found before a person wonders.
  std::chrono::milliseconds redial_min{100};
  std::chrono::milliseconds redial_max{2000};

  // Changes that came from other peers are offered (names only) after this: many share an offer,
  // and a peer that got them first-hand is not told twice. Whoever loses its link to where they
  // came from is offered them at once, and most of many links later (Peer::kOffersAtOnce). Must be
  // far above a link's latency.
  std::chrono::milliseconds offer_after{2000};

  // Rows of the log in one offer: a few tens of KB. At least 1; simulated clusters take fewer, so
  // that a scan of a short log takes several offers.
  std::size_t offer_rows_max = 512;

  // What nobody waits for, acknowledgements of pushes and news of links, may wait this long for a
  // frame that goes to the same peer anyway: where frames are dear, not octets. Replies that wait
  // for acknowledgements (node::ReplicaConfig) wait with them, so 0 where people are served. Below
  // ping_after, or pings go out meanwhile.
  std::chrono::milliseconds linger{0};

  // A push that came before what it builds on waits this long for it; then a scan fetches both.
  // Above a link's latency, at its slowest.
  std::chrono::milliseconds park_for{100};

  // A link that was silent for this long after something was asked gets a ping; after twice as
  // long it is closed. Links that nothing is asked of stay silent.
  std::chrono::milliseconds ping_after{2000};

  // Everything that is stored is read again, to find what a disk has changed: first so long after
  // the start, when there is time for it, and then this often.
  std::chrono::milliseconds walk_after{std::chrono::minutes(5)};
  std::chrono::milliseconds walk_every{std::chrono::hours(24)};

  // How often this peer compares all it holds with each linked one of a greater key
  // (gossip/comparer.h), which takes some twenty octets where nothing differs.
  std::chrono::milliseconds compare_every{std::chrono::hours(1)};

  // A peer may say that this process wrote what is not here: its memory was put back while it ran,
  // and it begins a new run. Each run adds an entry to the vectors of what it writes, so a younger
  // one does not believe it: a liar costs a run in that time.
  std::chrono::milliseconds run_min{std::chrono::minutes(1)};

  // How often this peer probes one of the others: what finds the dead (gossip/membership.h), and
  // nearly all that an idle peer says.
  std::chrono::milliseconds probe_every{800};

  static constexpr std::size_t kPeersMax = 128;  // Direct push to all of them.
};

}  // namespace gossip
