#include "crdt/handled_set.h"

#include <gtest/gtest.h>

#include "tests/support/case_count.h"
#include "tests/support/choices.h"
#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

using crdt::Edit;
using crdt::Rank;

void handle(CrdtPeer& peer, std::uint64_t request) {
  peer.edit([](Edit& edit) { crdt::add_handled(edit); }, request);
}

std::size_t marks(const CrdtPeer& peer) { return peer.document.leaves().size(); }

TEST(HandledSet, KnowsARequestWhereverItsChangeWent) {
  CrdtPeer a(0), b(1);
  handle(a, 3);
  EXPECT_FALSE(crdt::is_handled(b.document, request_id(3)));
  b.learn_from(a);
  EXPECT_TRUE(crdt::is_handled(b.document, request_id(3)));
  EXPECT_FALSE(crdt::is_handled(b.document, request_id(4)));
}

TEST(HandledSet, KeepsAMarkForAnHour) {
  CrdtPeer a(0);
  handle(a, 1);
  const Rank hour_later{request_time(1) + crdt::kHandledMicros};
  a.edit(
      [&](Edit& edit) {
        EXPECT_EQ(crdt::expire_handled(edit, hour_later), 0u);
        edit.remove("x");
      },
      2);
  a.edit(
      [&](Edit& edit) { EXPECT_EQ(crdt::expire_handled(edit, Rank{hour_later.micros + 1}), 1u); },
      2);
  EXPECT_FALSE(crdt::is_handled(a.document, request_id(1)));
}

TEST(HandledSet, LooksAtEightEntriesAnAddAndNeverAtItsOwn) {
  CrdtPeer a(0);
  for (std::uint64_t request = 1; request <= 20; ++request) handle(a, request);
  a.edit(
      [&](Edit& edit) {
        EXPECT_EQ(crdt::expire_handled(edit, Rank{request_time(1000)}), crdt::kSweepEntries);
      },
      7);
  EXPECT_EQ(marks(a), 20 - crdt::kSweepEntries);
  EXPECT_TRUE(crdt::is_handled(a.document, request_id(7)));
}

TEST(HandledSet, SweepsAroundTheEnd) {
  CrdtPeer a(0);
  for (std::uint64_t request = 1; request <= 6; ++request) handle(a, request);
  const std::string last = crdt::handled_path(a.document.marks().rbegin()->request);
  std::uint64_t greatest = 1;
  while (crdt::handled_path(request_id(greatest)) != last) ++greatest;
  a.edit([&](Edit& edit) { EXPECT_EQ(crdt::expire_handled(edit, Rank{request_time(1000)}), 5u); },
         greatest);
  EXPECT_EQ(marks(a), 1u);
}

TEST(HandledSet, KeepsTheMarksOfARequestThatTwoReplicasHandled) {
  CrdtPeer a(0), b(1);
  handle(a, 1);
  handle(b, 1);
  handle(b, 2);
  a.learn_from(b);
  a.edit([&](Edit& edit) { EXPECT_EQ(crdt::expire_handled(edit, Rank{request_time(1000)}), 1u); },
         3);
  EXPECT_TRUE(crdt::is_handled(a.document, request_id(1)));
  EXPECT_FALSE(crdt::is_handled(a.document, request_id(2)));
}

// A request every 20 minutes for as long as you like: the set stays near an hour's worth.
TEST(HandledSet, StaysSmallUnderLoad) {
  CrdtPeer a(0);
  std::size_t most = 0;
  for (std::uint64_t request = 1; request <= 2'000; ++request) {
    a.edit(
        [&](Edit& edit) {
          crdt::add_handled(edit);
          crdt::expire_handled(edit, Rank{request_time(request)});
        },
        request);
    most = std::max(most, marks(a));
  }
  EXPECT_LE(most, 5u);
}

