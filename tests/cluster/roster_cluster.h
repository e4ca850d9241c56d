// RosterCluster: real peers of a cluster with an operator, set up and changed as a person would:
// by the commands of `muster`.
//
// Shape    each node has a folder of its own, made by `muster init` or `muster join`; node "a" is
//          the first. Waiting is for an event, with a deadline that only a hang reaches.
// Thread   one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crdt/result.h"
#include "gossip/token.h"
#include "node/cli/peer_status.h"
#include "tests/support/process.h"

namespace tests {

struct Ran {
  int code = -1;
  std::string output;  // Standard output and error.
};

class RosterCluster {
 public:
  RosterCluster();

  Ran muster(std::vector<std::string> arguments);
  // A command about the cluster, at node "a", as its operator.
  Ran operate(std::vector<std::string> arguments);

  // A token, or what `muster invite` said instead.
  std::string invite();
  Ran join(const std::string& name, const std::string& token);
  // Starts the node; false where it is not ready.
  bool serve(const std::string& name);
  void kill(const std::string& name) { running_.erase(name); }
  // SIGTERM, which ends a drain that another one began; true where it ended well.
  bool stop(const std::string& name);
  void signal(const std::string& name, int number) { running_.at(name)->signal(number); }

  // Sets a place of the node's configuration, such as "/drain_ms", for its next start.
  void configure(const std::string& name, const std::string& place, const nlohmann::json& value);
  // The new node `name` gets the addresses of `old`, which is gone.
  void take_over(const std::string& name, const std::string& old) { nodes_[name] = nodes_.at(old); }

  // The operator's key and the cluster's secret, to make tokens that `muster invite` never would.
  [[nodiscard]] gossip::Token forge(const std::string& cluster, const gossip::SigningSeed& signer,
                                    std::chrono::seconds valid) const;
  [[nodiscard]] gossip::SigningSeed operator_seed() const;

  // `/ir <text>` at the node.
  std::string say(const std::string& name, const std::string& text);
  // Body of a plain GET of its admin address.
  std::string get(const std::string& name, const std::string& target) const;
  nlohmann::json peers(const std::string& at);
  [[nodiscard]] std::uint16_t slack_port(const std::string& name);
  // What it says of itself; an Error where it does not.
  [[nodiscard]] crdt::Result<node::cli::PeerStatus> status(const std::string& name) const;
  // The state hash that these nodes share, once they do; an Error at the end of kPatience.
  [[nodiscard]] crdt::Result<std::string> settle(const std::vector<std::string>& names) const;

  // How many others the node is linked with, by its roster; -1 where it does not say.
  int linked(const std::string& at);
  // Looks again and again until `true`; false once kPatience is over.
  static bool eventually(const std::function<bool()>& holds);

  static constexpr const char* kSigningSecret = "secret";
  [[nodiscard]] std::string dir(const std::string& name) const {
    return (folder_.path() / name).string();
  }

 private:
  struct Node {
    std::string peers;
    std::string slack;
    std::string admin;
  };

  Node& node(const std::string& name);  // Its addresses, drawn when first asked.

  TemporaryFolder folder_;
  std::map<std::string, Node> nodes_;
  std::map<std::string, std::unique_ptr<Process>> running_;
};

}  // namespace tests
