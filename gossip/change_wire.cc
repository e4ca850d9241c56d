#include "gossip/change_wire.h"

#include <set>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/compact_delta.h"
#include "crdt/keyspace.h"

namespace gossip {
namespace {

using crdt::ByteReader;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ByteWriter;
using crdt::Error;
using crdt::Result;

std::size_t dots_in(const crdt::Delta& delta) { return delta.written.size() + delta.killed.size(); }

}  // namespace

Bytes push_body(std::uint64_t seq, bool firsthand, const crdt::Change& change,
                crdt::SentNames& names) {
  ByteWriter out;
  names.begin_message();
  out.varint(seq).varint(2 * change.deltas.size() + (firsthand ? 1 : 0));
  for (const crdt::DocumentDelta& part : change.deltas) {
    names.refer(out, part.key);
    crdt::write_compact(out, part.delta, names);
  }
  for (const crdt::Record& record : change.records) {
    out.varint(record.key.size()).octets(record.key);
    out.varint(record.value.size()).octets(record.value);
  }
  return out.take();
}

Result<Push> decode_push(BytesView body, const crdt::HeardNames& names) {
  ByteReader in(body);
  Push push;
  push.seq = in.varint();
  const std::uint64_t head = in.varint();
  push.firsthand = head % 2 == 1;
  if (push.seq == 0 || head / 2 > kListMax) return Error("a push of a peer breaks a limit");
  std::set<std::string> keys;
  std::size_t dots = 0;
  for (std::uint64_t left = head / 2; left > 0; --left) {
    std::string key(names.name(in));
    if (in.bad() || !crdt::keyspace::valid_document_key(key) || !keys.insert(key).second) {
      return Error("a push of a peer names a document wrongly, or twice");
    }
    Result<crdt::Delta> delta = crdt::read_compact(in, names);
    if (!delta) return delta.error();
    dots += dots_in(*delta);
    if (dots > kPushDotsMax) return Error("a push of a peer writes too many leaves");
    push.change.deltas.push_back({std::move(key), std::move(*delta)});
  }
  while (!in.at_end()) {
    const BytesView key = in.octets(in.varint());
    const BytesView value = in.octets(in.varint());
    if (in.bad() || !record_fits(key.size(), value.size()) ||
        push.change.records.size() == kListMax) {
      return Error("a push of a peer holds a record that breaks a limit");
    }
    push.change.records.push_back({Bytes(key), Bytes(value)});
  }
  return push;
}

// Rows are mostly acknowledged in the order of their numbers: then each but the first is one octet.
Bytes pushed_body(const Pushed& pushed) {
  ByteWriter out;
  std::uint64_t before = 0;
  for (const std::uint64_t seq : pushed.seqs) {
    out.varint(crdt::zigzag(seq - std::exchange(before, seq)));
  }
  return out.take();
}

Result<Pushed> decode_pushed(BytesView body) {
  ByteReader in(body);
  Pushed pushed;
  std::uint64_t seq = 0;
  while (!in.at_end()) {
    seq += crdt::unzigzag(in.varint());
    if (in.bad() || pushed.seqs.size() == kListMax) {
      return Error("an acknowledgement of a peer breaks a limit");
    }
    pushed.seqs.push_back(seq);
  }
  return pushed;
}

bool fits_push(const crdt::Change& change) {
  std::size_t dots = 0;
  for (const crdt::DocumentDelta& part : change.deltas) dots += dots_in(part.delta);
  return dots <= kPushDotsMax && change.deltas.size() <= kListMax &&
         change.records.size() <= kListMax;
}

}  // namespace gossip
