#include "crdt/record.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/case_count.h"
#include "tests/support/choices.h"

namespace tests {
namespace {

using crdt::Bytes;
using crdt::Record;
using Records = std::map<Bytes, Bytes>;

void insert(Records& records, const Record& record) {
  const auto [held, fresh] = records.try_emplace(record.key, record.value);
  if (!fresh && crdt::replaces(record.value, held->second)) held->second = record.value;
}

Records joined(Records a, const Records& b) {
  for (const auto& [key, value] : b) insert(a, {key, value});
  return a;
}

// Few keys and values, so that equal keys with different values are common.
Records any_records(SeededChoices& choices) {
  Records records;
  for (std::uint64_t i = choices.below(6); i > 0; --i) {
    const Bytes key = crdt::record_key('e', Bytes(1, static_cast<char>(choices.below(4))));
    insert(records, {key, Bytes(1, static_cast<char>(250 + choices.below(6)))});
  }
  return records;
}

TEST(Record, KeySortsByKindThenBytes) {
  EXPECT_LT(crdt::record_key('a', "\xff"), crdt::record_key('b', ""));
  EXPECT_LT(crdt::record_key('a', "\x7f"), crdt::record_key('a', "\x80"));
  EXPECT_EQ(crdt::kind_of(crdt::record_key('r', "x")), 'r');
}

TEST(Record, TheGreaterValueWinsUnderOneKey) {
  EXPECT_TRUE(crdt::replaces("b", "a"));
  EXPECT_TRUE(crdt::replaces("\x80", "\x7f"));
  EXPECT_FALSE(crdt::replaces("a", "b"));
  EXPECT_FALSE(crdt::replaces("a", "a"));
}

TEST(RecordLaw, UnionCommutesAssociatesAndIsIdempotent) {
  for (std::uint64_t seed = 0; seed < kLawCases; ++seed) {
    SeededChoices choices(seed);
    const Records a = any_records(choices);
    const Records b = any_records(choices);
    const Records c = any_records(choices);
    ASSERT_EQ(joined(a, b), joined(b, a)) << seed;
    ASSERT_EQ(joined(joined(a, b), c), joined(a, joined(b, c))) << seed;
    ASSERT_EQ(joined(a, a), a) << seed;
  }
}

}  // namespace
}  // namespace tests
