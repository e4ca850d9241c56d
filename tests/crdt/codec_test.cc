#include "crdt/codec.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "crdt/document.capnp.h"
#include "tests/support/case_count.h"
#include "tests/support/choices.h"
#include "tests/support/crdt_peer.h"
#include "tests/support/property.h"

namespace tests {
namespace {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Delta;
using crdt::Dot;
using crdt::Edit;
using crdt::Fragment;
using crdt::Leaf;
using crdt::Rank;
using crdt::Record;
using crdt::VersionVector;

const crdt::ReplicaId kA{10};
const crdt::ReplicaId kB{20};

Leaf leaf(const Dot& dot, const std::string& path = "p") {
  return Leaf{path, dot, Rank{-5}, {{1, 2}, "U1"}, "value"};
}

// after {A:1}, advance {A:3, B:2}: something of each kind, all of it valid.
Delta sample_delta() {
  Delta delta;
  delta.after = {{kA, 1}};
  delta.advance = {{kA, 3}, {kB, 2}};
  delta.written = {leaf({kA, 2}), leaf({kA, 3}, "q"), leaf({kB, 1})};
  delta.written[2].stamp.author = "U2";
  delta.killed = {{kA, 1}, {crdt::ReplicaId{30}, 7}};
  return delta;
}

Fragment sample_fragment() {
  Fragment fragment;
  fragment.asker = {{kA, 1}, {crdt::ReplicaId{5}, 4}};
  fragment.context = {{kA, 3}, {kB, 2}};
  fragment.fresh = {leaf({kA, 2}), leaf({kB, 1})};
  fragment.kept = {{kA, 1}};
  return fragment;
}

std::string refusal(const Delta& delta) {
  const auto decoded = crdt::decode_delta(crdt::encode(delta));
  return decoded ? "" : decoded.error().message;
}

std::string refusal(const Fragment& fragment) {
  const auto decoded = crdt::decode_fragment(crdt::encode(fragment));
  return decoded ? "" : decoded.error().message;
}

TEST(Codec, EveryKindComesBackAsItWas) {
  const Delta delta = sample_delta();
  EXPECT_EQ(crdt::decode_delta(crdt::encode(delta)).value(), delta);
  EXPECT_EQ(crdt::decode_delta(crdt::encode(Delta{})).value(), Delta{});
  const Fragment fragment = sample_fragment();
  EXPECT_EQ(crdt::decode_fragment(crdt::encode(fragment)).value(), fragment);
  const Record record{"e\x01\x02", Bytes("\0x\0", 3)};
  EXPECT_EQ(crdt::decode_record(crdt::encode(record)).value(), record);
  const VersionVector vector{{kA, crdt::kCounterMax}, {kB, 1}};
  EXPECT_EQ(crdt::decode_version_vector(crdt::encode(vector)).value(), vector);
  const std::vector<Leaf> group = {leaf({kB, 9}, "a"), leaf({kA, 1}, "b")};
  EXPECT_EQ(crdt::decode_leaves(crdt::encode_leaves(group)).value(), group);
}

TEST(Codec, TakesBytesAtAnyAlignment) {
  const Bytes encoded = crdt::encode(sample_delta());
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const Bytes shifted = Bytes(shift, 'x') + encoded;
    EXPECT_TRUE(crdt::decode_delta(BytesView(shifted).substr(shift)));
  }
}

TEST(Codec, RefusesEveryTruncation) {
  const Bytes encoded = crdt::encode(sample_fragment());
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(crdt::decode_fragment(BytesView(encoded).substr(0, size))) << size;
  }
}

// What a changed octet leaves decodable must still keep every rule: encoding it again shows none
// lost.
TEST(Codec, SurvivesEveryChangedOctet) {
  const Bytes encoded = crdt::encode(sample_delta());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      Bytes changed = encoded;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const auto decoded = crdt::decode_delta(changed);
      if (!decoded) {
        ++refused;
      } else {
        EXPECT_EQ(crdt::decode_delta(crdt::encode(*decoded)).value(), *decoded);
      }
    }
  }
  EXPECT_GT(refused, encoded.size() * 20);
}

TEST(CodecLaw, RandomOctetsNeverDoMoreThanFail) {
  EXPECT_EQ(counterexample(kShrinkingCases,
                           [] {
                             const auto octets = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
                             Bytes bytes(octets.begin(), octets.end());
                             bytes.resize(bytes.size() / 8 * 8);
                             (void)crdt::decode_delta(bytes);
                             (void)crdt::decode_fragment(bytes);
                             (void)crdt::decode_leaves(bytes);
                             (void)crdt::decode_record(bytes);
                             (void)crdt::decode_version_vector(bytes);
                           }),
            "");
}

