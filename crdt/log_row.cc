#include "crdt/log_row.h"

#include "crdt/byte_io.h"

namespace crdt {

Bytes encode(const LogRow& row) {
  constexpr std::size_t kUsualBytes = 256;  // A document and two records, by name.
  ByteWriter out;
  out.reserve(kUsualBytes).number(row.source.run.value).number(row.source.seq);
  out.number(row.digest.documents).number(row.digest.records).number(row.digest.hash);
  out.number(row.documents.size());
  for (const std::string& key : row.documents) out.run(key);
  out.number(row.records.size());
  for (const Bytes& key : row.records) out.run(key);
  return out.take();
}

Result<LogRow> decode_log_row(BytesView bytes) {
  ByteReader in(bytes);
  LogRow row;
  row.source.run.value = in.number();
  row.source.seq = in.number();
  row.digest.documents = in.number();
  row.digest.records = in.number();
  row.digest.hash = in.number();
  for (std::uint64_t left = in.number(); left > 0 && !in.bad(); --left) {
    row.documents.emplace_back(in.run());
  }
  for (std::uint64_t left = in.number(); left > 0 && !in.bad(); --left) {
    row.records.emplace_back(in.run());
  }
  if (!in.at_end()) return Error("a row of the replication log is damaged");
  return row;
}

}  // namespace crdt
