#include "gossip/log_receiver.h"

#include <gtest/gtest.h>

#include "gossip/log_sender.h"

namespace {

using crdt::Cursor;
using gossip::LogReceiver;
using gossip::Offer;

constexpr crdt::ReplicaId kRun{5};

class LogReceiverTest : public testing::Test {
 protected:
  LogReceiverTest() { scan = receiver.resume({kRun, 10}).scan; }

  bool offer(std::uint64_t from, std::uint64_t to, bool tail) {
    return receiver.open({scan, from, to, tail, {}, {}, {}});
  }
  void reach_the_tail() {
    ASSERT_TRUE(offer(10, 20, true));
    ASSERT_TRUE(receiver.settle());
  }
  void push(std::uint64_t seq) {
    ASSERT_TRUE(receiver.arrived(seq));
    receiver.cover(seq);
  }

  LogReceiver receiver;
  std::uint32_t scan = 0;
};

TEST_F(LogReceiverTest, AScanMovesThePositionOnlyAtTheTail) {
  ASSERT_TRUE(offer(10, 15, false));
  EXPECT_TRUE(receiver.settle());
  EXPECT_EQ(receiver.position(), 10u);
  EXPECT_FALSE(receiver.live());
  ASSERT_TRUE(offer(15, 20, true));
  EXPECT_TRUE(receiver.settle());
  EXPECT_EQ(receiver.position(), 20u);
  EXPECT_TRUE(receiver.live());
}

TEST_F(LogReceiverTest, AnOfferIsSettledOnceNothingOfItIsWanted) {
  ASSERT_TRUE(offer(10, 20, true));
  receiver.want_document("k");
  receiver.want_record("t1");
  EXPECT_TRUE(receiver.waiting());
  EXPECT_FALSE(receiver.settle());
  receiver.got_document("k");
  EXPECT_FALSE(receiver.settle());
  EXPECT_TRUE(receiver.got_record("t1"));
  EXPECT_FALSE(receiver.got_record("t1"));
  const auto resolved = receiver.settle();
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->to, 20u);
  EXPECT_EQ(resolved->scan, scan);
  EXPECT_FALSE(receiver.settle());
}

TEST_F(LogReceiverTest, AnOfferMayBeginEarlierThanExpectedButNeverLater) {
  EXPECT_FALSE(offer(11, 20, true));
  EXPECT_TRUE(offer(3, 20, true));
}

// The position stayed at the cut cursor's number, under the new run's name: rows that the new run
// had yet to write counted as covered.
TEST_F(LogReceiverTest, AnOfferThatBeginsEarlierTakesThePositionDownWithIt) {
  ASSERT_TRUE(offer(3, 5, true));
  ASSERT_TRUE(receiver.settle());
  EXPECT_EQ(receiver.position(), 5u);
  EXPECT_FALSE(offer(6, 7, true));
  push(6);
  EXPECT_EQ(receiver.position(), 6u);
}

TEST_F(LogReceiverTest, OnceLiveAnOfferOfCoveredRowsTakesNothingBack) {
  reach_the_tail();
  ASSERT_TRUE(offer(10, 15, false));
  ASSERT_TRUE(receiver.settle());
  EXPECT_EQ(receiver.position(), 20u);
}

TEST_F(LogReceiverTest, OffersAreSettledInTheirOrderWhateverComesFirst) {
  ASSERT_TRUE(offer(10, 15, false));
  receiver.want_document("k");
  ASSERT_TRUE(offer(15, 20, true));
  receiver.want_document("l");
  receiver.got_document("l");
  EXPECT_FALSE(receiver.settle());
  EXPECT_FALSE(receiver.live());
  receiver.got_document("k");
  EXPECT_EQ(receiver.settle()->to, 15u);
  EXPECT_FALSE(receiver.live());
  EXPECT_EQ(receiver.settle()->to, 20u);
  EXPECT_EQ(receiver.position(), 20u);
}