TEST(CodecLaw, EveryRecordAndGroupComesBackAsItWas) {
  for (std::uint64_t seed = 0; seed < kLawCases; ++seed) {
    SeededChoices choices(seed);
    const auto any_bytes = [&](std::size_t most) {
      Bytes bytes(choices.below(most), '\0');
      for (char& c : bytes) c = static_cast<char>(choices.below(256));
      return bytes;
    };
    const Record record{"k" + any_bytes(20), any_bytes(40)};
    ASSERT_EQ(crdt::decode_record(crdt::encode(record)).value(), record) << seed;
    std::vector<Leaf> group;
    for (std::uint64_t i = choices.below(5); i > 0; --i) {
      const Dot dot{{1 + choices.below(3)}, i};
      const Rank rank{static_cast<std::int64_t>(choices.below(1u << 30)) - (1 << 29)};
      group.push_back({"p" + any_bytes(9), dot, rank, {{0, i / 2}, any_bytes(3)}, any_bytes(30)});
    }
    ASSERT_EQ(crdt::decode_leaves(crdt::encode_leaves(group)).value(), group) << seed;
  }
}

TEST(Codec, RefusesADeltaThatIsNoInterval) {
  ASSERT_EQ(refusal(sample_delta()), "");
  const auto broken = [](const std::function<void(Delta&)>& change) {
    Delta delta = sample_delta();
    change(delta);
    return refusal(delta);
  };
  EXPECT_NE(broken([](Delta& d) { d.after = {{kA, 3}}; }), "");
  EXPECT_NE(broken([](Delta& d) { d.written[0].dot.counter = 1; }), "");
  EXPECT_NE(broken([](Delta& d) { d.written[2].dot.counter = 3; }), "");
  EXPECT_NE(broken([](Delta& d) { std::swap(d.written[0], d.written[1]); }), "");
  EXPECT_NE(broken([](Delta& d) { d.written[1].dot = d.written[0].dot; }), "");
  EXPECT_NE(broken([](Delta& d) { d.killed[0].counter = 2; }), "");
  EXPECT_NE(broken([](Delta& d) { d.killed = {{kB, 1}}; }), "");
  EXPECT_NE(broken([](Delta& d) { d.killed = {{kA, 1}, {kA, 1}}; }), "");
  EXPECT_NE(broken([](Delta& d) { d.killed = {{kA, 0}}; }), "");
  EXPECT_NE(broken([](Delta& d) { d.killed = {{crdt::ReplicaId{0}, 1}}; }), "");
  EXPECT_NE(broken([](Delta& d) { d.written.clear(), d.advance = {}; }), "");
}

TEST(Codec, RefusesAFragmentThatContradictsItself) {
  ASSERT_EQ(refusal(sample_fragment()), "");
  const auto broken = [](const std::function<void(Fragment&)>& change) {
    Fragment fragment = sample_fragment();
    change(fragment);
    return refusal(fragment);
  };
  EXPECT_NE(broken([](Fragment& f) { f.fresh[0].dot.counter = 1; }), "");
  EXPECT_NE(broken([](Fragment& f) { f.fresh[1].dot.counter = 9; }), "");
  EXPECT_NE(broken([](Fragment& f) { std::swap(f.fresh[0], f.fresh[1]); }), "");
  EXPECT_NE(broken([](Fragment& f) { f.kept = {{kA, 2}}; }), "");
  EXPECT_NE(broken([](Fragment& f) { f.kept = {{crdt::ReplicaId{5}, 1}}; }), "");
}

TEST(Codec, HoldsEachLeafToItsBounds) {
  const auto with = [](const std::function<void(Leaf&)>& change) {
    Delta delta = sample_delta();
    change(delta.written[0]);
    return refusal(delta);
  };
  EXPECT_EQ(with([](Leaf& l) { l.path = Bytes(crdt::kPathBytesMax, 'p'); }), "");
  EXPECT_NE(with([](Leaf& l) { l.path = Bytes(crdt::kPathBytesMax + 1, 'p'); }), "");
  EXPECT_NE(with([](Leaf& l) { l.path.clear(); }), "");
  EXPECT_EQ(with([](Leaf& l) { l.value = Bytes(crdt::kValueBytesMax, 'v'); }), "");
  EXPECT_NE(with([](Leaf& l) { l.value = Bytes(crdt::kValueBytesMax + 1, 'v'); }), "");
  EXPECT_EQ(with([](Leaf& l) { l.stamp.author = Bytes(crdt::kAuthorBytesMax, 'a'); }), "");
  EXPECT_NE(with([](Leaf& l) { l.stamp.author = Bytes(crdt::kAuthorBytesMax + 1, 'a'); }), "");
}

