// LogRow: one row of the replication log, and the digest of the store when it was written.
//
// Shape    the log is an index by sequence number, as CouchDB's _changes: each change appends a row
//          that names what it touched. A row whose document has a later row is stale: skipped, and
//          swept by the next walk over the store.
// Units    seq counts from 1 over the life of a store, through all its runs; swept rows leave gaps.
// Source   CouchDB's by_seq index; /_changes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/dot.h"
#include "crdt/result.h"

namespace crdt {

// A place in a store's log. A run is one process start of that store and has its replica id.
struct Cursor {
  ReplicaId run;
  std::uint64_t seq = 0;

  auto operator<=>(const Cursor&) const = default;
};

// What a whole store holds, for comparing peers: equal digests mean, but for a chance of 2^-64,
// equal documents and records.
struct StoreDigest {
  std::uint64_t documents = 0;
  std::uint64_t records = 0;
  std::uint64_t hash = 0;  // Sum, modulo 2^64, of Repository::digest_of() each of them.

  bool operator==(const StoreDigest&) const = default;
};

struct LogRow {
  // The first-hand push that brought this. With seq 0: the run that held all of what the row names,
  // as it was then; nobody's for everything else.
  Cursor source;
  std::vector<std::string> documents;
  std::vector<Bytes> records;  // Record keys.
  StoreDigest digest;          // After this row.

  bool operator==(const LogRow&) const = default;
};

[[nodiscard]] Bytes encode(const LogRow& row);
[[nodiscard]] Result<LogRow> decode_log_row(BytesView bytes);

}  // namespace crdt
