#include "crdt/compact_delta.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "crdt/codec.h"
#include "crdt/handled_mark.h"
#include "tests/support/case_count.h"
#include "tests/support/choices.h"
#include "tests/support/property.h"

namespace tests {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::ByteWriter;
using crdt::Delta;
using crdt::Dot;
using crdt::Leaf;
using crdt::Rank;
using crdt::ReplicaId;

// Both ends of one direction of a link.
struct Line {
  crdt::SentNames sent;
  crdt::ToldNames told;
  crdt::HeardNames heard;

  Bytes written(const Delta& delta) {
    ByteWriter out;
    sent.begin_message();
    crdt::write_compact(out, delta, sent);
    EXPECT_TRUE(heard.define(told.tell(sent)));
    return out.take();
  }
  crdt::Result<Delta> read(const Bytes& bytes) {
    ByteReader in(bytes);
    auto delta = crdt::read_compact(in, heard);
    if (delta && !in.at_end()) return crdt::Error("octets are left over");
    return delta;
  }
  crdt::Result<Delta> carry(const Delta& delta) { return read(written(delta)); }
};

const ReplicaId kA{0xa0a1a2a3a4a5a6a7};
const ReplicaId kB{0xb0b1b2b3b4b5b6b7};
const ReplicaId kC{0xc0c1c2c3c4c5c6c7};

// As one `/ir 5 !done` of three writers makes it.
Delta status_change(std::uint64_t counter) {
  const crdt::Stamp stamp{{0x0123456789abcdef, counter}, "U002000000"};
  Delta delta;
  delta.after = {{kA, 120}, {kB, counter}, {kC, 118}};
  delta.advance = {{kB, counter + 2}};
  delta.written = {
      {"t/0123456789abcdef0123456789abcdef/status", {kB, counter + 1}, {1}, stamp, "done"},
      {crdt::handled_path(stamp.request), {kB, counter + 2}, {1}, stamp, "12345678"}};
  delta.killed = {{kC, 77}};
  return delta;
}

TEST(CompactDelta, ComesBackAsItWas) {
  Line line;
  EXPECT_EQ(line.carry(Delta{}).value(), Delta{});
  EXPECT_EQ(line.carry(status_change(9)).value(), status_change(9));
}

TEST(CompactDelta, OnALinkThatKnowsItsNamesTakesAFewDozenOctetsAndItsValues) {
  Line line;
  static_cast<void>(line.written(status_change(100)));
  EXPECT_LE(line.written(status_change(102)).size(), 44 + 4 + 8u);
}

// The receiver derives it; a mark of another request in the same delta is spelt out.
TEST(CompactDelta, AMarkUnderAnotherRequestsPathKeepsItsPath) {
  Line line;
  Delta delta = status_change(9);
  delta.written[1].path = crdt::handled_path({1, 2});
  EXPECT_EQ(line.carry(delta).value(), delta);
}

// --- any delta that the codec accepts ---

class Maker {
 public:
  // `spread`: from how many replicas, authors and entities names are drawn.
  Maker(Choices& choices, std::uint64_t spread) : choices_(choices), spread_(spread) {}

  Delta delta() {
    Delta delta;
    for (std::uint64_t left = below(6); left > 0; --left) raise(delta.after);
    for (std::uint64_t left = below(4); left > 0; --left) advance(delta);
    if (delta.advance.empty()) return delta;
    for (const auto& [replica, counter] : delta.after.entries()) {
      for (std::uint64_t last = 0; last < counter && choices_.percent(60);) {
        last += 1 + below(std::min<std::uint64_t>(counter - last, number() + 1));
        delta.killed.push_back({replica, last});
      }
    }
    if (choices_.percent(20)) {  // Of a replica that did not move since.
      const Dot dot{{~std::uint64_t{0} - below(5)}, 1 + below(crdt::kCounterMax)};
      if (delta.after.of(dot.replica) == 0 && delta.advance.of(dot.replica) == 0) {
        delta.killed.push_back(dot);
      }
    }
    std::sort(delta.killed.begin(), delta.killed.end());
    for (const auto& [replica, counter] : delta.advance.entries()) write(delta, replica, counter);
    return delta;
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return choices_.below(bound); }
  std::uint64_t number() { return below(~std::uint64_t{0}) >> below(64); }

  // Names of every length that is special, and ids that come again.
  std::string name(std::size_t most) {
    static const std::size_t kLengths[] = {0, 1, 2, 3, 8, 63, 64, 127, 128, 129, 200};
    const std::size_t length = std::min(most, kLengths[below(std::size(kLengths))]);
    return std::string(length,
                       static_cast<char>('a' + below(std::min<std::uint64_t>(spread_, 26))));
  }
  ReplicaId replica() { return {1 + below(spread_) * 0x0101010101010101 % ~std::uint64_t{0}}; }

