#include "simulation/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace {

using namespace simulation;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Three nodes that write down what they hear.
class Wire : public testing::Test, private NetworkUser {
 protected:
  Wire() { options_.nodes = 3; }

  void SetUp() override {
    NetworkUser& user = *this;
    network_.emplace(scheduler_, user, coverage_, options_);
    network_->dial(0, 1, "b");
    pass(1s);
    ASSERT_THAT(opened_[0], SizeIs(1));
    ASSERT_THAT(opened_[1], SizeIs(1));
  }

  void pass(Duration time) {
    const Time until = scheduler_.now() + time;
    while (scheduler_.step(until)) {
    }
  }

  void say(NodeIndex from, const std::string& bytes) {
    network_->send(from, opened_[from].front(), bytes);
  }

  Options options_;
  Scheduler scheduler_;
  Coverage coverage_;
  std::optional<Network> network_;
  std::set<NodeIndex> down_;
  std::set<NodeIndex> dark_;
  std::map<NodeIndex, std::vector<gossip::LinkId>> opened_;
  std::map<NodeIndex, std::vector<std::string>> heard_;
  std::map<NodeIndex, std::vector<std::string>> closed_;
  std::vector<std::string> failed_;

 private:
  bool listens(NodeIndex node) override { return !down_.contains(node) && powered(node); }
  bool powered(NodeIndex node) override { return !dark_.contains(node); }
  void link_opened(NodeIndex node, gossip::LinkId link, const std::string&) override {
    opened_[node].push_back(link);
  }
  void link_bytes(NodeIndex node, gossip::LinkId, crdt::Bytes bytes) override {
    heard_[node].push_back(bytes);
  }
  void link_closed(NodeIndex node, gossip::LinkId, const std::string& reason) override {
    closed_[node].push_back(reason);
  }
  void dial_failed(NodeIndex, const std::string&, const std::string& reason) override {
    failed_.push_back(reason);
  }
};

TEST_F(Wire, BringsBytesInOrderWhateverTheDelays) {
  network_->weather(0, 1).delay_mean = 50ms;
  std::vector<std::string> said;
  for (int i = 0; i < 50; ++i) said.push_back(std::to_string(i));
  for (const std::string& word : said) say(0, word);
  pass(10s);
  EXPECT_EQ(heard_[1], said);
}

TEST_F(Wire, HoldsBackWhatIsSentIntoACutAndBringsItAfterwards) {
  network_->block(0, 1);
  say(0, "hello");
  say(1, "world");
  pass(1min);
  EXPECT_THAT(heard_[1], IsEmpty());
  EXPECT_THAT(heard_[0], ElementsAre("world")) << "the cut goes one way";
  network_->unblock(0, 1);
  pass(1s);
  EXPECT_THAT(heard_[1], ElementsAre("hello"));
}

TEST_F(Wire, OverlappingCutsEndWithTheLast) {
  network_->block(0, 1);
  network_->block(0, 1);
  network_->unblock(0, 1);
  say(0, "hello");
  pass(1s);
  EXPECT_THAT(heard_[1], IsEmpty());
  network_->unblock(0, 1);
  pass(1s);
  EXPECT_THAT(heard_[1], ElementsAre("hello"));
}

TEST_F(Wire, TellsTheOtherEndThatAConnectionWasClosedAfterWhatWasSent) {
  say(0, "last words");
  network_->close(0, opened_[0].front());
  pass(1s);
  EXPECT_THAT(heard_[1], ElementsAre("last words"));
  EXPECT_THAT(closed_[1], ElementsAre("the peer closed the connection"));
  EXPECT_THAT(closed_[0], IsEmpty()) << "who closes knows";
  EXPECT_EQ(network_->connections(), 0u);
}

TEST_F(Wire, WhoSendsToAnEndThatForgotTheConnectionGetsAReset) {
  network_->forget_links(1);
  pass(1min);
  EXPECT_THAT(closed_[0], IsEmpty()) << "half-open: nobody knows";
  say(0, "anybody?");
  pass(1s);
  EXPECT_THAT(closed_[0], ElementsAre("reset by peer"));
  EXPECT_EQ(network_->connections(), 0u);
}

TEST_F(Wire, WhoSendsToAHostWithoutPowerHearsNothing) {
  network_->forget_links(1);
  dark_.insert(1);
  say(0, "anybody?");
  pass(1min);
  EXPECT_THAT(closed_[0], IsEmpty());
}

TEST_F(Wire, ADialIsRefusedOrTimesOut) {
  down_.insert(1);
  network_->dial(0, 1, "b");
  pass(1s);
  EXPECT_THAT(failed_, ElementsAre("connection refused"));
  network_->block(2, 0);
  network_->dial(0, 2, "c");
  pass(10s);
  EXPECT_THAT(failed_, ElementsAre("connection refused", "no answer in time"));
}

TEST_F(Wire, DripsTheFirstOctetsAndLosesNone) {
  network_->weather(0, 1).piece_max = 1;
  const std::string said(1'000, 'x');
  say(0, said);
  pass(1s);
  EXPECT_THAT(heard_[1], SizeIs(Network::kDripsMax + 1));
  std::string all;
  for (const std::string& piece : heard_[1]) all += piece;
  EXPECT_EQ(all, said);
}

TEST_F(Wire, AResetMayBreakOffAFrameAndBothEndsLearnOfIt) {
  network_->weather(0, 1).reset_per_million = 1'000'000;
  say(0, "a frame");
  pass(1s);
  EXPECT_THAT(closed_[0], ElementsAre("connection reset"));
  EXPECT_THAT(closed_[1], ElementsAre("connection reset"));
  for (const std::string& piece : heard_[1]) EXPECT_LT(piece.size(), 7u);
}

TEST_F(Wire, TellsASenderWhosePeerDoesNotReadThatItsBacklogIsFull) {
  network_->block(0, 1);
  say(0, std::string(Network::kBacklogBytesMax, 'x'));
  EXPECT_THAT(closed_[0], IsEmpty());
  say(0, "x");
  EXPECT_THAT(closed_[0], ElementsAre("the peer does not read what it is sent"));
}

}  // namespace