TEST(Codec, HoldsEachMessageToItsBounds) {
  Fragment fragment;
  fragment.asker = fragment.context = {{kA, crdt::kLeavesMax + 1}};
  for (std::uint64_t i = 1; i <= crdt::kLeavesMax; ++i) fragment.kept.push_back({kA, i});
  EXPECT_EQ(refusal(fragment), "");
  fragment.kept.push_back({kA, crdt::kLeavesMax + 1});
  EXPECT_NE(refusal(fragment), "");

  EXPECT_FALSE(crdt::decode_delta(Bytes(crdt::kMessageBytesMax + 8, '\0')));
  const auto record_of = [](std::size_t key, std::size_t value) {
    return crdt::decode_record(crdt::encode(Record{Bytes(key, 'k'), Bytes(value, 'v')}));
  };
  EXPECT_TRUE(record_of(crdt::kRecordKeyBytesMax, crdt::kRecordValueBytesMax));
  EXPECT_FALSE(record_of(0, 1));
  EXPECT_FALSE(record_of(crdt::kRecordKeyBytesMax + 1, 1));
  EXPECT_FALSE(record_of(1, crdt::kRecordValueBytesMax + 1));
  EXPECT_FALSE(
      crdt::decode_leaves(crdt::encode_leaves(std::vector{leaf({kA, 1}), leaf({kA, 1}, "q")})));
}