  void raise(crdt::VersionVector& vector) {
    const ReplicaId id = replica();
    const std::uint64_t now = vector.of(id);
    vector.advance(id, now + 1 + (number() >> 20) % (crdt::kCounterMax / 8));
  }
  void advance(Delta& delta) {
    const ReplicaId id = replica();
    const std::uint64_t most = crdt::kCounterMax - delta.after.of(id);
    const std::uint64_t rise =
        choices_.percent(5) ? most : 1 + below(std::min<std::uint64_t>(9, most));
    if (delta.advance.of(id) == 0) delta.advance.advance(id, delta.after.of(id) + rise);
  }
  void write(Delta& delta, ReplicaId replica, std::uint64_t last) {
    std::uint64_t counter = delta.after.of(replica);
    for (std::uint64_t left = below(4); left > 0; --left) {
      const std::uint64_t room = last - counter;
      if (room == 0) return;
      counter += choices_.percent(70) ? 1 : 1 + below(room);
      delta.written.push_back(leaf({replica, counter}, delta));
    }
  }
  Leaf leaf(const Dot& dot, const Delta& delta) {
    const bool again = !delta.written.empty() && choices_.percent(60);
    Leaf leaf = again ? delta.written.back() : Leaf{};
    leaf.dot = dot;
    if (!again) leaf.stamp = {{number(), number()}, name(crdt::kAuthorBytesMax)};
    if (!again || choices_.percent(30)) leaf.rank = rank();
    leaf.path = path(leaf.stamp);
    leaf.value = Bytes(below(20), static_cast<char>(below(256)));
    return leaf;
  }
  Rank rank() {
    switch (below(4)) {
      case 0:
        return {std::numeric_limits<std::int64_t>::min()};
      case 1:
        return {std::numeric_limits<std::int64_t>::max()};
      default:
        return {static_cast<std::int64_t>(number())};
    }
  }
  std::string path(const crdt::Stamp& stamp) {
    switch (below(5)) {
      case 0:
        return crdt::handled_path(stamp.request);
      case 1:
        return "n" + name(40);
      case 2:
        return "/" + name(40) + "/";
      case 3:
        return "t/" + name(127) + "/" + name(126);
      default:
        return "t/" + std::to_string(below(spread_)) + "/" + name(100) + "/x";
    }
  }

  Choices& choices_;
  std::uint64_t spread_;
};

// A few ids on one link, and so many on another that its table overflows again and again.
TEST(CompactDeltaLaw, WhatTheCodecAcceptsComesBackAsItWasHoweverLongTheLinkLives) {
  for (const std::uint64_t spread : {3, 20, 100'000}) {
    Line line;
    for (std::uint64_t seed = 0; seed < kLawCases / 3; ++seed) {
      SeededChoices choices(seed);
      const Delta delta = Maker(choices, spread).delta();
      ASSERT_EQ(crdt::fault_of(delta), nullptr) << seed;
      const auto carried = line.carry(delta);
      ASSERT_TRUE(carried) << "seed " << seed << ": " << carried.error().message;
      ASSERT_EQ(*carried, delta) << seed;
    }
  }
}

TEST(CompactDelta, MoreNamesThanATableHoldsAreSpeltOut) {
  Line line;
  Delta delta;
  for (std::uint64_t id = 1; id <= 3 * crdt::kNameSlots; ++id) delta.after.advance({id}, id);
  delta.advance = {{{1}, 2}};
  delta.written = {{"t/1/text", {{1}, 2}, {1}, {{1, 1}, "U1"}, "v"}};
  for (int round = 0; round < 3; ++round) EXPECT_EQ(line.carry(delta).value(), delta);
  EXPECT_EQ(line.carry(status_change(9)).value(), status_change(9));
}

// --- bytes that nobody honest sends ---

// What is read obeys all the Laws of crdt/codec.h: its own decoder takes it unchanged.
void expect_lawful(const crdt::Result<Delta>& delta) {
  if (!delta) return;
  const auto judged = crdt::decode_delta(crdt::encode(*delta));
  ASSERT_TRUE(judged) << judged.error().message;
  ASSERT_EQ(*judged, *delta);
}

TEST(CompactDelta, EveryTruncationIsRefused) {
  Line line;
  const Bytes whole = line.written(status_change(9));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(line.read(whole.substr(0, size))) << size;
  }
}

TEST(CompactDelta, EveryChangedOctetIsRefusedOrStillLawful) {
  Line line;
  const Bytes whole = line.written(status_change(9));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      Bytes changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const auto delta = line.read(changed);
      refused += !delta;
      ASSERT_NO_FATAL_FAILURE(expect_lawful(delta)) << i << " ^ " << change;
    }
  }
  EXPECT_GT(refused, whole.size() * 20);
}

TEST(CompactDeltaLaw, MutationsOfAnyDeltaAreRefusedOrStillLawful) {
  Line line;
  for (std::uint64_t seed = 0; seed < kLawCases / 2; ++seed) {
    SeededChoices choices(seed);
    Bytes bytes = line.written(Maker(choices, 5).delta());
    for (std::uint64_t left = 1 + choices.below(3); left > 0 && !bytes.empty(); --left) {
      const std::size_t at = choices.below(bytes.size());
      switch (choices.below(3)) {
        case 0:
          bytes[at] = static_cast<char>(choices.below(256));
          break;
        case 1:
          bytes.erase(at, 1 + choices.below(4));
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(choices.below(256)));
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_lawful(line.read(bytes))) << seed;
  }
}

