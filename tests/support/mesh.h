// Mesh: some gossip::Peers with stores of their own, joined by byte pipes in virtual time.
//
// Shape    every event of a node runs in one transaction that is committed before its output moves,
//          as the driver does. Pipes deliver in order, in pieces; a cut closes them.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/edit.h"
#include "crdt/repository.h"
#include "crdt/rng.h"
#include "gossip/peer.h"
#include "node/memory_store.h"
#include "tests/support/link_tap.h"

namespace test {

class Mesh {
 public:
  Mesh(std::size_t nodes, std::uint64_t seed);

  // `configure` may change what each node is started with; its address is its index.
  using Configure = std::function<void(std::size_t node, gossip::Config& config)>;
  Mesh(std::size_t nodes, std::uint64_t seed, const Configure& configure);

  // One more node, with no peers but those that `config` names. Returns its index.
  std::size_t add(gossip::Config config);

  // A joiner's whole conversation with the peer at `sponsor`. An Error where it was cut off.
  crdt::Result<gossip::JoinAnswer> join(std::size_t sponsor, const gossip::Token& token,
                                        const gossip::PrivateKey& identity,
                                        const gossip::JoinRequest& request);

  // An operator hands `node` an entry.
  crdt::Result<void> submit(std::size_t node, const crdt::Record& entry);

  std::size_t size() const { return nodes_.size(); }

  // One event at `node`: writes `value` to `path` of document `key`. Returns its log row.
  std::uint64_t write(std::size_t node, const std::string& key, const std::string& path,
                      const std::string& value);
  void remove(std::size_t node, const std::string& key, const std::string& path);
  // A record without a document change.
  void insert(std::size_t node, const crdt::Record& record) { insert(node, std::vector{record}); }
  void insert(std::size_t node, const std::vector<crdt::Record>& records);  // In one change.

  std::string read(std::size_t node, const std::string& key, const std::string& path);

  void cut(std::size_t a, std::size_t b);
  void heal();
  void heal(std::size_t a, std::size_t b);
  // The process dies and comes back with its store: memory, links and replica id are gone.
  void restart(std::size_t node);
  void restart(std::size_t node, const gossip::Config& config);
  [[nodiscard]] const gossip::Config& config(std::size_t node) const {
    return nodes_[node]->config;
  }

  // The store as it is now, and a restart from such a copy: a restored backup that nobody
  // announced.
  node::MemoryStore snapshot(std::size_t node) const { return nodes_[node]->store; }
  // Turns the last bit of a stored value, as a disk may.
  void flip(std::size_t node, const crdt::Bytes& row);
  // The same, and a restart: memory would know better.
  void damage(std::size_t node, const crdt::Bytes& row);
  void damage_any(std::size_t node);
  // Changes the store behind everybody's back, and restarts.
  void alter(std::size_t node, const std::function<void(crdt::Transaction&)>& body);
  void roll_back(std::size_t node, const node::MemoryStore& snapshot);
  // As when a machine's memory is put back while it runs: with the replica id that it had.
  void put_back(std::size_t node, const node::MemoryStore& snapshot);

  // Every frame of later links goes through here, decrypted: what it returns is passed on.
  using Tap = std::function<crdt::Bytes(std::size_t from, std::size_t to, crdt::BytesView frame)>;
  void tap(Tap tap) { tap_ = std::move(tap); }
  // Every change that a node makes itself.
  using Watch = std::function<void(std::size_t node, const crdt::Change& change)>;
  void watch(Watch watch) { watch_ = std::move(watch); }

  // Delivers one piece of bytes somewhere, or nothing. False when nothing is on its way.
  bool deliver_one();
  // Moves time to the next deadline of any node and wakes it.
  void pass_time();
  // Until nothing is on its way, all reachable nodes have told each other everything, and nothing
  // is known to be damaged, or `seconds` of virtual time went by. True if it became quiet.
  bool settle(int seconds = 60);
  void pass(std::chrono::seconds time);

  bool equal() const;                  // Every node's digest.
  bool sound(std::size_t node) const;  // Nothing is known to be damaged.
  const crdt::StoreDigest& digest(std::size_t node) const {
    return nodes_[node]->repository->digest();
  }
  const std::string& catching_up(std::size_t node) const {
    return nodes_[node]->repository->catching_up();
  }
  // As `muster restore` marks a copy, or as a wiped disk comes back.
  void mark_catching_up(std::size_t node);
  gossip::Peer& peer(std::size_t node) { return *nodes_[node]->peer; }
  const crdt::Repository& repository(std::size_t node) const { return *nodes_[node]->repository; }
  // The state of a document as it is stored.
  crdt::Document document(std::size_t node, const std::string& key);
  std::vector<gossip::PeerStatus> status(std::size_t node);
  const std::vector<std::string>& notices() const { return notices_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }
  crdt::Instant now() const { return now_; }

  // Raw bytes into `node`'s end of its link with `from`, as a liar would send them.
  crdt::Rng& rng() { return rng_; }

 private:
  struct Node {
    std::size_t index = 0;
    gossip::Config config;
    node::MemoryStore store;
    std::unique_ptr<crdt::Repository> repository;
    std::unique_ptr<gossip::Peer> peer;
    crdt::ReplicaId self;
  };
  struct Pipe {  // One direction of a link.
    std::size_t to = 0;
    gossip::LinkId link;  // At the receiver.
    std::deque<crdt::Bytes> bytes;
  };
  using End = std::pair<std::size_t, gossip::LinkId>;

  void start(Node& node);
  void begin(Node& node);
  std::uint64_t edit(std::size_t node, const std::string& key,
                     const std::function<void(crdt::Edit&)>& body, const std::string& told);
  template <class Body>
  void run(Node& node, Body body);
  void perform(Node& node, gossip::Output output);
  void dial(std::size_t from, const std::string& address);
  void close(const End& end);
  void put_tap(const End& dialler, const End& accepter);
  void carry(const End& from, crdt::Bytes bytes);

  crdt::Rng rng_;
  crdt::Instant now_{std::chrono::seconds(1000)};
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<End, End> ends_;  // Each end of a link to the other.
  std::map<End, std::deque<crdt::Bytes>> inbox_;
  Tap tap_;
  Watch watch_;
  // By each end, and whether that is the one that dialled.
  std::map<End, std::pair<bool, std::shared_ptr<LinkTap>>> taps_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::uint64_t next_link_ = 1;
  std::optional<gossip::LinkId> joining_;  // A link whose other end is no node,
  crdt::Bytes to_joiner_;                  // and what was sent there.
  std::uint64_t next_request_ = 1;
  std::uint64_t bytes_sent_ = 0;
  std::vector<std::string> notices_;
};

}  // namespace test
