// FaultCluster: real `muster serve` processes on this machine, and every fault that it can do them.
//
// Shape    each peer has a folder (config.json, identity.key, store/, log, output) and reaches the
//          others over lanes of tests/cluster/relay.h. What a fault needs and the machine lacks is
//          said in one word by lacks(); the fault is then never asked for.
//          The last peer's store lies on a small tmpfs of its own, where one can be mounted; where
//          none can, a full disk is a disk reserve that is never free, and takes a restart.
//          Clocks of the peers with even numbers are faked from the start, by nothing, and stepped
//          while they run. Those peers run on another allocator, the rest as shipped.
// Units    peers count from 1.
// Errors   problem() is the first thing that went wrong which no fault explains.
// Thread   one, that of the mount and of the processes' parent; slack_port() and call any.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crdt/result.h"
#include "node/cli/child_process.h"
#include "node/cli/peer_status.h"
#include "tests/cluster/relay.h"
#include "tests/support/process.h"

namespace tests {

enum class FaultKind { kCut, kOneWay, kSlow, kLossy, kKill, kStop, kDiskFull, kIoError, kClock };

// Why this machine cannot do it, such as "no strace"; empty where it can.
[[nodiscard]] std::string lacks(FaultKind kind);

class FaultCluster {
 public:
  static constexpr std::chrono::seconds kPatience{60};        // A busy machine.
  static constexpr std::chrono::seconds kAnswerWithin{3};     // Slack waits no longer.
  static constexpr std::uint64_t kSmallDiskBytes = 96 << 20;  // Several times a run's store.

  // Starts all peers and waits until they are equal.
  FaultCluster(int peers, std::uint64_t seed);
  ~FaultCluster();

  FaultCluster(const FaultCluster&) = delete;
  FaultCluster& operator=(const FaultCluster&) = delete;

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] int size() const { return static_cast<int>(peers_.size()); }
  [[nodiscard]] int small_disk_peer() const { return size(); }
  [[nodiscard]] const std::string& signing_secret() const { return signing_secret_; }
  [[nodiscard]] std::uint16_t slack_port(int peer) const { return at(peer).slack_port; }
  [[nodiscard]] std::uint64_t resets_drawn() const { return relay_.resets_drawn(); }

  // One direction, and both at once.
  void set_passage(int from, int to, const Passage& passage);
  void cut(int a, int b);
  void join(int a, int b);

  void kill(int peer);
  void start(int peer);  // Nothing if it runs.
  void stop(int peer);
  void go_on(int peer);
  void fill_disk(int peer);
  void free_disk(int peer);
  void break_syncs(int peer);  // Until mend_syncs every fdatasync of its store is an I/O error.
  void mend_syncs(int peer);
  void step_clock(int peer, std::chrono::seconds ahead);  // Of an even number, or nothing.

  // Ends every fault and starts what does not run.
  void heal_all();

  [[nodiscard]] crdt::Result<node::cli::PeerStatus> status(int peer) const;

  // The state hash that all peers share, once they do; an Error at the end of kPatience.
  [[nodiscard]] crdt::Result<std::string> settle() const;

  // The folder stays, stores included, for whoever looks into a failure. The answer names it.
  std::string keep();

 private:
  struct Peer {
    std::filesystem::path folder;
    std::string key;  // The public one, in hex.
    std::atomic<std::uint16_t> slack_port{0};
    std::uint16_t admin_port = 0;
    std::uint16_t peers_port = 0;
    std::vector<std::uint16_t> lanes;  // By number of the other peer, from 0; its own is 0.
    std::vector<Passage> passages;     // To the others, likewise.
    std::vector<bool> cut;             // From the others, likewise.
    std::optional<node::cli::ChildProcess> process;
    std::optional<node::cli::ChildProcess> tracer;  // What breaks its syncs.
    bool mounted = false;
    bool disk_full = false;
  };

  [[nodiscard]] Peer& at(int peer) { return peers_[static_cast<std::size_t>(peer - 1)]; }
  [[nodiscard]] const Peer& at(int peer) const {
    return peers_[static_cast<std::size_t>(peer - 1)];
  }

  [[nodiscard]] crdt::Result<void> lay_out(std::uint64_t seed);
  [[nodiscard]] crdt::Result<void> take_ports(int peer);
  [[nodiscard]] crdt::Result<void> write_config(int peer) const;
  [[nodiscard]] crdt::Result<void> launch(int peer);
  [[nodiscard]] std::vector<std::string> command_of(int peer, int ready_fd) const;
  [[nodiscard]] bool has_faked_clock(int peer) const;
  void mount_small_disk();
  void set_lanes(int a, int b);
  void blame(const std::string& what);

  std::string problem_;
  TemporaryFolder folder_;
  std::string signing_secret_;
  Relay relay_;
  std::deque<Peer> peers_;  // After the relay: processes end before their lanes do.
};

}  // namespace tests
