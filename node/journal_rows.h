// JournalRows: the pages of a journal as rows of a store that fails and forgets, for tests and
// simulation: its faults are theirs, too.
//
// Shape    key ff <identity, 8 octets> <slot, 8 octets>; behind every row of a WriteBehind's user.
//          A sync is a commit of the store: whole pages are there, all or none.
#pragma once

#include <utility>
#include <vector>

#include "node/journal_storage.h"

namespace node {

class JournalRows final : public JournalStorage {
 public:
  static constexpr std::size_t kPages = 1'024;

  explicit JournalRows(Store& store, std::size_t pages = kPages) : store_(store), pages_(pages) {}

  [[nodiscard]] boost::system::result<std::uint64_t, CommitError> make() override;
  [[nodiscard]] crdt::Result<void> open(std::uint64_t identity) override;
  void remove(std::uint64_t) override {}
  [[nodiscard]] std::size_t pages() const override { return pages_; }
  [[nodiscard]] crdt::Result<crdt::Bytes> read(std::size_t slot, std::size_t count) override;
  [[nodiscard]] boost::system::result<void, CommitError> write(std::size_t slot,
                                                               crdt::BytesView pages) override;
  [[nodiscard]] boost::system::result<void, CommitError> sync() override;

  [[nodiscard]] crdt::Bytes key_of(std::size_t slot) const;

 private:
  Store& store_;
  std::size_t pages_;
  std::uint64_t identity_ = 0;
  std::vector<std::pair<std::size_t, crdt::Bytes>> written_;  // Since the last sync.
};

}  // namespace node
