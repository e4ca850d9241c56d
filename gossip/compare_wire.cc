#include "gossip/compare_wire.h"

#include <utility>

#include "crdt/byte_io.h"
#include "crdt/keyspace.h"
#include "crdt/record.h"

namespace gossip {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ByteWriter;

// Calls `read` as often as the list says, as long as that is allowed.
template <class Read>
void read_list(ByteReader& in, std::size_t max, Read read) {
  const std::uint64_t count = in.varint();
  if (count > max) in.fail();
  for (std::uint64_t i = 0; i < count && !in.bad(); ++i) read();
}

void read_document(ByteReader& in, Compare& compare) {
  const BytesView key = in.short_run();
  const std::uint64_t hash = in.number();
  if (!crdt::keyspace::valid_document_key(key)) in.fail();
  compare.documents.push_back({std::string(key), hash});
}

void read_record(ByteReader& in, Compare& compare) {
  const BytesView key = in.short_run();
  if (key.empty() || key.size() > crdt::kRecordKeyBytesMax) in.fail();
  compare.records.emplace_back(key);
}

}  // namespace

Bytes compare_body(const Compare& compare) {
  ByteWriter out;
  out.varint(static_cast<std::uint64_t>(compare.step)).varint(compare.round);
  out.varint(compare.numbers.size());
  for (const std::uint64_t number : compare.numbers) out.number(number);
  out.short_run(compare.symbols);
  out.varint(compare.wanted.size());
  for (const std::uint32_t hash : compare.wanted) out.octets(crdt::big_endian(hash).substr(4));
  out.varint(compare.documents.size());
  for (const DocumentHash& one : compare.documents) out.short_run(one.key).number(one.hash);
  out.varint(compare.records.size());
  for (const Bytes& key : compare.records) out.short_run(key);
  return out.take();
}

crdt::Result<std::optional<Compare>> decode_compare(BytesView body) {
  ByteReader in(body);
  const std::uint64_t step = in.varint();
  if (step > static_cast<std::uint64_t>(Compare::Step::kAll)) return std::optional<Compare>();
  Compare compare;
  compare.step = static_cast<Compare::Step>(step);
  compare.round = static_cast<std::uint32_t>(in.varint());
  read_list(in, Compare::kNumbersMax, [&] { compare.numbers.push_back(in.number()); });
  compare.symbols = Bytes(in.short_run());
  read_list(in, Compare::kDifferMax, [&] {
    std::uint32_t hash = 0;
    for (int i = 0; i < 4; ++i) hash = hash << 8 | in.octet();
    compare.wanted.push_back(hash);
  });
  read_list(in, Compare::kNamesMax, [&] { read_document(in, compare); });
  read_list(in, Compare::kNamesMax, [&] { read_record(in, compare); });
  if (!in.at_end()) return crdt::Error("what a peer compares makes no sense");
  return std::optional<Compare>(std::move(compare));
}

}  // namespace gossip
