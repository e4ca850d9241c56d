// Traffic: delivers a plan's commands as Slack and its load balancer do, and tells the Oracle.
//
// Shape    a command goes to one peer; while nobody answers it, to the next ones, at once, a minute
//          and five minutes later. Doubles go out whatever was answered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "simulation/cluster.h"
#include "simulation/oracle.h"
#include "simulation/plan.h"
#include "simulation/slack_workspace.h"

namespace simulation {

class Traffic {
 public:
  Traffic(const Plan& plan, Cluster& cluster, Scheduler& scheduler, Coverage& coverage,
          Oracle& oracle, std::function<bool()> calm);

  void schedule();

  // What waits for its next attempt goes out now, and later ones without a pause.
  void hurry();

  [[nodiscard]] bool idle() const { return open_ == 0; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }

 private:
  struct Try {
    bool over = false;
    Time sent{};
    crdt::WallTime asked{};  // As it was signed.
    bool calm = false;       // As it was sent.
    Oracle::Promise promise;
  };

  void deliver(std::size_t command, std::optional<std::size_t> attempt, const Delivery& delivery);
  void on_answer(std::size_t command, std::optional<std::size_t> attempt, NodeIndex node,
                 const Try& trial, const node::HttpReply& reply);
  [[nodiscard]] Oracle::Kept kept(std::size_t command, NodeIndex node, const Try& trial);
  [[nodiscard]] bool holds(NodeIndex node, std::size_t command, crdt::WallTime asked);
  [[nodiscard]] bool ambiguous(std::size_t command, NodeIndex node);
  void failed(std::size_t command, std::optional<std::size_t> attempt);
  void observe(const node::HttpReply& reply);
  void watch_spread(std::size_t command, NodeIndex node, crdt::WallTime asked);
  void sign_at_first(std::size_t command);
  [[nodiscard]] const SignedRequest& sign(std::size_t command, bool anew, SignedRequest& fresh);

  const Plan& plan_;
  Cluster& cluster_;
  Scheduler& scheduler_;
  Coverage& coverage_;
  Oracle& oracle_;
  std::function<bool()> calm_;  // Nothing is broken, and nobody is busy with what was.
  bool prompt_;  // Links are fast, and third peers' offers late enough to hide nothing.
  SlackWorkspace slack_;
  std::map<std::size_t, SignedRequest> signed_;  // First deliveries, by command.
  std::map<std::size_t, std::size_t> paused_;    // Command to the attempt that waits.
  std::uint64_t open_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t unanswered_ = 0;
  bool hurried_ = false;
};

}  // namespace simulation