// Builds messages that the encoder never makes, in one segment.
template <class Root>
Bytes forged(const std::function<void(typename Root::Builder)>& fill) {
  capnp::MallocMessageBuilder message(100'000);
  fill(message.initRoot<Root>());
  const auto words = capnp::messageToFlatArray(message);
  const auto octets = words.asBytes();
  return Bytes(reinterpret_cast<const char*>(octets.begin()), octets.size());
}

TEST(Codec, RefusesNamesThatDoNotAscendOrAreNobodys) {
  using Names = std::vector<std::uint64_t>;
  const auto with = [](const Names& ids, const Names& entries) {
    return crdt::decode_version_vector(
        forged<crdt::wire::VersionVector>([&](crdt::wire::VersionVector::Builder out) {
          auto replicas = out.initNames().initReplicas(static_cast<unsigned>(ids.size()));
          for (unsigned i = 0; i < ids.size(); ++i) replicas.set(i, ids[i]);
          auto list = out.initEntries(static_cast<unsigned>(entries.size()));
          for (unsigned i = 0; i < entries.size(); ++i) list.set(i, entries[i]);
        }));
  };
  constexpr std::uint64_t kSecond = std::uint64_t{1} << 48;
  EXPECT_TRUE(with({4, 5}, {1, kSecond + 1}));
  EXPECT_FALSE(with({0, 5}, {1, kSecond + 1}));   // Nobody's id.
  EXPECT_FALSE(with({5, 4}, {1, kSecond + 1}));   // Descending ids.
  EXPECT_FALSE(with({4, 4}, {1, kSecond + 1}));   // One id twice.
  EXPECT_FALSE(with({4, 5}, {kSecond + 1, 1}));   // Descending entries.
  EXPECT_FALSE(with({4, 5}, {1, 2}));             // One replica twice.
  EXPECT_FALSE(with({4, 5}, {kSecond}));          // Counter zero.
  EXPECT_FALSE(with({4, 5}, {2 * kSecond + 1}));  // Past the table.
}

// A list of empty structs costs no bytes an element: the count alone must not cost memory or time.
TEST(Codec, IsNotImpressedByALongListOfNothing) {
  const Bytes bytes = forged<crdt::wire::Fragment>([](crdt::wire::Fragment::Builder out) {
    out.initNames().initReplicas(1).set(0, 1);
    out.initContext(1).set(0, 50'000);
    out.initFresh(50'000);
  });
  EXPECT_FALSE(crdt::decode_fragment(bytes));
}

// One stored value, pointed at by many leaves: small on the wire, large in memory.
TEST(Codec, RefusesAMessageThatIsMadeLargeByOverlappingPointers) {
  constexpr unsigned kLeaves = 60;
  Bytes bytes = forged<crdt::wire::Fragment>([](crdt::wire::Fragment::Builder out) {
    auto names = out.initNames();
    names.initReplicas(1).set(0, 1);
    names.initStamps(1);
    out.initContext(1).set(0, kLeaves);
    auto leaves = out.initFresh(kLeaves);
    for (unsigned i = 0; i < kLeaves; ++i) {
      leaves[i].setDot(i + 1);
      leaves[i].setPath(capnp::Data::Reader(reinterpret_cast<const kj::byte*>("p"), 1));
    }
    leaves[0].initValue(crdt::kValueBytesMax);
  });
  ASSERT_TRUE(crdt::decode_fragment(bytes));
  // Leaf 0's value pointer is a list pointer: bits 2 to 31 are the offset in words from its own
  // end. The leaves lie five words apart, so the same list is five words nearer for each next leaf.
  std::vector<std::uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  const std::uint64_t length = crdt::kValueBytesMax << 3 | 2;  // Octets, as a pointer counts them.
  const auto first = std::find_if(words.begin(), words.end(), [&](std::uint64_t word) {
    return word >> 32 == length && (word & 3) == 1;
  });
  ASSERT_NE(first, words.end());
  for (unsigned i = 1; i < kLeaves; ++i) *(first + 5 * i) = *first - (std::uint64_t{5 * i} << 2);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  EXPECT_FALSE(crdt::decode_fragment(bytes));
}

// --- stored leaves ---

TEST(StoredLeaves, WhatIsCutOffOrGoesOnIsRefused) {
  const Bytes encoded = crdt::encode_leaves(std::vector{leaf({kA, 1}), leaf({kB, 300}, "p/q")});
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(crdt::decode_leaves(BytesView(encoded).substr(0, size))) << size;
  }
  EXPECT_FALSE(crdt::decode_leaves(encoded + '\0'));
}

TEST(StoredLeaves, LeavesThatNoDocumentHoldsAreRefused) {
  const auto accepted = [](const Leaf& one) {
    return crdt::decode_leaves(crdt::encode_leaves({&one, 1})).has_value();
  };
  EXPECT_TRUE(accepted(leaf({kA, crdt::kCounterMax}, Bytes(crdt::kPathBytesMax, 'p'))));
  EXPECT_FALSE(accepted(leaf({kA, 1}, "")));
  EXPECT_FALSE(accepted(leaf({kA, 1}, Bytes(crdt::kPathBytesMax + 1, 'p'))));
  EXPECT_FALSE(accepted(leaf({kA, 0})));
  EXPECT_FALSE(accepted(leaf({kA, crdt::kCounterMax + 1})));
  EXPECT_FALSE(accepted(leaf({crdt::ReplicaId{}, 1})));
  Leaf one = leaf({kA, 1});
  one.value = Bytes(crdt::kValueBytesMax + 1, 'v');
  EXPECT_FALSE(accepted(one));
  one = leaf({kA, 1});
  one.stamp.author = Bytes(crdt::kAuthorBytesMax + 1, 'U');
  EXPECT_FALSE(accepted(one));
}

TEST(StoredLeaves, AChangedOctetNeverDoesMoreThanFailOrChangeOneLeaf) {
  const Bytes encoded = crdt::encode_leaves(std::vector{leaf({kA, 1}), leaf({kB, 300}, "p/q")});
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      Bytes changed = encoded;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const auto decoded = crdt::decode_leaves(changed);
      if (!decoded) continue;
      EXPECT_EQ(crdt::decode_leaves(crdt::encode_leaves(*decoded)).value(), *decoded);
    }
  }
}

TEST(Codec, NamesEachReplicaAndStampOnce) {
  CrdtPeer a(0);
  const auto size_of = [&](int fields) {
    const Delta delta = a.edit([&](Edit& edit) {
      for (int i = 0; i < fields; ++i) edit.write("f" + std::to_string(i), "12345678");
    });
    return crdt::encode(delta).size();
  };
  size_of(9);
  // Each leaf costs its five words, its path and its value: nothing of its author or request.
  const std::size_t one = size_of(1);
  EXPECT_LE(size_of(9), one + 8 * 7 * 8 + 8 * 8);
}

}  // namespace
}  // namespace tests
