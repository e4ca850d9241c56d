#include "crdt/log_row.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crdt/byte_io.h"

namespace {

using crdt::Bytes;
using crdt::LogRow;

RC_GTEST_PROP(LogRow, ComesBackAsItWas,
              (std::uint64_t run, std::uint64_t seq, const std::vector<std::string>& documents,
               const std::vector<std::string>& records, std::uint64_t hash)) {
  const LogRow row{{{run}, seq}, documents, records, {seq, run, hash}};
  const auto decoded = crdt::decode_log_row(encode(row));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == row);
}

TEST(LogRow, CutAnywhereItIsRefused) {
  const Bytes whole = encode(LogRow{{{1}, 2}, {"a", "b"}, {"t1"}, {1, 2, 3}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(crdt::decode_log_row(crdt::BytesView(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(crdt::decode_log_row(whole + "x"));
}

TEST(LogRow, ACountThatNoRowCanHoldIsRefusedWithoutWaitingForIt) {
  const Bytes bytes = encode(LogRow{});
  for (std::size_t left : {1, 2}) {  // Before the numbers of documents and of records.
    const Bytes before = bytes.substr(0, bytes.size() - left);
    EXPECT_FALSE(crdt::decode_log_row(before + crdt::ByteWriter().varint(1ull << 63).take()));
  }
}

}  // namespace
