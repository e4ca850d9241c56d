// DemoCluster: a few real peers on loopback, each a process of its own, whose links can be cut.
//
// Shape    every peer has a folder (config.json, identity.key, signing-secret, store/, log, output)
//          and three ports. A peer reaches another through a lane of the relay (node/cli/relay.h);
//          the peers are plain `muster serve` and know nothing of it.
// Units    peers count from 1.
// Errors   one sentence; the cluster stays usable, and its destructor leaves no process behind.
// Thread   one.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/result.h"
#include "gossip/noise_keys.h"
#include "node/cli/admin_client.h"
#include "node/cli/child_process.h"
#include "node/cli/peer_status.h"
#include "node/cli/relay.h"
#include "node/http_client.h"

namespace node::cli {

class DemoCluster {
 public:
  static constexpr std::chrono::seconds kReadyWithin{10};  // A slow disk under a sanitizer.
  static constexpr std::chrono::seconds kStopWithin{5};    // Above the server's own grace period.
  static constexpr std::chrono::seconds kAnswerWithin{3};  // Slack waits no longer.
  static constexpr std::chrono::seconds kSettleWithin{5};  // Two redials at their slowest.

  struct Options {
    std::filesystem::path folder;                     // Made if missing, reused if there.
    std::filesystem::path binary = "/proc/self/exe";  // muster itself.
    int peers = 3;
    std::chrono::milliseconds drain{0};  // No load balancer looks at /readyz, unless one does.
    bool relayed = true;  // False: peers dial one another; links cannot be cut, and cost no relay.
  };

  // Lays out the folders; starts nothing.
  [[nodiscard]] static crdt::Result<std::unique_ptr<DemoCluster>> create(const Options& options);

  [[nodiscard]] int size() const { return static_cast<int>(peers_.size()); }
  [[nodiscard]] const std::string& signing_secret() const { return signing_secret_; }
  [[nodiscard]] std::filesystem::path folder_of(int peer) const;
  [[nodiscard]] std::uint16_t slack_port(int peer) const { return at(peer).slack_port; }
  [[nodiscard]] std::uint16_t admin_port(int peer) const { return at(peer).admin_port; }
  [[nodiscard]] pid_t pid_of(int peer) const;  // REQUIRES it was started

  // Returns when the peer listens.
  [[nodiscard]] crdt::Result<void> start(int peer);

  // SIGTERM and patience; false if it had to be killed.
  bool stop(int peer);
  void stop_all();

  // SIGKILL.
  void kill(int peer);

  [[nodiscard]] bool running(int peer);

  void cut(std::pair<int, int> pair);
  void heal(std::pair<int, int> pair);
  [[nodiscard]] bool is_cut(int a, int b) const;

  // Through the Slack door, over a kept connection.
  [[nodiscard]] crdt::Result<HttpAnswer> send(int peer, const HttpCall& call);
  [[nodiscard]] crdt::Result<PeerStatus> status(int peer);
  [[nodiscard]] crdt::Result<std::string> status_text(int peer);  // As it came: JSON.

  // Waits until every running peer sees the links that are there and all that reach one another, if
  // over others, hold the same. `pause` sleeps and says false to give up early.
  using Pause = std::function<bool(std::chrono::milliseconds)>;
  [[nodiscard]] crdt::Result<void> settle(const Pause& pause,
                                          std::chrono::milliseconds patience = kSettleWithin);

  // The running peers in groups that reach one another, if over others.
  [[nodiscard]] std::vector<std::vector<int>> groups();

 private:
  struct Peer {
    std::string name;
    std::filesystem::path folder;
    gossip::PublicKey key;
    std::uint16_t slack_port = 0;
    std::uint16_t admin_port = 0;
    std::uint16_t peers_port = 0;
    std::vector<std::uint16_t> lanes;  // By number of the other peer, from 0; its own is 0.
    std::optional<ChildProcess> process;
    std::optional<HttpClient> slack;
    std::optional<AdminClient> admin;
  };

  explicit DemoCluster(Options options) : options_(std::move(options)) {}

  [[nodiscard]] Peer& at(int peer);
  [[nodiscard]] const Peer& at(int peer) const;
  [[nodiscard]] crdt::Result<void> lay_out();
  [[nodiscard]] crdt::Result<void> take_ports(int peer);
  [[nodiscard]] crdt::Result<void> write_config(int peer) const;
  [[nodiscard]] crdt::Result<void> settled_now();

  Options options_;
  std::string signing_secret_;
  Relay relay_;
  std::set<std::pair<int, int>> cuts_;  // The smaller number first.
  std::vector<Peer> peers_;             // After the relay: processes end before their lanes do.
};

}  // namespace node::cli
