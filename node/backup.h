// Backup and restore: one file from a store, one store from a file.
//
// Shape    a backup is made from a snapshot (node/lmdb_snapshot.h), so a running peer is copied
//          without being asked. Left out: what this peer covers of others (cursors), and all that
//          lies beside the store: node key, secrets, configuration.
//          A restored store is marked as catching up (crdt/repository.h), and draws a new replica
//          id when it starts, as every start does.
// Errors   one sentence. A backup that fails leaves no file under its name. A restore reads all of
//          the file before it touches anything, and never replaces a store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "crdt/result.h"
#include "node/backup_file.h"

namespace node {

struct CopyProgress {
  std::uint64_t rows = 0;
  std::uint64_t rows_total = 0;  // About: what waits in a journal is counted twice.
  std::uint64_t bytes = 0;
};
using OnProgress = std::function<void(const CopyProgress&)>;

// Of a target on the same disk as the store: a backup must not close the peer's write path.
inline constexpr std::uint64_t kBackupLeavesFreeBytes = std::uint64_t{256} << 20;

struct BackupOptions {
  std::string dir;                     // The peer's data_dir.
  std::string file;                    // Must not be there.
  std::uint64_t bytes_per_second = 0;  // 0: as fast as the disk allows.
};

struct BackupReport {
  BackupHeader header;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t damaged = 0;  // Rows with a wrong checksum: copied as they are.
  bool live = false;          // The peer was running.
};

[[nodiscard]] crdt::Result<BackupReport> write_backup(const BackupOptions& options,
                                                      const OnProgress& on_progress);

struct RestoreOptions {
  std::string file;
  std::string dir;      // Must not hold a store.
  std::string node;     // Whose store it becomes; empty: the one it was.
  std::string cluster;  // Where not empty, a backup of another cluster is refused.
};

struct RestoreReport {
  BackupSummary summary;
  std::string node;
};

[[nodiscard]] crdt::Result<RestoreReport> restore_backup(const RestoreOptions& options,
                                                         const OnProgress& on_progress);

}  // namespace node
