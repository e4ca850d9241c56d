// StoreReader: all that a store held at one moment, what waited in its journal included, read while
// its node goes on, or while none runs.
//
// A node may write over pages of its journal as soon as the store says that replaying begins behind
// them. So where the store still says the same after they were read, they were whole; else another
// snapshot is taken.
//
// Errors   those of node/lmdb_snapshot.h and node/journal.h.
// Thread   one.
#pragma once

#include <memory>
#include <string>

#include "crdt/result.h"
#include "node/journal_file.h"
#include "node/lmdb_snapshot.h"
#include "node/write_behind.h"

namespace node {

class StoreReader {
 public:
  [[nodiscard]] static crdt::Result<std::unique_ptr<StoreReader>> open(const std::string& dir);

  [[nodiscard]] const LmdbSnapshot& snapshot() const { return *snapshot_; }

  [[nodiscard]] crdt::Transaction& begin() { return front_.begin(); }
  // An Error where any read failed: what was made of it is worth nothing.
  [[nodiscard]] crdt::Result<void> end();

 private:
  StoreReader(std::unique_ptr<LmdbSnapshot> snapshot, const std::string& dir);

  [[nodiscard]] crdt::Result<bool> is_whole() const;

  std::unique_ptr<LmdbSnapshot> snapshot_;
  JournalFile journal_;
  WriteBehind front_;  // Nothing can be moved: all of the journal waits.
};

}  // namespace node
