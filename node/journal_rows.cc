#include "node/journal_rows.h"

#include "node/write_behind.h"

namespace node {

crdt::Bytes JournalRows::key_of(std::size_t slot) const {
  return crdt::Bytes(WriteBehind::kFirstKey) + crdt::big_endian(identity_) + crdt::big_endian(slot);
}

// The store's own transaction is open: the next number will do, and rows of a run that was never
// named in the store are written over.
boost::system::result<std::uint64_t, CommitError> JournalRows::make() { return ++identity_; }

crdt::Result<void> JournalRows::open(std::uint64_t identity) {
  identity_ = identity;
  written_.clear();
  return {};
}

crdt::Result<crdt::Bytes> JournalRows::read(std::size_t slot, std::size_t count) {
  crdt::Bytes pages(count * kPageBytes, '\0');
  const std::size_t prefix = key_of(0).size() - 8;
  store_.begin().scan(key_of(slot), key_of(slot + count),
                      [&](crdt::BytesView key, crdt::BytesView page) {
                        const std::size_t at = crdt::from_big_endian(key.substr(prefix)) - slot;
                        page.copy(pages.data() + at * kPageBytes, kPageBytes);
                        return true;
                      });
  if (const auto read = store_.commit(); !read) return crdt::Error(read.error().message);
  return {boost::system::in_place_value, std::move(pages)};
}

boost::system::result<void, CommitError> JournalRows::write(std::size_t slot,
                                                            crdt::BytesView pages) {
  for (; !pages.empty(); pages.remove_prefix(kPageBytes)) {
    written_.emplace_back(slot++, pages.substr(0, kPageBytes));
  }
  return {};
}

boost::system::result<void, CommitError> JournalRows::sync() {
  crdt::Transaction& txn = store_.begin();
  for (const auto& [slot, page] : std::exchange(written_, {})) txn.put(key_of(slot), page);
  return store_.commit();
}

}  // namespace node
