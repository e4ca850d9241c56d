// LmdbSnapshot: what a store held at one commit, read while its node goes on, or while none runs.
//
// LMDB keeps the pages of a commit for as long as somebody reads them, in whatever process. So this
// is a consistent cut: all that was acknowledged before open() is in it, and no half of a batch.
//
// Shape    a Store that cannot be written; its one transaction is the snapshot. What waits in the
//          journal is no part of it: node/store_reader.h adds that.
// Size     pages that the node frees meanwhile are not used again before this is closed: the data
//          file grows by what is written in the meantime. A reader that was killed is found and
//          forgotten by the node and by the next snapshot.
// Errors   a folder without a store, or with one of another program, is an Error.
// Thread   one.
#pragma once

#include <lmdb.h>

#include <memory>
#include <optional>
#include <string>

#include "crdt/result.h"
#include "node/store.h"
#include "node/store_marker.h"

namespace node {

class LmdbSnapshot final : public Store, private crdt::Transaction {
 public:
  [[nodiscard]] static crdt::Result<std::unique_ptr<LmdbSnapshot>> open(const std::string& dir);
  ~LmdbSnapshot() override;

  LmdbSnapshot(const LmdbSnapshot&) = delete;
  LmdbSnapshot& operator=(const LmdbSnapshot&) = delete;

  // What the newest commit says under a key, which may be newer than this one.
  [[nodiscard]] crdt::Result<std::optional<crdt::Bytes>> newest(crdt::BytesView key) const;

  [[nodiscard]] const StoreMarker& marker() const { return marker_; }
  [[nodiscard]] bool live() const { return live_; }  // A node had it open.
  [[nodiscard]] std::uint64_t rows() const;

  crdt::Transaction& begin() override { return *this; }
  [[nodiscard]] boost::system::result<void, CommitError> commit() override;
  void abort() override {}
  [[nodiscard]] StoreSize size() const override;

 private:
  explicit LmdbSnapshot(std::string dir) : dir_(std::move(dir)) {}

  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  [[nodiscard]] crdt::Result<void> open_environment();
  [[nodiscard]] crdt::Result<void> read_marker();
  [[nodiscard]] crdt::Error explain(int code) const;
  void remember(int code);

  std::string dir_;
  StoreMarker marker_;
  bool live_ = false;
  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_dbi database_ = 0;
  int failure_ = 0;  // The first failed read.
};

}  // namespace node
