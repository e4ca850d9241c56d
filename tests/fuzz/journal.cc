// The replay of a store's journal.
//
// Rows have right checksums, so that what lies behind those is reached, but for a few.
#include "node/journal.h"
#include "crdt/checksum.h"
#include "node/memory_store.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(journal) {
  node::MemoryStore store;
  crdt::Transaction& txn = store.begin();
  std::uint64_t seq = fuzz::take_octet(bytes);
  while (!bytes.empty()) {
    const std::uint8_t kind = fuzz::take_octet(bytes);
    const crdt::BytesView piece = fuzz::take_piece(bytes);
    const crdt::Bytes key = crdt::Bytes(node::Journal::kFirstKey) + crdt::big_endian(seq);
    txn.put(key, kind == 0xff ? crdt::Bytes(piece) : crdt::seal_value(crdt::Bytes(piece)));
    seq += kind == 0xfe ? 2 : 1;
  }
  node::Journal journal;
  std::uint64_t changes = 0;
  const auto replayed =
      journal.replay(txn, [&](crdt::BytesView key, std::optional<crdt::BytesView>) {
        CHECK(!key.empty());
        ++changes;
      });
  if (!replayed) return;
  node::Journal::Batch batch;
  batch.add("k", "v");
  journal.append(txn, batch);
  std::uint64_t after = 0;
  CHECK(journal.replay(txn, [&](crdt::BytesView, std::optional<crdt::BytesView>) { ++after; }));
  CHECK(after == changes + 1);
}
