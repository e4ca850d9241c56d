// BenchCluster: many real peers on loopback, each a process with a folder and a store of its own.
//
// Shape    a cluster with an operator, laid out as `muster init` and `muster join` leave it, with
//          the configuration that ships; peers dial one another. What the peers say is read from
//          the logs that they write anyway, each line with the peer's own stamp: watching costs
//          them nothing.
// Units    peers count from 1; stamps are wall time, to the millisecond.
// Errors   one sentence; the destructor leaves no process behind.
// Thread   one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/instant.h"
#include "crdt/result.h"
#include "gossip/roster_entry.h"
#include "node/cli/admin_client.h"
#include "node/cli/child_process.h"

namespace node::cli {

class BenchCluster {
 public:
  static constexpr const char* kCluster = "bench";

  // A hundred processes that start on two processors.
  static constexpr std::chrono::seconds kReadyWithin{20};
  static constexpr std::chrono::seconds kAnswerWithin{30};

  // Lays out the folders; starts nothing. An empty `folder` is there.
  [[nodiscard]] static crdt::Result<std::unique_ptr<BenchCluster>> create(
      const std::filesystem::path& folder, const std::filesystem::path& binary, int peers);

  [[nodiscard]] int size() const { return static_cast<int>(peers_.size()); }
  [[nodiscard]] const std::string& name_of(int peer) const { return at(peer).member.name; }
  [[nodiscard]] const std::string& signing_secret() const { return signing_secret_; }
  [[nodiscard]] std::filesystem::path folder_of(int peer) const { return at(peer).folder; }
  [[nodiscard]] std::filesystem::path store_of(int peer) const { return at(peer).folder / "store"; }
  [[nodiscard]] std::uint16_t slack_port(int peer) const { return at(peer).slack_port; }
  [[nodiscard]] pid_t pid_of(int peer) const;  // REQUIRES it was started
  [[nodiscard]] std::vector<pid_t> processes() const;

  // Returns when it listens.
  [[nodiscard]] crdt::Result<void> start(int peer);
  [[nodiscard]] crdt::Result<void> start_all();
  void kill(int peer);  // SIGKILL

  // REQUIRES it was started.
  [[nodiscard]] AdminClient& admin(int peer);
  [[nodiscard]] crdt::Result<nlohmann::json> status(int peer) {
    return admin(peer).ask("GET", "/status");
  }

  // Until every running peer is linked with all others that run, and each has taken in what the
  // others held.
  [[nodiscard]] crdt::Result<void> await_links(std::chrono::milliseconds patience);
  // Until `peer` holds what peer `like` does.
  [[nodiscard]] crdt::Result<void> await_equal(int peer, int like,
                                               std::chrono::milliseconds patience);

  // The roster entry by which the operator removes a peer for ever.
  [[nodiscard]] crdt::Record removal_of(int peer) const;

  // Hands on what the peers have logged since the last call.
  using OnLine =
      std::function<void(int peer, crdt::WallTime stamp, std::string_view level_and_text)>;
  void read_logs(const OnLine& on_line);

 private:
  struct Peer {
    gossip::Member member;
    std::filesystem::path folder;
    std::uint16_t slack_port = 0;
    std::uintmax_t log_read = 0;  // Of its output.
    std::optional<ChildProcess> process;
    std::optional<AdminClient> admin;
  };

  explicit BenchCluster(std::filesystem::path binary) : binary_(std::move(binary)) {}

  [[nodiscard]] Peer& at(int peer);
  [[nodiscard]] const Peer& at(int peer) const;
  [[nodiscard]] crdt::Result<void> lay_out(const std::filesystem::path& folder, int peers);

  std::filesystem::path binary_;
  std::string signing_secret_;
  gossip::SigningSeed operator_seed_;
  std::vector<Peer> peers_;
};

}  // namespace node::cli
