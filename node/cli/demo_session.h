// DemoSession: does what a DemoLine asks, on a DemoCluster, and prints what came of it.
//
// Shape    perform() is one line. Who types, in which channel, and the last answer are its state.
// Errors   a line that failed is an Error; at a prompt one types on, a script ends with it.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "crdt/result.h"
#include "node/cli/demo_cluster.h"
#include "node/cli/demo_line.h"
#include "node/cli/mrkdwn_text.h"
#include "node/cli/slack_request.h"

namespace node::cli {

class DemoSession {
 public:
  // `pause` sleeps and says false when somebody wants the demo to stop.
  DemoSession(DemoCluster& cluster, std::ostream& out, bool colours, DemoCluster::Pause pause);

  [[nodiscard]] crdt::Result<void> perform(const DemoLine& line);

  [[nodiscard]] bool quit() const { return quit_; }

  // "ann #incident ": who types, and where.
  [[nodiscard]] std::string prompt() const;

 private:
  [[nodiscard]] crdt::Result<void> perform_one(const NothingLine&) { return {}; }
  [[nodiscard]] crdt::Result<void> perform_one(const SlackLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const AgainLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const CutLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const HealLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const PeerLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const StatusLine&);
  [[nodiscard]] crdt::Result<void> perform_one(const WaitLine&);
  [[nodiscard]] crdt::Result<void> perform_one(const HelpLine&);
  [[nodiscard]] crdt::Result<void> perform_one(const QuitLine&);
  [[nodiscard]] crdt::Result<void> perform_one(const SleepLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const AsLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const ChannelLine& line);
  [[nodiscard]] crdt::Result<void> perform_one(const ExpectLine& line);

  [[nodiscard]] crdt::Result<void> send(int peer, const HttpCall& call);
  [[nodiscard]] std::string draw_status(const TextStyle& style);
  // `equal`: all peers that are up hold the same.
  [[nodiscard]] std::string draw_peer(int peer, const TextStyle& style,
                                      const crdt::Result<PeerStatus>& status, bool equal);
  void say(std::string_view text);

  DemoCluster& cluster_;
  std::ostream& out_;
  TextStyle style_;
  TextStyle plain_;
  DemoCluster::Pause pause_;
  std::string user_ = "ann";
  std::string channel_ = "incident";
  std::optional<HttpCall> last_call_;
  std::string last_answer_;  // As text without colours: what `expect` looks at.
  bool quit_ = false;
};

}  // namespace node::cli
