#include "simulation/maelstrom/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using gossip::LinkId;
using simulation::maelstrom::Envelope;
using simulation::maelstrom::StreamEvent;
using simulation::maelstrom::Streams;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;
using Kind = StreamEvent::Kind;

// One stream from a to b, open, and time that passes when the test says so.
class StreamsTest : public testing::Test {
 protected:
  void SetUp() override {
    link_a = a.dial(now, "b");
    a.send(link_a, "hello");
    const auto opened = deliver_all(a, b);
    ASSERT_THAT(opened, SizeIs(2));
    EXPECT_EQ(opened[0].kind, Kind::kOpened);
    EXPECT_EQ(opened[1].bytes, "hello");
    link_b = opened[0].link;
    b.send(link_b, "welcome");
    EXPECT_EQ(bytes_of(deliver_all(b, a)), "welcome");
  }

  std::vector<StreamEvent> deliver_all(Streams& from, Streams& to) {
    std::vector<StreamEvent> events;
    for (const Envelope& envelope : from.take_messages()) {
      for (StreamEvent& event : to.receive(now, envelope)) events.push_back(std::move(event));
    }
    return events;
  }
  static std::string bytes_of(const std::vector<StreamEvent>& events) {
    std::string bytes;
    for (const StreamEvent& event : events) bytes += event.bytes;
    return bytes;
  }
  // The messages of three sends.
  std::vector<Envelope> three() {
    for (const char* bytes : {"1", "2", "3"}) a.send(link_a, bytes);
    return a.take_messages();
  }

  crdt::Instant now{1h};
  Streams a{"a", 7};
  Streams b{"b", 7};  // Numbers are each dialler's own.
  LinkId link_a;
  LinkId link_b;
};

TEST_F(StreamsTest, CarriesBytesBothWays) {
  a.send(link_a, "x");
  a.send(link_a, std::string("\0\n", 2));
  EXPECT_EQ(bytes_of(deliver_all(a, b)), std::string("x\0\n", 3));
  EXPECT_FALSE(a.wake_at());
  EXPECT_FALSE(b.wake_at());
}

TEST_F(StreamsTest, WhatOvertookAnotherMessageWaitsForIt) {
  const auto sent = three();
  EXPECT_THAT(b.receive(now, sent[2]), IsEmpty());
  EXPECT_THAT(b.receive(now, sent[1]), IsEmpty());
  EXPECT_EQ(bytes_of(b.receive(now, sent[0])), "123");
  EXPECT_FALSE(b.wake_at());
}

TEST_F(StreamsTest, AMessageThatIsLostResetsTheStreamAtBothEnds) {
  EXPECT_THAT(b.receive(now, three()[1]), IsEmpty());
  ASSERT_EQ(b.wake_at(), now + Streams::kGapMax);
  const auto at_b = b.wake(now + Streams::kGapMax);
  ASSERT_THAT(at_b, SizeIs(1));
  EXPECT_EQ(at_b[0].kind, Kind::kClosed);
  EXPECT_EQ(at_b[0].link, link_b);
  const auto at_a = deliver_all(b, a);
  ASSERT_THAT(at_a, SizeIs(1));
  EXPECT_EQ(at_a[0].kind, Kind::kClosed);
  EXPECT_EQ(at_a[0].link, link_a);
  EXPECT_THAT(deliver_all(a, b), IsEmpty()) << "a reset is not answered";
}

TEST_F(StreamsTest, AGapThatClosedStartsNoNewOne) {
  const auto sent = three();
  EXPECT_THAT(b.receive(now, sent[2]), IsEmpty());
  EXPECT_EQ(bytes_of(b.receive(now + 900ms, sent[0])), "1");
  EXPECT_EQ(b.wake_at(), now + 900ms + Streams::kGapMax) << "the second one's own time";
  EXPECT_EQ(bytes_of(b.receive(now + 950ms, sent[1])), "23");
  EXPECT_FALSE(b.wake_at());
}

TEST_F(StreamsTest, TooMuchBeforeAGapResetsTheStream) {
  (void)three();
  a.send(link_a, "lost");
  (void)a.take_messages();
  for (std::size_t i = 0; i < Streams::kEarlyMax; ++i) a.send(link_a, "x");
  EXPECT_THAT(deliver_all(a, b), IsEmpty());
  a.send(link_a, "x");
  const auto events = deliver_all(a, b);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind, Kind::kClosed);
}

TEST_F(StreamsTest, ADialThatNobodyAnswersIsGivenUp) {
  const LinkId link = a.dial(now, "c");
  a.send(link, "hello");
  EXPECT_EQ(a.wake_at(), now + Streams::kAnswerMax);
  const auto events = a.wake(now + Streams::kAnswerMax);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].link, link);
  EXPECT_EQ(events[0].reason, "no answer");
}

TEST_F(StreamsTest, AMessageOfAStreamThatIsGoneIsAnsweredWithAReset) {
  b.close(link_b);
  (void)b.take_messages();
  a.send(link_a, "x");
  EXPECT_THAT(deliver_all(a, b), IsEmpty());
  const auto at_a = deliver_all(b, a);
  ASSERT_THAT(at_a, SizeIs(1));
  EXPECT_EQ(at_a[0].kind, Kind::kClosed);
}

TEST_F(StreamsTest, AMessageThatComesTwiceCountsOnce) {
  const auto sent = three();
  EXPECT_EQ(bytes_of(b.receive(now, sent[0])), "1");
  EXPECT_THAT(b.receive(now, sent[0]), IsEmpty());
  EXPECT_EQ(bytes_of(b.receive(now, sent[1])), "2");
}

TEST_F(StreamsTest, NonsenseChangesNothing) {
  for (const char* body :
       {R"({"type":"stream"})", R"({"type":"stream","number":-1,"dialled":true})",
        R"({"type":"stream","number":7,"dialled":true,"place":"x"})",
        R"({"type":"stream","number":7,"dialled":true,"place":9,"bytes":9})",
        R"({"type":"stream_reset","number":7,"dialled":3})",
        R"({"type":"stream_reset","number":8,"dialled":true})"}) {
    EXPECT_THAT(b.receive(now, {"a", "b", simulation::maelstrom::Json::parse(body)}), IsEmpty());
  }
  a.send(link_a, "x");
  EXPECT_EQ(bytes_of(deliver_all(a, b)), "x");
}

}  // namespace