// Each offer that wants it asks, and by the later one's time it may have grown.
TEST_F(LogReceiverTest, WhatTwoOffersWantComesTwice) {
  ASSERT_TRUE(offer(10, 15, false));
  receiver.want_document("k");
  receiver.want_record("t1");
  ASSERT_TRUE(offer(15, 20, true));
  receiver.want_document("k");
  receiver.want_record("t1");
  receiver.got_document("k");
  EXPECT_TRUE(receiver.got_record("t1"));
  EXPECT_TRUE(receiver.settle());
  EXPECT_TRUE(receiver.wants_document("k"));
  EXPECT_FALSE(receiver.settle());
  receiver.got_document("k");
  EXPECT_TRUE(receiver.got_record("t1"));
  EXPECT_TRUE(receiver.settle());
}

TEST_F(LogReceiverTest, OffersBehindOneThatComesAgainArePassedOver) {
  ASSERT_TRUE(offer(10, 15, false));
  receiver.await_expansion();
  const Offer behind{scan, 15, 20, true, {}, {}, {}};
  EXPECT_TRUE(receiver.passes_over(behind));
  EXPECT_FALSE(receiver.passes_over({scan, 10, 12, false, {}, {}, {}}));
  ASSERT_TRUE(offer(10, 12, false)) << "spelt out, it may be shorter";
  EXPECT_FALSE(receiver.passes_over(behind));
  EXPECT_FALSE(receiver.open(behind)) << "now it would skip rows";
  EXPECT_TRUE(offer(12, 20, true));
}

TEST_F(LogReceiverTest, OpenOffersAreBounded) {
  for (std::uint64_t i = 0; i < gossip::LogSender::kOffersMax; ++i) {
    ASSERT_TRUE(offer(10 + i, 11 + i, false));
  }
  EXPECT_FALSE(offer(18, 19, true));
}

TEST_F(LogReceiverTest, APushMovesThePositionFromNToNPlusOne) {
  reach_the_tail();
  push(21);
  push(22);
  EXPECT_EQ(receiver.position(), 22u);
}

TEST_F(LogReceiverTest, APushNeverMovesThePositionOverAGap) {
  reach_the_tail();
  push(23);
  EXPECT_EQ(receiver.position(), 20u);
  push(21);
  EXPECT_EQ(receiver.position(), 21u);
  push(22);
  EXPECT_EQ(receiver.position(), 23u);
}

TEST_F(LogReceiverTest, APushThatArrivedButIsNotCoveredHoldsThePosition) {
  reach_the_tail();
  ASSERT_TRUE(receiver.arrived(21));
  push(22);
  EXPECT_EQ(receiver.position(), 20u);
  receiver.cover(21);
  EXPECT_EQ(receiver.position(), 22u);
}

TEST_F(LogReceiverTest, PushesNeverMoveThePositionBeforeAScanHasReachedTheTail) {
  push(11);
  EXPECT_EQ(receiver.position(), 10u);
  EXPECT_FALSE(receiver.live());
}

TEST_F(LogReceiverTest, AnOpenOfferHoldsPushesBack) {
  reach_the_tail();
  ASSERT_TRUE(offer(20, 22, false));
  push(23);
  push(21);
  EXPECT_EQ(receiver.position(), 20u);
  EXPECT_TRUE(receiver.settle());
  EXPECT_EQ(receiver.position(), 21u);  // Rows up to 22 are settled, but this was not the tail.
}

TEST_F(LogReceiverTest, AfterAPushTheNextOfferMayBeginBehindIt) {
  reach_the_tail();
  push(21);
  EXPECT_TRUE(offer(21, 30, true));
}

TEST_F(LogReceiverTest, ANewScanForgetsTheOldOne) {
  ASSERT_TRUE(offer(10, 15, false));
  receiver.want_document("k");
  const auto resume = receiver.resume({kRun, 12});
  EXPECT_GT(resume.scan, scan);
  EXPECT_EQ(resume.cursor, (Cursor{kRun, 12}));
  EXPECT_FALSE(receiver.current(scan));
  EXPECT_FALSE(receiver.waiting());
  EXPECT_FALSE(receiver.wants_document("k"));
  EXPECT_FALSE(receiver.settle());
}

TEST_F(LogReceiverTest, PushesAheadAreBounded) {
  reach_the_tail();
  for (std::size_t i = 0; i < LogReceiver::kAheadMax; ++i)
    EXPECT_TRUE(receiver.arrived(30 + 2 * i));
  EXPECT_FALSE(receiver.arrived(1'000'000));
  EXPECT_TRUE(receiver.arrived(5));  // Long settled: nothing to remember.
}

}  // namespace
