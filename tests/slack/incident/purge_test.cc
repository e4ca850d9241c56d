// Purged tasks are gone for good: no half of one comes back, no number is given twice, and hardly
// an octet is left.
#include "slack/incident/purge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crdt/codec.h"
#include "crdt/handled_set.h"
#include "tests/slack/incident/channel.h"

namespace {

using crdt::WallTime;
using testing::ElementsAre;
using testing::IsEmpty;
using tests::Channel;
using namespace std::chrono_literals;

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kThen = 1'000'000;

// Purges what was made before `second` in `channel`, as the peer `self`; how many tasks went.
std::size_t purge(Channel& channel, crdt::ReplicaId self, std::int64_t second) {
  crdt::Edit edit(channel.document, self, {{1, self.value}, ""}, {second * 1'000'000});
  const std::size_t purged =
      slack::incident::purge_tasks(edit, WallTime(std::chrono::seconds(second)));
  crdt::expire_all_handled(edit, {second * 1'000'000});
  if (!edit.empty()) {
    EXPECT_EQ(channel.document.apply(edit.finish()), crdt::Applied::kApplied);
  }
  return purged;
}

std::size_t stored(const crdt::Document& document) {
  return crdt::encode(document.context()).size() + crdt::encode_leaves(document.leaves()).size();
}

TEST(PurgeTasks, TakesWhatWasMadeBeforeAndLeavesTheRest) {
  Channel a('a');
  a.type("add old", "U1", kThen);
  a.type("add young", "U1", kThen + 10);
  EXPECT_EQ(purge(a, {9}, kThen + 10), 1u);
  EXPECT_THAT(a.board(), ElementsAre("2 assigned young []"));
  EXPECT_EQ(purge(a, {9}, kThen + 10), 0u);
}

TEST(PurgeTasks, NumbersOfTasksThatAreGoneAreNotGivenAgain) {
  Channel a('a');
  a.type("add one");
  a.type("add two");
  EXPECT_EQ(purge(a, {9}, kThen + 1), 2u);
  a.type("add three", "U2", kThen + 2);
  EXPECT_THAT(a.board(), ElementsAre("3 assigned three []"));
}

TEST(PurgeTasks, NobodysNameIsLeft) {
  Channel a('a');
  a.type("add one <@U7>", "U1");
  a.type("1 !red", "U2");
  purge(a, {9}, kThen + 2 * kHour);
  for (const crdt::Leaf& leaf : a.document.leaves()) {
    EXPECT_EQ(leaf.stamp.author, "") << leaf.path;
    EXPECT_EQ(leaf.path, "n");
  }
}

TEST(PurgeTasks, AnEditBesideThePurgeIsInvisibleAndTheNextPurgeTakesIt) {
  Channel a('a');
  Channel b('b');
  a.type("add one");
  b.pull(a);
  b.type("1 !red", "U2", kThen + 5);
  purge(a, {9}, kThen + 1);
  a.pull(b);
  b.pull(a);
  EXPECT_THAT(a.board(), IsEmpty());
  EXPECT_THAT(b.board(), IsEmpty());
  EXPECT_EQ(purge(a, {9}, kThen + 2 * kHour), 0u) << "it is no task";
  for (const crdt::Leaf& leaf : a.document.leaves()) EXPECT_EQ(leaf.path, "n");
}

TEST(PurgeTasks, ARetryOfWhatMadeATaskDoesNotBringItBack) {
  Channel a('a');
  const tests::Typed typed{"add one", "U1", kThen, "trigger"};
  a.type(typed);
  purge(a, {9}, kThen + 1);
  EXPECT_FALSE(a.type(typed).delta);
  EXPECT_THAT(a.board(), IsEmpty());
}

TEST(PurgeTasks, AThousandTasksThatAreGoneLeaveLessThan64Octets) {
  Channel alone('a');
  alone.type("add that stays", "U1", kThen + 5 * kHour);
  Channel a('a');
  for (int i = 0; i < 1'000; ++i) a.type("add number " + std::to_string(i), "U1", kThen);
  a.type("add that stays", "U1", kThen + 5 * kHour);
  EXPECT_EQ(purge(a, {97}, kThen + 4 * kHour), 1'000u);
  std::cout << "stored after 1,000 tasks added and purged: " << stored(a.document)
            << " octets; without them: " << stored(alone.document) << "\n";
  EXPECT_LE(stored(a.document), stored(alone.document) + 64);
}

// Whatever peers do in whatever order, nobody ever sees half a task, and all see the same.
RC_GTEST_PROP(PurgeTasks, NoScheduleShowsHalfATask, ()) {
  std::vector<Channel> peers{Channel('a'), Channel('b'), Channel('c')};
  const auto steps = *rc::gen::inRange(5, 40);
  std::int64_t second = kThen;
  for (int step = 0; step < steps; ++step) {
    const auto at = *rc::gen::inRange<std::size_t>(0, 3);
    Channel& peer = peers[at];
    ++second;
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        peer.type("add task " + std::to_string(step), "U1", second);
        break;
      case 1:
        peer.type(std::to_string(*rc::gen::inRange(1, 6)) + " !red", "U2", second);
        break;
      case 2:
        purge(peer, {90 + at}, *rc::gen::inRange<std::int64_t>(kThen, second + 1));
        break;
      default:
        peer.pull(peers[*rc::gen::inRange<std::size_t>(0, 3)]);
    }
    const auto list = slack::incident::read_tasks(peer.document);
    for (const auto& task : list.tasks) RC_ASSERT(!task.text.value().empty());
  }
  for (Channel& one : peers) {
    for (const Channel& other : peers) one.pull(other);
  }
  for (Channel& one : peers) {
    for (const Channel& other : peers) one.pull(other);
    RC_ASSERT(one.document == peers[0].document);
  }
}

}  // namespace
