#include "crdt/document_rows.h"

#include "crdt/byte_io.h"
#include "crdt/codec.h"
#include "crdt/handled_mark.h"
#include "crdt/keyspace.h"

namespace crdt {
namespace {

constexpr std::size_t kUsualHeaderBytes = 128;  // Of a handful of replicas.

}  // namespace

Bytes encode(const DocumentHeader& header) {
  ByteWriter out;
  out.reserve(kUsualHeaderBytes).number(header.seq);
  for (const auto& [replica, counter] : header.context.entries()) {
    out.number(replica.value).number(counter);
  }
  return out.take();
}

Result<DocumentHeader> decode_header(BytesView bytes) {
  ByteReader in(bytes);
  DocumentHeader header;
  header.seq = in.number();
  while (in.left() > 0 && !in.bad()) {
    const ReplicaId replica{in.number()};
    const std::uint64_t counter = in.number();
    const auto& entries = header.context.entries();
    const bool ascends = entries.empty() || entries.back().first < replica;
    if (!ascends || replica == ReplicaId{} || counter == 0) {
      return Error("header of a document makes no sense");
    }
    header.context.advance(replica, counter);
  }
  if (!in.at_end()) return Error("header of a document is cut off");
  return header;
}

Result<std::vector<Leaf>> leaves_of_row(BytesView row, BytesView value) {
  if (!keyspace::is_mark(row)) return decode_leaves(value);
  const Result<HandledMark> mark = decode_mark(value);
  if (!mark) return mark.error();
  return std::vector<Leaf>{unpack(*mark)};
}

}  // namespace crdt
