// Cluster: nodes as node/server runs them, each node::Driver with a disk, a clock and links of its
// own, in virtual time.
//
// Shape    what reaches a node while it commits waits for the next batch. Effects leave when the
//          commit is over, and only if the node is still up by then.
// Laws     no node is told that it is simulated: all it has is its Store, its Performer, the time
//          it is handed, and its seed.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "node/driver.h"
#include "simulation/coverage.h"
#include "simulation/memory_disk.h"
#include "simulation/network.h"
#include "simulation/node_clock.h"
#include "simulation/options.h"
#include "simulation/scheduler.h"
#include "simulation/trace.h"

namespace simulation {

// Slack's secret in every run.
inline constexpr const char* kSigningSecret = "secret";

// Opens every node's status to whoever checks it.
inline constexpr const char* kReaderToken = "checker.simulation";

// What nodes keep their state on.
struct Storage {
  // `copy`: of a node that is down, for readers, as what is opened over a disk may write to it.
  std::function<std::unique_ptr<Disk>(NodeIndex node, bool copy)> make_disk;
  // What a running node's process sees of its disk's store; the store itself where this is empty.
  std::function<std::unique_ptr<node::Store>(std::unique_ptr<node::Store> store, const Disk& disk)>
      watch;
};

// Disks in memory, with what `wrap` makes over them.
[[nodiscard]] Storage memory_storage(WrapStore wrap = {});

// How a process ends.
enum class Death {
  kProcess,  // Its host resets its connections.
  kHost,     // Nobody is told.
};

class Cluster final : private NetworkUser {
 public:
  // Absent: the connection broke, or was never made.
  using OnReply = std::function<void(const std::optional<node::HttpReply>&)>;

  Cluster(const Options& options, Scheduler& scheduler, Trace& trace, Coverage& coverage,
          Storage storage = memory_storage());
  ~Cluster() override;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] Disk& disk(NodeIndex node);
  [[nodiscard]] NodeClock& clock(NodeIndex node);
  // For reading between two batches, down or not. REQUIRES that the caller aborts. Throws where a
  // damaged store cannot even be opened.
  [[nodiscard]] node::Store& store(NodeIndex node);

  [[nodiscard]] bool running(NodeIndex node) const;
  [[nodiscard]] bool paused(NodeIndex node) const;
  // Grows with each loss of its store's contents: what was seen on a node in one incarnation can be
  // relied on in the same one.
  [[nodiscard]] std::uint64_t incarnation(NodeIndex node) const;

  // --- what others do ---
  void request(NodeIndex node, node::HttpRequest request, OnReply on_reply);

  // --- what happens to it ---
  void start(NodeIndex node);
  void crash(NodeIndex node, Death death);
  // Dies at the `count`th such moment of its work from now, and starts again `down` later.
  void crash_at(NodeIndex node, Disk::Moment moment, std::uint64_t count, Duration down);
  // Dies when its next commit is over, before anybody hears of it.
  void crash_before_effects(NodeIndex node, Duration down);
  void cancel_crash(NodeIndex node);
  void pause(NodeIndex node, Time until);
  void resume(NodeIndex node);
  void set_commit_mean(NodeIndex node, Duration mean);
  void retire(NodeIndex node);  // Dies, host and all, and never starts again.
  // The same at the `count`th operation of its store from now: in the middle of what it does.
  void retire_at(NodeIndex node, std::uint64_t count);
  void lose_contents(NodeIndex node, Disk::Contents contents);  // REQUIRES that it is down.
  void count_loss(NodeIndex node);  // What it promised is void: a new incarnation().
  // What tells this life of a running process from its others: which id its Replica drew. Nothing
  // where that drew another since.
  [[nodiscard]] std::optional<std::uint64_t> life(NodeIndex node) const;
  // The same process goes on, with the id that it drew in that life. REQUIRES that it is down.
  void start_again(NodeIndex node, std::uint64_t life);

  // The longest queue of events that any driver had.
  [[nodiscard]] std::size_t queue_max() const { return queue_max_; }
  // How many Replicas there have been: each draws an id.
  [[nodiscard]] std::uint64_t replicas() const;
  [[nodiscard]] std::uint64_t batches() const { return batches_; }
  // What the nodes noted last, oldest first.
  [[nodiscard]] const std::deque<std::string>& notices() const { return notices_; }
  // What a node said of two states that it found under one vector; empty where none did.
  [[nodiscard]] const std::string& united() const { return united_; }

 private:
  struct Node;
  struct DropLinks {};
  struct DropExchanges {
    node::ExchangeId first_kept;
  };
  using Work = std::variant<node::Effects, DropLinks, DropExchanges>;

  // NetworkUser
  bool listens(NodeIndex node) override { return running(node); }
  bool powered(NodeIndex node) override;
  void link_opened(NodeIndex node, gossip::LinkId link, const std::string& address) override;
  void link_bytes(NodeIndex node, gossip::LinkId link, crdt::Bytes bytes) override;
  void link_closed(NodeIndex node, gossip::LinkId link, const std::string& reason) override;
  void dial_failed(NodeIndex node, const std::string& address, const std::string& reason) override;

  void start(NodeIndex node, std::uint64_t life);
  void configure(Node& node, const std::vector<gossip::PrivateKey>& keys);
  bool submit(Node& node, node::Event event);
  void schedule_turn(Node& node);
  void turn(Node& node);
  void run_batch(Node& node);
  void arm_wake(Node& node);
  void on_wake(Node& node);
  void perform(Node& node, std::vector<Work>&& work);
  void perform(Node& node, node::Effects&& effects);
  void answer(Node& node, node::HttpReply&& reply);
  void drop_exchanges(Node& node, node::ExchangeId first_kept);
  void died_within(Node& node);
  void cannot_read(Node& node, std::string_view why);
  void note(Node& node, std::string_view what, std::string_view bytes);

  Options options_;
  Scheduler& scheduler_;
  Trace& trace_;
  Coverage& coverage_;
  Storage storage_;
  Network network_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::uint64_t next_exchange_ = 1;
  std::size_t queue_max_ = 0;
  std::uint64_t batches_ = 0;
  std::deque<std::string> notices_;
  std::string united_;
};

}  // namespace simulation
