// The replay of a store's journal.
//
// Pages have right checksums and numbers, so that what lies behind those is reached, but for a few.
#include "node/journal.h"
#include "crdt/checksum.h"
#include "node/journal_rows.h"
#include "node/memory_store.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(journal) {
  node::MemoryStore store;
  node::JournalRows rows(store);
  node::Journal journal(rows);
  CHECK(journal.begin_anew());
  const node::Journal::Place begin = journal.begin();
  node::Journal::Place next = begin;
  while (!bytes.empty() && next.seq < begin.seq + rows.pages()) {
    const std::uint8_t kind = fuzz::take_octet(bytes);
    const crdt::BytesView piece = fuzz::take_piece(bytes);
    crdt::Bytes page =
        crdt::big_endian(next.identity) + crdt::big_endian(next.seq) + crdt::big_endian(next.chain);
    page += static_cast<char>(kind & 3);
    page += static_cast<char>(piece.size() >> 8);
    page += static_cast<char>(piece.size() & 0xff);
    page += piece;
    page.resize(rows.kPageBytes - crdt::kChecksumBytes);
    crdt::append_checksum(page, 0);
    if (kind >= 0xf0) page[kind] ^= 1;
    CHECK(rows.write(next.seq % rows.pages(), page));
    CHECK(rows.sync());
    next = {
        next.identity, next.seq + (kind == 0xef ? 2 : 1),
        crdt::from_big_endian(crdt::BytesView(page).substr(page.size() - crdt::kChecksumBytes))};
  }
  std::uint64_t changes = 0;
  const auto replayed =
      journal.replay(begin, [&](crdt::BytesView key, std::optional<crdt::BytesView>) {
        CHECK(!key.empty());
        ++changes;
      });
  if (!replayed || journal.room() == 0) return;
  node::Journal::Batch batch;
  batch.add("k", "v");
  CHECK(journal.append(batch));
  std::uint64_t after = 0;
  CHECK(journal.replay(begin, [&](crdt::BytesView, std::optional<crdt::BytesView>) { ++after; }));
  CHECK(after == changes + 1);
}
