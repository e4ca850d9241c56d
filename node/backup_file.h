// BackupFile: the rows of one store in one file, compact and sealed as a whole.
//
// Shape    "muster backup 1\n", then frames: kind, length (8 octets big-endian), payload. One 'h'
//          (JSON: what this is), then 'b' blocks of rows in the order of their keys, each key as
//          what it does not share with the one before in its block; one 'e' with the counts and
//          BLAKE2b-256 of every octet before it. Nothing follows.
// Size     a block is about kBlockBytes; a reader holds one at a time, and refuses longer ones.
// Laws     whoever read to the end has seen every octet that was written, or an Error.
// Errors   one sentence. A file that is finished appears under its name whole, or not at all; what
//          an attempt left behind is replaced by the next one.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <functional>
#include <string>

#include "crdt/byte_io.h"
#include "crdt/log_row.h"
#include "crdt/result.h"

namespace node {

struct BackupHeader {
  std::string cluster;
  std::string node;
  std::string store_format;
  std::string made_at;     // UTC, as 2026-01-31T12:00:00Z.
  std::uint64_t head = 0;  // Of the replication log.
  crdt::StoreDigest digest;
};

class BackupWriter {
 public:
  static constexpr std::size_t kBlockBytes = 256 << 10;

  BackupWriter() = default;
  ~BackupWriter();  // Removes what was not finished.

  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  // Writes beside `path` until finish(). An Error where `path` is there already.
  [[nodiscard]] crdt::Result<void> open(const std::string& path, const BackupHeader& header);
  // REQUIRES keys that ascend.
  [[nodiscard]] crdt::Result<void> add(crdt::BytesView key, crdt::BytesView value);
  [[nodiscard]] crdt::Result<void> finish();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // Written so far.
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  [[nodiscard]] crdt::Result<void> frame(char kind, crdt::BytesView payload);
  [[nodiscard]] crdt::Result<void> write(crdt::BytesView bytes);
  [[nodiscard]] crdt::Result<void> flush_block();
  [[nodiscard]] crdt::Error failed(const std::string& doing) const;

  std::string path_;
  std::string unfinished_;
  int file_ = -1;
  crypto_generichash_state hash_{};
  crdt::ByteWriter block_;
  crdt::Bytes last_key_;  // In the open block.
  std::uint64_t bytes_ = 0;
  std::uint64_t unsynced_ = 0;
  std::uint64_t rows_ = 0;
};

struct BackupSummary {
  BackupHeader header;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  crdt::Bytes checksum;
};

// Reads all of it and calls `visit` for each row in order; an Error of `visit` ends it. Only when
// this has returned a summary is anything known to be as it was written.
using VisitRow = std::function<crdt::Result<void>(crdt::BytesView key, crdt::BytesView value)>;
[[nodiscard]] crdt::Result<BackupSummary> read_backup(const std::string& path,
                                                      const VisitRow& visit);

}  // namespace node
