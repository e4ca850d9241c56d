// Checksum and StateHash.
#include "crdt/checksum.h"

#include <gtest/gtest.h>

#include "crdt/state_hash.h"
#include "tests/support/crdt_peer.h"

namespace tests {
namespace {

TEST(Checksum, OpensWhatItSealed) {
  for (const std::string& value : {std::string(), std::string("x"), std::string(5'000, '\0')}) {
    const crdt::Bytes sealed = crdt::seal_value(value);
    EXPECT_EQ(crdt::open_value(sealed).value(), value);
    EXPECT_EQ(sealed.size(), value.size() + crdt::kChecksumBytes);
  }
}

TEST(Checksum, SeesEveryChangedBitAndEveryCut) {
  const crdt::Bytes sealed = crdt::seal_value("a stored value");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    crdt::Bytes changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(crdt::open_value(changed)) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(crdt::open_value(crdt::BytesView(sealed).substr(0, size))) << size;
  }
}

TEST(StateHash, IsTheSameHoweverTheStateCameAbout) {
  CrdtPeer a(0), b(1);
  a.write("x", "1");
  b.write("x", "2");
  CrdtPeer ab = a, ba = b;
  ab.learn_from(b);
  ba.learn_from(a);
  EXPECT_EQ(crdt::state_hash(ab.document), crdt::state_hash(ba.document));
}

TEST(StateHash, ChangesWithEveryPartOfALeafAndOfTheVector) {
  const crdt::Leaf leaf{"path", {replica_id(0), 1}, crdt::Rank{5}, {{1, 2}, "U1"}, "value"};
  std::vector<crdt::Leaf> changed(8, leaf);
  changed[1].path = "pat";
  changed[2].dot.counter = 2;
  changed[3].rank.micros = -5;
  changed[4].stamp.request.low = 3;
  changed[5].stamp.author = "U2";
  changed[6].value = "valu";
  changed[7].path = "pathv", changed[7].value = "alue";
  const crdt::VersionVector context{{replica_id(0), 2}};
  std::set<crdt::StateHash> hashes{crdt::state_hash(crdt::Document(context, {}))};
  for (const crdt::Leaf& one : changed) {
    hashes.insert(crdt::state_hash(crdt::Document(context, {one})));
  }
  hashes.insert(crdt::state_hash(crdt::Document({{replica_id(0), 3}}, {leaf})));
  EXPECT_EQ(hashes.size(), changed.size() + 2);
}

}  // namespace
}  // namespace tests
