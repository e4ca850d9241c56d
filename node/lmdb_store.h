// LmdbStore: a node's state in one LMDB environment; each commit is on disk when it returns.
//
// Shape    <dir>/data.mdb and lock.mdb (LMDB's), <dir>/lock (DirLock). All keys lie in the main
//          database, where a commit dirties the fewest pages; the one key that begins with a zero
//          octet is the store's own: format, cluster and node that it belongs to. A data.mdb is
//          there only whole and with that key (node/lmdb_create.h), so a missing one means a new
//          store, and an empty one or one without it is refused: it held something, or is not ours.
//          A second key of its own says which file it was written to: a store that was copied
//          together with its folder does not find itself there.
// Size     the map is sparse address space (Options::map_bytes) and doubles when it is ever full.
//          The disk reserve refuses commits while LMDB, and whoever must clean up, still has room.
// Errors   see Store. A put that fails inside LMDB is remembered and makes commit() fail. After a
//          failed commit the environment is closed, looked over and opened again: LMDB forgives no
//          I/O error. Where its pages are damaged, it is put aside and an empty one begun, if peers
//          can fill that (Options::on_put_aside). Where nothing helps, begin() throws.
// Thread   one. Views are valid until the next write.
#pragma once

#include <lmdb.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crdt/result.h"
#include "node/dir_lock.h"
#include "node/store.h"

namespace node {

class LmdbStore final : public Store, private crdt::Transaction {
 public:
  struct Options {
    std::string dir;
    std::string cluster;  // A store that belongs to another cluster or node is refused.
    std::string node;
    // Address space, not disk: far above what an incident log reaches.
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    // Enough for the pages of many batches and for an operator's tools to still write.
    std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
    // Called where LMDB's own pages are damaged: the file has been put aside under another name and
    // an empty store begun, which peers fill again; the text says so. Absent: such a store is
    // refused, because nobody could fill it.
    std::function<void(const std::string& text)> on_put_aside;
  };

  [[nodiscard]] static crdt::Result<std::unique_ptr<LmdbStore>> open(const Options& options);
  // Whether data.mdb is another file than the one that was last adopted: a copy of it, made by
  // whatever means. Neither a reboot nor a move within the file system makes it one.
  [[nodiscard]] bool copied() const { return copied_; }
  // From now on this file is the store. REQUIRES no open transaction.
  [[nodiscard]] crdt::Result<void> adopt_file();
  // Puts the store aside, for a reason that ends a sentence, and begins an empty one. REQUIRES
  // Options::on_put_aside, and no open transaction.
  [[nodiscard]] crdt::Result<void> put_aside(const std::string& reason);
  // What an operator can do about a damaged store in `dir`, as the end of a sentence.
  [[nodiscard]] static std::string way_out(const std::string& dir);
  ~LmdbStore() override;

  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, CommitError> commit() override;
  void abort() override;
  [[nodiscard]] StoreSize size() const override;
  [[nodiscard]] bool sound() const override { return failure_ == 0; }
  [[nodiscard]] std::optional<CommitError> refusal() const override;

 private:
  LmdbStore(const Options& options, DirLock lock) : options_(options), lock_(std::move(lock)) {}

  std::optional<crdt::BytesView> get(crdt::BytesView key) override;
  void put(crdt::BytesView key, crdt::BytesView value) override;
  void erase(crdt::BytesView key) override;
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override;
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override;

  [[nodiscard]] std::string data_file() const { return options_.dir + "/data.mdb"; }
  [[nodiscard]] crdt::Result<void> create_if_missing();
  [[nodiscard]] crdt::Result<void> open_environment();
  [[nodiscard]] crdt::Result<void> open_or_begin_anew();
  [[nodiscard]] crdt::Result<void> check_marker();
  void check_file();
  [[nodiscard]] crdt::Error explain(int code) const;
  [[nodiscard]] std::uint64_t disk_free_bytes() const;
  [[nodiscard]] CommitError recover(int code);
  void close_environment();
  void end_transaction();
  template <class Write>
  void change(crdt::BytesView key, const Write& write);
  [[nodiscard]] MDB_cursor* take_cursor();
  void give_cursor(MDB_cursor* cursor);
  void remember(int code);

  Options options_;
  DirLock lock_;
  MDB_env* environment_ = nullptr;
  MDB_dbi database_ = 0;
  MDB_txn* transaction_ = nullptr;
  MDB_cursor* spare_cursor_ = nullptr;  // Of the open transaction; nested scans open more.
  int failure_ = 0;                     // The first failed call of the open transaction.
  int damaged_commits_ = 0;             // In a row: what LMDB read made no sense to it.
  bool dirty_ = false;
  bool copied_ = false;
  std::uint64_t commits_ = 0;
};

}  // namespace node
