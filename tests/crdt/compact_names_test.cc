#include "crdt/compact_names.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::ByteWriter;
using crdt::kNameOctetsMax;
using crdt::kNameSlots;

class CompactNames : public testing::Test {
 protected:
  crdt::SentNames sent;
  crdt::ToldNames told;
  crdt::HeardNames heard;

  // One message that refers to `names`; the definitions it needed first.
  Bytes carry(const std::vector<std::string>& names) {
    sent.begin_message();
    ByteWriter out;
    for (const std::string& name : names) sent.refer(out, name);
    const Bytes definitions = told.tell(sent);
    EXPECT_TRUE(heard.define(definitions));
    const Bytes message = out.take();
    ByteReader in(message);
    for (const std::string& name : names) EXPECT_EQ(heard.name(in), name);
    EXPECT_TRUE(in.at_end());
    size = message.size();
    return definitions;
  }

  static std::string numbered(std::uint64_t number) { return "name " + std::to_string(number); }

  std::size_t size = 0;  // Of the last message.
};

TEST_F(CompactNames, ALinkIsToldANameOnce) {
  EXPECT_FALSE(carry({"alpha", "beta", "alpha"}).empty());
  EXPECT_TRUE(carry({"beta", "alpha"}).empty());
  EXPECT_EQ(size, 2u);
}

TEST_F(CompactNames, EachLinkIsToldForItself) {
  carry({"alpha"});
  crdt::ToldNames other;
  sent.begin_message();
  ByteWriter out;
  sent.refer(out, "alpha");
  EXPECT_TRUE(told.tell(sent).empty());
  EXPECT_FALSE(other.tell(sent).empty());
}

TEST_F(CompactNames, WhatIsUsedIsKeptAndWhatWasUsedLongestAgoMakesRoom) {
  carry({"kept"});
  carry({"lost"});
  for (std::uint64_t i = 0; i < kNameSlots - 1; ++i) carry({numbered(i), "kept"});
  EXPECT_TRUE(carry({"kept"}).empty());
  EXPECT_FALSE(carry({"lost"}).empty());
}

TEST_F(CompactNames, NoMessageTakesASlotThatItRefersToItself) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < kNameSlots + 100; ++i) names.push_back(numbered(i));
  carry(names);
  EXPECT_TRUE(carry({names.front(), names[kNameSlots - 1]}).empty());
  EXPECT_FALSE(carry({names.back()}).empty());
}

TEST_F(CompactNames, ASlotThatChangedHandsIsToldAgain) {
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i <= kNameSlots; ++i) EXPECT_FALSE(carry({numbered(i)}).empty());
  }
}

TEST_F(CompactNames, VeryLongAndVeryShortNamesAreSpeltOut) {
  EXPECT_FALSE(carry({std::string(kNameOctetsMax, 'x')}).empty());
  EXPECT_TRUE(carry({std::string(kNameOctetsMax + 1, 'x')}).empty());
  EXPECT_TRUE(carry({"", "x"}).empty());
}

// --- definitions that nobody honest sends ---

Bytes definition(std::uint64_t slot, const Bytes& name) {
  return ByteWriter().varint(slot).varint(name.size()).octets(name).take();
}

TEST_F(CompactNames, ATableNeverGrowsPastItsSlots) {
  EXPECT_TRUE(heard.define(definition(kNameSlots - 1, "name")));
  EXPECT_FALSE(heard.define(definition(kNameSlots, "name")));
  EXPECT_FALSE(heard.define(definition(~std::uint64_t{0}, "name")));
}

TEST_F(CompactNames, NamesOutsideTheirBoundsAreRefused) {
  EXPECT_TRUE(heard.define(definition(0, Bytes(kNameOctetsMax, 'x'))));
  EXPECT_FALSE(heard.define(definition(0, Bytes(kNameOctetsMax + 1, 'x'))));
  EXPECT_FALSE(heard.define(definition(0, "x")));
  EXPECT_FALSE(heard.define(definition(0, "")));
}

TEST_F(CompactNames, DefinitionsThatAreCutAreRefused) {
  const Bytes whole = definition(300, "alpha");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_FALSE(heard.define(whole.substr(0, length))) << length;
  }
}

TEST_F(CompactNames, AReferenceToAnEmptySlotMakesTheReaderBad) {
  ASSERT_TRUE(heard.define(definition(5, "alpha")));
  for (const std::uint64_t slot : {std::uint64_t{4}, std::uint64_t{6}, ~std::uint64_t{0} / 2}) {
    const Bytes reference = ByteWriter().varint(2 * slot + 1).take();
    ByteReader in(reference);
    EXPECT_EQ(heard.name(in), "");
    EXPECT_TRUE(in.bad());
  }
}

}  // namespace
