// The incident channel under retries, cuts and any order of delivery.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <deque>
#include <set>

#include "tests/slack/incident/channel.h"
#include "tests/support/case_count.h"
#include "tests/support/property.h"

namespace slack::incident {
namespace {

using testing::ElementsAre;
using tests::Channel;
using tests::sync;
using tests::Typed;

// A verb, how somebody else changes the same field later, and the board that must be left.
struct Retry {
  std::string verb;
  std::string later;
  std::string board;
};

const std::vector<Retry> kRetries{
    {"1 !red", "1 !green", "1 green one [U8]"},     {"1: two", "1: three", "1 assigned three [U8]"},
    {"1 <@U5>", "1 -<@U5>", "1 assigned one [U8]"}, {"1 -<@U8>", "1 <@U8>", "1 assigned one [U8]"},
    {"done 1", "reopen 1", "1 assigned one [U8]"},  {"cancel 1", "1 !yellow", "1 yellow one [U8]"},
    {"take 1", "1 -<@U1>", "1 assigned one [U8]"},  {"close 1", "1 !red", "1 red one [U8]"},
};

// A channel with one task, on three peers.
struct Three {
  Three() {
    a.type("add one <@U8>", "U9", 999'000);
    b.pull(a);
    c.pull(a);
  }
  Channel a{'a'};
  Channel b{'b'};
  Channel c{'c'};
};

TEST(Retry, AMinuteLaterWhereAllIsKnownChangesNothing) {
  for (const Retry& retry : kRetries) {
    Three peers;
    const Typed first{retry.verb, "U1", 1'000'000, "trigger"};
    ASSERT_TRUE(peers.a.type(first).delta.has_value()) << retry.verb;
    peers.c.pull(peers.a);
    ASSERT_TRUE(peers.c.type(retry.later, "U2", 1'000'030).delta.has_value()) << retry.verb;
    peers.b.pull(peers.c);
    EXPECT_FALSE(peers.b.type(first).delta.has_value()) << retry.verb;
    EXPECT_THAT(peers.b.board(), ElementsAre(retry.board)) << retry.verb;
  }
}

TEST(Retry, AMinuteLaterOnAPeerThatSawNothingLetsTheLaterChangeStand) {
  for (const Retry& retry : kRetries) {
    Three peers;
    const Typed first{retry.verb, "U1", 1'000'000, "trigger"};
    peers.a.type(first);
    peers.c.pull(peers.a);
    peers.c.type(retry.later, "U2", 1'000'030);
    peers.b.type(first);  // Behind a cut: neither the original nor the later change is here.
    sync(peers.b, peers.c);
    peers.a.pull(peers.b);
    EXPECT_THAT(peers.a.board(), ElementsAre(retry.board)) << retry.verb;
    EXPECT_EQ(peers.a.board(), peers.b.board()) << retry.verb;
    EXPECT_EQ(peers.a.board(), peers.c.board()) << retry.verb;
  }
}

// Slack's own retries keep their stamp; whoever signs one anew must not thereby overtake.
TEST(Retry, SignedAnewOnAPeerThatSawNothingLetsTheLaterChangeStandForGood) {
  for (const Retry& retry : kRetries) {
    Three peers;
    peers.a.type(Typed{retry.verb, "U1", 1'000'000, "trigger"});
    peers.c.pull(peers.a);
    peers.c.type(retry.later, "U2", 1'000'030);
    peers.b.type(Typed{retry.verb, "U1", 1'000'060, "trigger"});
    sync(peers.b, peers.c);
    peers.a.pull(peers.b);
    EXPECT_THAT(peers.a.board(), ElementsAre(retry.board)) << retry.verb;
    // Hours later the marks of single requests are swept, but not those that decide here.
    for (int i = 0; i < 40; ++i) peers.a.type("add more", "U3", 1'010'000 + i);
    EXPECT_EQ(peers.a.board().front(), retry.board) << retry.verb;
  }
}

TEST(Retry, AMinuteLaterWhereOnlyTheLaterChangeIsKnownLetsItStand) {
  for (const Retry& retry : kRetries) {
    Three peers;
    const Typed first{retry.verb, "U1", 1'000'000, "trigger"};
    peers.a.type(first);
    // The later change did not see the original: its author acted on what c showed.
    const bool changed = peers.c.type(retry.later, "U2", 1'000'030).delta.has_value();
    peers.b.pull(peers.c);
    peers.b.type(first);
    sync(peers.a, peers.b);
    peers.c.pull(peers.a);
    EXPECT_EQ(peers.a.board(), peers.b.board()) << retry.verb;
    EXPECT_EQ(peers.a.board(), peers.c.board()) << retry.verb;
    // Where "later" was no change on c, the original is all that happened.
    if (!changed) continue;
    EXPECT_EQ(peers.a.board().front().substr(0, retry.board.size()), retry.board);
  }
}

TEST(Retry, OfAnAddOnEveryPeerAtOnceIsOneTask) {
  Channel a('a');
  Channel b('b');
  Channel c('c');
  const Typed add{"add one <@U2|ann> !red", "U1", 1'000'000, "trigger"};
  for (Channel* peer : {&a, &b, &c}) EXPECT_TRUE(peer->type(add).delta.has_value());
  sync(a, b);
  sync(b, c);
  a.pull(c);
  EXPECT_THAT(a.board(), ElementsAre("1 red one [U2]"));
  EXPECT_EQ(a.board(), b.board());
  EXPECT_EQ(a.board(), c.board());
  EXPECT_FALSE(b.type(add).delta.has_value());
}

TEST(Retry, MakesTheSameTimelineEntryOnEveryPeer) {
  Three peers;
  const Typed first{"1 !red", "U1", 1'000'000, "trigger"};
  peers.b.type("1 !green", "U2", 999'990);
  const auto here = peers.a.type(first);
  const auto there = peers.b.type(first);
  EXPECT_EQ(here.entry, there.entry);
  EXPECT_NE(here.detail, there.detail);
}

// --- laws ---

const std::vector<std::string> kTexts{"add disk full",
                                      "add cert <@U3> !red",
                                      "1 !done",
                                      "1 !red",
                                      "2 !green",
                                      "1: new text",
                                      "take 1",
                                      "drop 1",
                                      "done 1 2",
                                      "reopen 1",
                                      "cancel 2",
                                      "1 <@U9>",
                                      "1 -<@U9> : renamed",
                                      "1a !yellow",
                                      "2b !done",
                                      "take 2"};

// Three peers, and the deltas that still travel to each.
struct World {
  std::array<Channel, 3> peers{Channel('a'), Channel('b'), Channel('c')};
  std::array<std::deque<crdt::Delta>, 3> inboxes;
};

void run_step(World& world, const std::vector<int>& step, std::int64_t second) {
  Channel& peer = world.peers[static_cast<std::size_t>(step[0])];
  std::deque<crdt::Delta>& inbox = world.inboxes[static_cast<std::size_t>(step[0])];
  switch (step[1]) {
    case 0:  // Somebody types, or a retry arrives: few triggers, so that some are the same.
    case 1: {
      const std::string& text = kTexts[static_cast<std::size_t>(step[2])];
      const std::string user = step[3] % 2 == 0 ? "U1" : "U2";
      const Typed typed{text, user, second - step[3], text + std::to_string(step[3])};
      const auto result = peer.type(typed);
      if (!result.delta) break;
      for (std::size_t other = 0; other < world.peers.size(); ++other) {
        if (&world.peers[other] != &peer) world.inboxes[other].push_back(*result.delta);
      }
      break;
    }
    case 2:  // A delta arrives: the oldest or the newest, once or twice, or it is lost.
      if (inbox.empty()) break;
      if (step[3] % 3 != 0) {
        const crdt::Delta delta = step[2] % 2 == 0 ? inbox.front() : inbox.back();
        peer.document.apply(delta);
        if (step[3] % 3 == 2) peer.document.apply(delta);
      }
      if (step[2] % 2 == 0) {
        inbox.pop_front();
      } else {
        inbox.pop_back();
      }
      break;
    default:  // Anti-entropy with a neighbour.
      peer.pull(world.peers[static_cast<std::size_t>((step[0] + 1 + step[2] % 2) % 3)]);
  }
}

TEST(ConvergenceLaw, EndsWithOneBoardWhateverWasTypedRetriedLostOrReordered) {
  EXPECT_EQ("", tests::counterexample(tests::kShrinkingCases, [] {
              const auto steps = *rc::gen::container<std::vector<std::vector<int>>>(
                  rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 3), rc::gen::inRange(0, 4),
                                              rc::gen::inRange(0, 16), rc::gen::inRange(0, 6)),
                               [](const std::tuple<int, int, int, int>& step) {
                                 return std::vector<int>{std::get<0>(step), std::get<1>(step),
                                                         std::get<2>(step), std::get<3>(step)};
                               }));
              World world;
              std::int64_t second = 1'000'000;
              for (const auto& step : steps) run_step(world, step, ++second);
              auto& [a, b, c] = world.peers;
              sync(a, b);
              sync(b, c);
              a.pull(c);
              RC_ASSERT(a.document.context() == b.document.context());
              RC_ASSERT(a.document == b.document);
              RC_ASSERT(b.document == c.document);
              RC_ASSERT(a.board() == b.board());
              // No half tasks: each has the text and the number that its create gave it.
              const TaskList list = read_tasks(a.document);
              for (const Task& task : list.tasks) {
                RC_ASSERT(!task.text.value().empty());
                RC_ASSERT(task.core.number >= 1U);
                RC_ASSERT(list.number_max >= task.core.number);
              }
            }));
}

TEST(ConvergenceLaw, NeverGivesOneLabelToTwoTasks) {
  EXPECT_EQ("", tests::counterexample(tests::kShrinkingCases, [] {
              const auto script = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 9));
              // One peer has a letter of its own, two have one.
              std::array<Channel, 3> peers{Channel('a'), Channel('b', crdt::ReplicaId{1}),
                                           Channel('b', crdt::ReplicaId{2})};
              std::int64_t second = 1'000'000;
              for (const int step : script) {
                Channel& peer = peers[static_cast<std::size_t>(step % 3)];
                if (step < 6) {
                  peer.type("add task", "U1", ++second);
                } else {
                  peer.pull(peers[static_cast<std::size_t>((step + 1) % 3)]);
                }
                std::set<std::string> labels;
                const TaskList list = read_tasks(peer.document);
                for (const Task& task : list.tasks) RC_ASSERT(labels.insert(task.label()).second);
              }
            }));
}

}  // namespace
}  // namespace slack::incident
