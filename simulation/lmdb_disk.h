// LmdbDisk: a Disk that holds production's own store, LMDB behind its journal, in files whose
// writes and syncs fail, and that lose what was not synced.
//
// Shape    a folder as `muster serve` has it (node/lmdb_store.h, node/journal_file.h), read and
//          written by that code; below it simulation/unsynced_files.h. The power goes at an
//          operation of the store, at a write, or before or after a sync: from there on every call
//          fails and changes nothing, and PowerLoss is thrown when the store's call is over.
//          Stores of all nodes carry one name, so that a copy of another node's can be opened.
//          Where a store is damaged nothing is put aside, as production does: no fault of these
//          damages LMDB's pages, so such a store is a finding.
// Size     the journal's ring and the table are as small as simulation/journaled_disk.h draws them.
// Laws     names of folders and of journals, which are drawn from the system, reach nobody above.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "node/write_behind.h"
#include "simulation/cluster.h"
#include "simulation/dice.h"
#include "simulation/disk.h"
#include "simulation/unsynced_files.h"

namespace simulation {

class LmdbDisk final : public Disk, private UnsyncedFiles::Rules {
 public:
  // In `folder`, which is made if it is not there: a path without links in it.
  LmdbDisk(const std::string& folder, const node::WriteBehind::Limits& limits, Dice dice);

  [[nodiscard]] std::unique_ptr<node::Store> open() override;
  void end_process() override;
  void recover() override;
  void set_lying(bool lying, std::uint64_t kept_percent = 0) override;
  // Of a value that LMDB stores.
  bool flip_bit(crdt::Rng& rng) override;
  [[nodiscard]] Contents contents() const override;
  void replace(Contents contents) override;
  [[nodiscard]] std::uint64_t bytes() const override;  // Of LMDB's file.

 private:
  class Process;

  Fate on_write() override;
  Fate on_sync() override;
  void on_synced() override;
  [[nodiscard]] std::uint64_t free_bytes() const override;

  // Whether the power goes at this moment.
  bool goes_dark(Moment moment);
  void throw_if_dark() const;
  [[nodiscard]] std::string without_names(std::string text) const;

  std::string folder_;
  node::WriteBehind::Limits limits_;
  Dice dice_;
  Process* process_ = nullptr;    // The one that is open.
  std::optional<Moment> dark_;    // When the power went.
  bool checked_by_hand_ = false;  // What happens now is no work of the node's: nothing fails.
  UnsyncedFiles files_;
};

// Such disks for all nodes of a run, in a folder that is removed with the last of them.
[[nodiscard]] Storage lmdb_storage(std::uint64_t seed);

}  // namespace simulation
