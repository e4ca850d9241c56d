#include "crdt/log_row.h"

#include "crdt/byte_io.h"

namespace crdt {

Bytes encode(const LogRow& row) {
  constexpr std::size_t kUsualBytes = 256;  // A document and two records, by name.
  ByteWriter out;
  out.reserve(kUsualBytes).number(row.source.run.value).varint(row.source.seq);
  out.varint(row.digest.documents).varint(row.digest.records).number(row.digest.hash);
  out.varint(row.documents.size());
  for (const std::string& key : row.documents) out.short_run(key);
  out.varint(row.records.size());
  for (const Bytes& key : row.records) out.short_run(key);
  return out.take();
}

Result<LogRow> decode_log_row(BytesView bytes) {
  ByteReader in(bytes);
  LogRow row;
  row.source.run.value = in.number();
  row.source.seq = in.varint();
  row.digest.documents = in.varint();
  row.digest.records = in.varint();
  row.digest.hash = in.number();
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    row.documents.emplace_back(in.short_run());
  }
  for (std::uint64_t left = in.varint(); left > 0 && !in.bad(); --left) {
    row.records.emplace_back(in.short_run());
  }
  if (!in.at_end()) return Error("a row of the replication log is damaged");
  return row;
}

}  // namespace crdt
