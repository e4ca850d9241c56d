#include "crdt/byte_io.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <vector>

namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::ByteWriter;

RC_GTEST_PROP(ByteIo, WhatWasWrittenIsRead,
              (const std::vector<std::uint64_t>& numbers, const std::string& run)) {
  ByteWriter out;
  for (const std::uint64_t number : numbers) out.number(number);
  const Bytes bytes = out.run(run).take();
  ByteReader in(bytes);
  for (const std::uint64_t number : numbers) RC_ASSERT(in.number() == number);
  RC_ASSERT(in.run() == run);
  RC_ASSERT(in.at_end());
}

TEST(ByteIo, ReadingPastTheEndIsBadForGood) {
  const Bytes bytes = ByteWriter().number(7).take();
  ByteReader in(crdt::BytesView(bytes).substr(0, 7));
  EXPECT_EQ(in.number(), 0u);
  EXPECT_TRUE(in.bad());
  EXPECT_FALSE(in.at_end());
  EXPECT_EQ(in.run(), "");
}

TEST(ByteIo, ARunThatClaimsMoreThanThereIsYieldsNothing) {
  const Bytes bytes = ByteWriter().number(std::numeric_limits<std::uint64_t>::max()).take() + "abc";
  ByteReader in(bytes);
  EXPECT_EQ(in.run(), "");
  EXPECT_TRUE(in.bad());
}

TEST(ByteIo, BytesLeftOverAreNotTheEnd) {
  const Bytes bytes = ByteWriter().number(1).take() + "x";
  ByteReader in(bytes);
  static_cast<void>(in.number());
  EXPECT_FALSE(in.bad());
  EXPECT_FALSE(in.at_end());
}

// --- varints ---

TEST(ByteIo, AShortRunSpendsOneOctetOnItsLength) {
  const Bytes bytes = ByteWriter().short_run("").short_run("abc").take();
  EXPECT_EQ(bytes.size(), 5u);
  ByteReader in(bytes);
  EXPECT_EQ(in.short_run(), "");
  EXPECT_EQ(in.short_run(), "abc");
  EXPECT_TRUE(in.at_end());
  ByteReader cut(crdt::BytesView(bytes).substr(1, 3));
  EXPECT_EQ(cut.short_run(), "");
  EXPECT_TRUE(cut.bad());
}

RC_GTEST_PROP(ByteIo, EveryVarintComesBackAsItWas, (std::uint64_t number)) {
  const std::uint64_t shifted = number >> *rc::gen::inRange(0, 64);
  const Bytes bytes = ByteWriter().varint(shifted).take();
  ByteReader in(bytes);
  RC_ASSERT(in.varint() == shifted);
  RC_ASSERT(in.at_end());
  RC_ASSERT(crdt::unzigzag(crdt::zigzag(number)) == number);
}

TEST(ByteIo, AVarintTakesAnOctetForEverySevenBits) {
  const auto size = [](std::uint64_t number) { return ByteWriter().varint(number).take().size(); };
  EXPECT_EQ(size(0), 1u);
  EXPECT_EQ(size(127), 1u);
  EXPECT_EQ(size(128), 2u);
  EXPECT_EQ(size(std::numeric_limits<std::uint64_t>::max()), 10u);
}

TEST(ByteIo, AVarintThatIsCutOrTooLongOrTooLargeIsBad) {
  for (const Bytes& bytes : {Bytes(), Bytes("\x80"), Bytes("\x80\x00", 2), Bytes(10, '\xff'),
                             Bytes(9, '\xff') + '\x02'}) {
    ByteReader in(bytes);
    EXPECT_EQ(in.varint(), 0u);
    EXPECT_TRUE(in.bad()) << crdt::to_hex(bytes);
  }
}

TEST(ByteIo, DifferencesNearZeroMakeSmallNumbersEitherWay) {
  EXPECT_EQ(crdt::zigzag(0), 0u);
  EXPECT_EQ(crdt::zigzag(std::uint64_t{0} - 1), 1u);
  EXPECT_EQ(crdt::zigzag(1), 2u);
}

}  // namespace
