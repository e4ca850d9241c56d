// A few nodes by hand: what happens to them, and what they do about it.
#include "simulation/cluster.h"

#include <gtest/gtest.h>

#include "simulation/slack_workspace.h"
#include "simulation/store_view.h"
#include "slack/request.h"

namespace {

using namespace simulation;

class ThreeNodes : public testing::Test {
 protected:
  ThreeNodes() {
    options_.nodes = 3;
    options_.delay_mean = 1ms;
    cluster_.emplace(options_, scheduler_, trace_, coverage_);
    pass(5s);
  }

  void pass(Duration time) {
    const Time until = scheduler_.now() + time;
    while (scheduler_.step(until)) {
    }
  }

  // The answer; empty where there was none.
  std::string ask(NodeIndex node, const std::string& text) {
    const auto made = slack_.sign({"U1", "C1", text, ++triggers_}, kRunBegins + scheduler_.now());
    node::HttpRequest request;
    request.method = "POST";
    request.target = slack::kCommandsPath;
    request.content_type = "application/x-www-form-urlencoded";
    request.timestamps = {made.timestamp};
    request.signatures = {made.signature};
    request.body = made.body;
    std::string answer;
    cluster_->request(node, request, [&answer](const auto& reply) {
      if (reply) answer = reply->body;
    });
    pass(1s);
    return answer;
  }

  std::size_t documents(NodeIndex node) { return view_of(cluster_->store(node)).documents.size(); }

  Options options_;
  Scheduler scheduler_;
  Trace trace_;
  Coverage coverage_;
  std::optional<Cluster> cluster_;
  SlackWorkspace slack_{kSigningSecret};
  std::uint64_t triggers_ = 0;
};

TEST_F(ThreeNodes, LinkAndShareWhatOneIsTold) {
  EXPECT_TRUE(cluster_->network().linked(0, 1));
  EXPECT_EQ(SlackWorkspace::judge(200, ask(0, "add disk full")), Answer::kChanged);
  for (NodeIndex node = 0; node < 3; ++node) EXPECT_EQ(documents(node), 1u);
}

TEST_F(ThreeNodes, ACrashedOneComesBackWithWhatItHadAndWithWhatItMissed) {
  ask(0, "add disk full");
  cluster_->crash(0, Death::kProcess);
  EXPECT_EQ(ask(0, "list"), "");
  EXPECT_EQ(documents(0), 1u);
  ask(1, "done 1");
  cluster_->start(0);
  pass(5s);
  EXPECT_EQ(view_of(cluster_->store(0)), view_of(cluster_->store(1)));
}

TEST_F(ThreeNodes, AHostWithoutPowerIsMissedOnceItsSuspicionEnds) {
  cluster_->crash(2, Death::kHost);
  EXPECT_TRUE(cluster_->network().connections() > 1);
  pass(2s);
  EXPECT_GT(cluster_->network().connections(), 1u);
  pass(8s);
  EXPECT_EQ(cluster_->network().connections(), 1u);
}

TEST_F(ThreeNodes, APausedOneAnswersWhenItGoesOn) {
  cluster_->pause(0, scheduler_.now() + 500ms);
  EXPECT_NE(ask(0, "list"), "");
  cluster_->pause(0, scheduler_.now() + 10s);
  EXPECT_EQ(ask(0, "list"), "");
}

TEST_F(ThreeNodes, WhatDiedBetweenItsCommitAndItsWordHasStoredAndNotSaid) {
  cluster_->crash_before_effects(0, 1min);
  EXPECT_EQ(ask(0, "add disk full"), "");
  EXPECT_FALSE(cluster_->running(0));
  EXPECT_EQ(documents(0), 1u);
  EXPECT_EQ(documents(1), 0u);
  pass(2min);
  EXPECT_EQ(documents(1), 1u);
}

TEST_F(ThreeNodes, AnEmptyDiskIsFilledByTheOthers) {
  ask(0, "add disk full");
  cluster_->crash(0, Death::kHost);
  cluster_->lose_contents(0, {});
  EXPECT_EQ(documents(0), 0u);
  cluster_->start(0);
  pass(20s);
  EXPECT_EQ(view_of(cluster_->store(0)), view_of(cluster_->store(1)));
}

TEST_F(ThreeNodes, AClockTenYearsAheadRefusesWhatSlackSignsAndHarmsNobody) {
  cluster_->clock(0).jump(std::chrono::hours(24 * 3653));
  EXPECT_EQ(SlackWorkspace::judge(401, ask(0, "add disk full")), Answer::kRefused);
  EXPECT_EQ(documents(0), 0u);
  ask(1, "add disk full");
  EXPECT_EQ(documents(0), 1u);
}

}  // namespace
