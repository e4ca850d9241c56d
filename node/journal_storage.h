// JournalStorage: where the pages of a Journal lie. A file in production (node/journal_file.h);
// rows of a store that fails and forgets in tests and simulation.
//
// Shape    a run of pages of one size, each at its slot; a page that was never written is all
//          zeros. What was written is durable when sync() returns; before that any part of it may
//          be. Each run has an identity of its own: no other one of the same store had it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "node/store.h"

namespace node {

class JournalStorage {
 public:
  static constexpr std::size_t kPageBytes = 4'096;  // What disks and file systems write at once.

  virtual ~JournalStorage() = default;

  // Takes a new, empty run, durably, beside the one before it.
  [[nodiscard]] virtual boost::system::result<std::uint64_t, CommitError> make() = 0;

  // Takes the run of that identity; an Error where there is none.
  [[nodiscard]] virtual crdt::Result<void> open(std::uint64_t identity) = 0;

  // Nobody needs the run of that identity any more. Best effort.
  virtual void remove(std::uint64_t identity) = 0;

  [[nodiscard]] virtual std::size_t pages() const = 0;

  // The pages of `count` slots from `slot` on. REQUIRES that they are there, as do the others.
  [[nodiscard]] virtual crdt::Result<crdt::Bytes> read(std::size_t slot, std::size_t count) = 0;

  // Whole pages, from `slot` on.
  [[nodiscard]] virtual boost::system::result<void, CommitError> write(std::size_t slot,
                                                                       crdt::BytesView pages) = 0;
  [[nodiscard]] virtual boost::system::result<void, CommitError> sync() = 0;

  // Somebody else writes it meanwhile: what is read behind the end may be newer than the end.
  [[nodiscard]] virtual bool shared() const { return false; }
};

}  // namespace node
