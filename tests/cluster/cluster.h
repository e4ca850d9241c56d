// Cluster: three real peers in a temporary folder, for tests that send them commands.
//
// Shape    node/cli/demo_cluster.h with the few sentences that tests need most. Waiting is always
//          for an event (equal state hashes), with a deadline that only a hang reaches.
// Thread   one; sign() from any.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/cli/demo_cluster.h"
#include "node/cli/slack_request.h"
#include "tests/support/process.h"

namespace tests {

// Who says what, where. A fresh trigger id unless one is given.
struct Said {
  std::string user = "ann";
  std::string text;
  std::string channel = "incident";
  std::string trigger = {};
};

[[nodiscard]] node::cli::SlashCommand slash(const Said& said);

class Cluster {
 public:
  static constexpr std::chrono::seconds kPatience{60};  // A sanitizer on a busy machine.

  // Starts all peers and waits until they are linked. problem() is empty if that went well.
  Cluster();

  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] node::cli::DemoCluster& peers() { return *peers_; }

  // Signed as of `ago` before now.
  [[nodiscard]] node::HttpCall sign(const node::cli::SlashCommand& command,
                                    std::chrono::seconds ago = std::chrono::seconds(0)) const;

  // The answer as text. What is not a 200 is text too, beginning with "FAILED".
  std::string send(int peer, const node::HttpCall& call);
  std::string send(int peer, const Said& said) { return send(peer, sign(slash(said))); }

  // `/ir list all` there. Reading changes nothing, whoever asks.
  std::string list(int peer, std::string_view channel = "incident");

  // Empty once all is at rest (DemoCluster::settle), or what was in the way at the deadline, and
  // the ends of the logs.
  std::string settle(std::chrono::milliseconds patience = kPatience);

  // Cuts this peer off from all others, or ends that.
  void isolate(int peer);
  void rejoin(int peer);

  // The state hash of a peer; "?" if it does not say.
  std::string hash_of(int peer);

 private:
  // What the peers say of themselves, for a failure's message.
  std::string evidence();

  TemporaryFolder folder_;
  std::unique_ptr<node::cli::DemoCluster> peers_;
  std::string problem_;
};

// How often `part` occurs.
[[nodiscard]] int count_of(std::string_view text, std::string_view part);

}  // namespace tests