TEST(CompactDeltaLaw, RandomOctetsAreRefusedOrLawful) {
  EXPECT_EQ(counterexample(kShrinkingCases,
                           [] {
                             const auto octets = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
                             Line line;
                             static_cast<void>(line.written(status_change(9)));
                             expect_lawful(line.read(Bytes(octets.begin(), octets.end())));
                           }),
            "");
}

// A delta with one replica, one leaf and nothing else, from its octets: what a liar writes by hand.
Bytes by_hand(const Bytes& replica, std::uint64_t after, std::uint64_t rise, const Bytes& leaf) {
  return ByteWriter()
      .varint(1)
      .varint(2 * replica.size())
      .octets(replica)
      .varint(after)
      .varint(rise)
      .varint(0)
      .varint(1)
      .octets(leaf)
      .take();
}

constexpr char kNextDot = 1;

Bytes leaf_by_hand(char flags, const Bytes& author, const Bytes& group, const Bytes& rest,
                   const Bytes& value) {
  return ByteWriter()
      .octets(Bytes(1, flags))
      .number(1)
      .number(2)
      .varint(2 * author.size())
      .octets(author)
      .varint(2 * group.size())
      .octets(group)
      .varint(2 * rest.size())
      .octets(rest)
      .varint(0)
      .varint(value.size())
      .octets(value)
      .take();
}

TEST(CompactDelta, EachBoundHoldsForTheLastThatPassesAndTheFirstThatDoesNot) {
  Line line;
  const Bytes id = crdt::big_endian(7);
  const auto taken = [&](const Bytes& bytes) { return line.read(bytes).has_value(); };
  const Bytes good = leaf_by_hand(kNextDot, "U1", "t/1/", "text", "v");
  EXPECT_TRUE(taken(by_hand(id, 3, 1, good)));
  EXPECT_FALSE(taken(by_hand(id.substr(1), 3, 1, good)));         // An id of seven octets,
  EXPECT_FALSE(taken(by_hand(id + "x", 3, 1, good)));             // of nine,
  EXPECT_FALSE(taken(by_hand(crdt::big_endian(0), 3, 1, good)));  // and nobody's.
  EXPECT_FALSE(taken(by_hand(id, 3, 0, good)));                   // Written past `advance`.
  EXPECT_TRUE(taken(by_hand(id, crdt::kCounterMax - 1, 1, good)));
  EXPECT_FALSE(taken(by_hand(id, crdt::kCounterMax, 1, good)));
  EXPECT_FALSE(taken(by_hand(id, 3, 1, leaf_by_hand(kNextDot | 64, "U1", "t/1/", "text", "v"))));
  const auto leaf = [&](std::size_t author, std::size_t path, std::size_t value) {
    return by_hand(
        id, 3, 1,
        leaf_by_hand(kNextDot, Bytes(author, 'a'), "", Bytes(path, 'p'), Bytes(value, 'v')));
  };
  EXPECT_TRUE(taken(leaf(crdt::kAuthorBytesMax, crdt::kPathBytesMax, crdt::kValueBytesMax)));
  EXPECT_FALSE(taken(leaf(crdt::kAuthorBytesMax + 1, 1, 0)));
  EXPECT_FALSE(taken(leaf(0, crdt::kPathBytesMax + 1, 0)));
  EXPECT_FALSE(taken(leaf(0, 0, 0)));
  EXPECT_FALSE(taken(leaf(0, 1, crdt::kValueBytesMax + 1)));
}

TEST(CompactDelta, AReferenceToWhatWasNeverToldIsRefused) {
  Line told;
  Line other;
  const Bytes bytes = told.written(status_change(9));
  EXPECT_TRUE(told.read(bytes));
  EXPECT_FALSE(other.read(bytes));
}

// A name that was told as one thing may be used as another, and is judged there.
TEST(CompactDelta, AnAuthorIsNoReplicaId) {
  Line line;
  ASSERT_TRUE(line.heard.define(ByteWriter().varint(0).varint(2).octets("U1").take()));
  const Bytes bytes =
      ByteWriter().varint(1).varint(2 * 0 + 1).varint(3).varint(1).varint(0).varint(0).take();
  EXPECT_FALSE(line.read(bytes));
}

TEST(CompactDelta, CountsThatTheOctetsCannotHoldAreRefusedBeforeAnythingIsRead) {
  Line line;
  EXPECT_FALSE(line.read(ByteWriter().varint(crdt::kReplicasMax).octets("abc").take()));
  EXPECT_FALSE(line.read(ByteWriter().varint(0).varint(crdt::kLeavesMax).take()));
  EXPECT_FALSE(line.read(ByteWriter().varint(0).varint(0).varint(~std::uint64_t{0}).take()));
}

}  // namespace
}  // namespace tests