// A flood within a minute: the newest are known, and the document stays small.
TEST(HandledSet, HoldsAboutSoManyMarksAndTheNewestOfThem) {
  CrdtPeer a(0);
  constexpr std::uint64_t kRequests = 4 * crdt::kHandledMax;
  for (std::uint64_t request = 1; request <= kRequests; ++request) {
    a.edit(
        [&](Edit& edit) {
          crdt::add_handled(edit);
          crdt::expire_handled(edit, Rank{request_time(1)});
        },
        request);
    EXPECT_LE(marks(a), crdt::kHandledMax);
  }
  for (std::uint64_t recent = 0; recent < crdt::kHandledMax / 2; ++recent) {
    EXPECT_TRUE(crdt::is_handled(a.document, request_id(kRequests - recent))) << recent;
  }
}

// --- the late retry
// -------------------------------------------------------------------------------

enum class Rule { kHandled, kForgotten };

struct Request {
  std::uint64_t id = 0;
  std::set<std::uint64_t> saw;  // Requests whose change its first handling had seen.
};

struct Requests {
  std::map<std::uint64_t, Request> first;
  std::vector<std::set<std::uint64_t>> seen;
};

// A request under today's rules, or processed anew at every peer that gets it, at that peer's time.
void process(CrdtPeer& peer, std::set<std::uint64_t>& seen, Requests& all, std::uint64_t id,
             std::uint64_t now, Rule rule) {
  if (rule == Rule::kHandled && crdt::is_handled(peer.document, request_id(id))) return;
  all.first.try_emplace(id, Request{id, seen});
  seen.insert(id);
  const Rank time{request_time(rule == Rule::kHandled ? id : now)};
  const crdt::Leaf* shown = peer.document.winner("x");
  // A live value above the request's time stays, and the author is told.
  const bool late = rule == Rule::kHandled && shown != nullptr && shown->rank > time;
  peer.edit(
      [&](Edit& edit) {
        crdt::add_handled(edit);
        if (!late) edit.write_ranked("x", std::to_string(id), time, edit.stamp());
      },
      id);
}

// True where the value shown at the end is one that a later change had seen and replaced.
bool retry_wins(std::uint64_t seed, Rule rule) {
  SeededChoices choices(seed);
  std::vector<CrdtPeer> peers;
  for (std::uint64_t i = 0, count = 2 + choices.below(2); i < count; ++i) {
    peers.emplace_back(static_cast<int>(i));
  }
  Requests all;
  all.seen.resize(peers.size());
  std::uint64_t now = 0;
  for (std::uint64_t steps = 4 + choices.below(13); steps > 0; --steps) {
    ++now;
    const std::size_t at = choices.below(peers.size());
    const std::uint64_t kind = choices.below(100);
    if (kind < 35) {
      process(peers[at], all.seen[at], all, now, now, rule);
    } else if (kind < 60 && !all.first.empty()) {
      auto request = all.first.begin();
      std::advance(request, static_cast<long>(choices.below(all.first.size())));
      process(peers[at], all.seen[at], all, request->first, now, rule);
    } else {
      const std::size_t from = choices.below(peers.size());
      peers[at].learn_from(peers[from]);
      all.seen[at].insert(all.seen[from].begin(), all.seen[from].end());
    }
  }
  for (CrdtPeer& peer : peers) {
    for (const CrdtPeer& other : peers) peer.learn_from(other);
  }
  const crdt::Leaf* shown = peers[0].document.winner("x");
  if (shown == nullptr) return false;
  const std::uint64_t winner = std::stoull(shown->value);
  return std::any_of(all.first.begin(), all.first.end(),
                     [&](const auto& entry) { return entry.second.saw.contains(winner); });
}

TEST(HandledSetLaw, ALateRetryNeverBeatsAChangeThatSawTheOriginal) {
  std::uint64_t forgotten = 0;
  for (std::uint64_t seed = 0; seed < kLawCases; ++seed) {
    ASSERT_FALSE(retry_wins(seed, Rule::kHandled)) << "seed " << seed;
    if (seed % 10 == 0 && retry_wins(seed, Rule::kForgotten)) ++forgotten;
  }
  EXPECT_GT(forgotten, 0u);
}

}  // namespace
}  // namespace tests
