// The verdict rules on histories that are short enough to judge by hand.
#include "tests/simulation/maelstrom/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/maelstrom/grudges.h"

namespace {

using namespace tests::maelstrom;
using namespace std::chrono_literals;
using simulation::Duration;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Operations one after another, a second apart, unless they are told to last.
class Story {
 public:
  Story& add(std::int64_t value, Outcome outcome = Outcome::kOk) {
    push("add", outcome).value = value;
    return *this;
  }
  Story& read(std::vector<std::int64_t> elements) {
    push("read", Outcome::kOk).elements = std::move(elements);
    return *this;
  }
  Story& last_read(std::int64_t sum) {
    Operation& operation = push("read", Outcome::kOk);
    operation.value = sum;
    operation.last = true;
    return *this;
  }
  Story& generate(const std::string& id) {
    push("generate", Outcome::kOk).id = id;
    return *this;
  }
  [[nodiscard]] const History& history() const { return history_; }

 private:
  Operation& push(const char* f, Outcome outcome) {
    Operation operation;
    operation.f = f;
    operation.outcome = outcome;
    operation.invoked = 2 * history_.size();
    operation.completed = operation.invoked + 1;
    operation.invoked_at = history_.size() * Duration(1s);
    operation.completed_at = operation.invoked_at + Duration(100ms);
    history_.push_back(operation);
    return history_.back();
  }

  History history_;
};

TEST(SetVerdict, AnElementThatEveryLaterReadSeesIsStableAtOnce) {
  const SetVerdict verdict = set_full(Story().add(1).read({1}).history());
  EXPECT_TRUE(verdict.valid());
  EXPECT_THAT(verdict.stable, ElementsAre(1));
  EXPECT_EQ(verdict.latency(1), 0s);
}

TEST(SetVerdict, AnElementIsLateUntilTheLastReadThatMissesIt) {
  // Known at 0.1 s; missed by the reads at 1 s and 3 s.
  const SetVerdict verdict =
      set_full(Story().add(1).read({}).read({1}).read({}).read({1}).history());
  EXPECT_TRUE(verdict.valid());
  EXPECT_EQ(verdict.latency(1), 2'900ms);
}

TEST(SetVerdict, AnAcknowledgedElementThatTheLastReadMissesIsLost) {
  EXPECT_THAT(set_full(Story().add(1).read({}).history()).lost, ElementsAre(1));
  EXPECT_THAT(set_full(Story().add(1).read({1}).read({}).history()).lost, ElementsAre(1));
}

TEST(SetVerdict, AnElementOfUnknownFateIsLostOnlyOnceItWasSeen) {
  const SetVerdict unseen = set_full(Story().add(1, Outcome::kInfo).read({}).history());
  EXPECT_THAT(unseen.lost, IsEmpty());
  EXPECT_THAT(unseen.never_read, ElementsAre(1));
  const SetVerdict seen = set_full(Story().add(1, Outcome::kInfo).read({1}).read({}).history());
  EXPECT_THAT(seen.lost, ElementsAre(1));
}

TEST(SetVerdict, AReadThatBeganBeforeTheElementWasKnownDoesNotLoseIt) {
  History history = Story().add(1).read({}).history();
  std::swap(history[0].completed, history[1].completed);
  history[0].completed = 3;
  EXPECT_THAT(set_full(history).lost, IsEmpty());
  EXPECT_THAT(set_full(history).never_read, ElementsAre(1));
}

TEST(SetVerdict, TwiceInOneReadIsADuplicateThatJepsenPassesOver) {
  const SetVerdict verdict = set_full(Story().add(1).read({1, 1}).history());
  EXPECT_THAT(verdict.duplicates, ElementsAre(1));
  EXPECT_FALSE(verdict.valid());
}

TEST(SetVerdict, WhatNobodyAddedIsUnexpected) {
  EXPECT_THAT(set_full(Story().add(1).read({1, 2}).history()).unexpected, ElementsAre(2));
}

TEST(SetVerdict, NothingStableIsNoSuccess) {
  EXPECT_FALSE(set_full(Story().read({}).history()).valid());
}

TEST(SetVerdict, TheMedianIsOfStableElementsAlone) {
  const SetVerdict verdict =
      set_full(Story().add(1).add(2).add(3).read({1, 2}).read({1, 2, 3}).history());
  EXPECT_THAT(verdict.stable_latencies, SizeIs(3));
  EXPECT_EQ(verdict.latency(0.5), 0s);
  EXPECT_EQ(verdict.latency(1), 900ms);
}

TEST(CounterVerdict, EveryLastReadIsTheSumOfWhatWasAcknowledged) {
  EXPECT_FALSE(counter_fault(Story().add(3).add(-1).last_read(2).history()));
  EXPECT_TRUE(counter_fault(Story().add(3).add(-1).last_read(3).history()));
  EXPECT_TRUE(counter_fault(Story().add(3).last_read(3).last_read(0).history()));
  EXPECT_TRUE(counter_fault(Story().add(3).history())) << "without a last read";
}

TEST(CounterVerdict, AnAddOfUnknownFateMayCountOnceOrNotAtAll) {
  const auto with = [](std::int64_t sum) {
    return counter_fault(
        Story().add(1).add(10, Outcome::kInfo).add(100, Outcome::kInfo).last_read(sum).history());
  };
  for (const std::int64_t sum : {1, 11, 101, 111}) EXPECT_FALSE(with(sum)) << sum;
  for (const std::int64_t sum : {0, 10, 21, 201}) EXPECT_TRUE(with(sum)) << sum;
}

TEST(CounterVerdict, AnAddThatFailedDoesNotCount) {
  EXPECT_TRUE(counter_fault(Story().add(1, Outcome::kFail).last_read(1).history()));
}

TEST(IdsVerdict, EachIdComesOnce) {
  EXPECT_FALSE(ids_fault(Story().generate("a").generate("b").history()));
  EXPECT_TRUE(ids_fault(Story().generate("a").generate("a").history()));
}

TEST(AvailabilityVerdict, EveryRequestSucceeds) {
  EXPECT_FALSE(availability_fault(Story().add(1).read({1}).history()));
  EXPECT_TRUE(availability_fault(Story().add(1).add(2, Outcome::kInfo).history()));
}

// --- the shapes of partitions ---

std::size_t drops(const Grudge& grudge) {
  std::size_t count = 0;
  for (const auto& from : grudge) count += from.size();
  return count;
}

TEST(Grudge, HaveJepsensShapes) {
  simulation::Dice dice(1, "grudges");
  EXPECT_EQ(drops(draw_grudge(Shape::kOne, 5, dice)), 2 * 1 * 4u);
  EXPECT_EQ(drops(draw_grudge(Shape::kMajority, 5, dice)), 2 * 2 * 3u);
  EXPECT_EQ(drops(draw_grudge(Shape::kMinorityThird, 7, dice)), 2 * 2 * 5u);
}

TEST(Grudge, InARingEveryNodeHearsAnotherMajority) {
  simulation::Dice dice(2, "grudges");
  const Grudge ring = draw_grudge(Shape::kMajoritiesRing, 5, dice);
  for (std::size_t node = 0; node < 5; ++node) {
    EXPECT_THAT(ring[node], SizeIs(2));
    EXPECT_FALSE(ring[node].contains(node));
  }
  EXPECT_EQ(std::set(ring.begin(), ring.end()).size(), 5u);
}

}  // namespace
