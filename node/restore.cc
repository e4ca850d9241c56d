// The half of node/backup.h that makes a store.
#include <lmdb.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "crdt/checksum.h"
#include "crdt/keyspace.h"
#include "node/backup.h"
#include "node/dir_lock.h"
#include "node/lmdb_create.h"
#include "node/store_marker.h"

namespace node {
namespace {

// LMDB's pages are at least half full where rows are appended in order.
constexpr std::uint64_t kMapPerFileByte = 4;
constexpr std::uint64_t kMapBytesMin = std::uint64_t{64} << 20;
constexpr std::uint64_t kMapAlign = 1 << 20;
constexpr std::uint64_t kRowsPerTransaction = 10'000;  // Bounds the dirty pages it holds.
constexpr std::uint64_t kTellEveryRows = 10'000;

// A data file under a name that no node opens, until it is published.
class NewStore {
 public:
  explicit NewStore(std::string path) : path_(std::move(path)) {}
  ~NewStore() {
    close();
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  NewStore(const NewStore&) = delete;
  NewStore& operator=(const NewStore&) = delete;

  int open(std::uint64_t map_bytes) {
    ::unlink(path_.c_str());  // An earlier attempt's.
    int code = mdb_env_create(&environment_);
    if (code == 0) code = mdb_env_set_mapsize(environment_, map_bytes);
    // NOSYNC: finish() syncs once. NOLOCK: nobody else knows this name.
    const unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC;
    if (code == 0) code = mdb_env_open(environment_, path_.c_str(), flags, 0600);
    return code == 0 ? begin() : code;
  }

  // REQUIRES append only of keys that ascend.
  int put(crdt::BytesView key, crdt::BytesView value, bool append) {
    MDB_val name{key.size(), const_cast<char*>(key.data())};
    MDB_val content{value.size(), const_cast<char*>(value.data())};
    int code = mdb_put(transaction_, database_, &name, &content, append ? MDB_APPEND : 0);
    if (code != 0 || ++rows_ % kRowsPerTransaction != 0) return code;
    code = mdb_txn_commit(std::exchange(transaction_, nullptr));
    return code == 0 ? begin() : code;
  }

  int finish(const std::string& final_path) {
    int code = mdb_txn_commit(std::exchange(transaction_, nullptr));
    if (code == 0) code = mdb_env_sync(environment_, 1);
    close();
    if (code == 0) code = publish_file(path_, final_path);
    if (code == 0) path_.clear();
    return code;
  }

 private:
  int begin() {
    const int code = mdb_txn_begin(environment_, nullptr, 0, &transaction_);
    return code == 0 ? mdb_dbi_open(transaction_, nullptr, 0, &database_) : code;
  }

  void close() {
    if (transaction_ != nullptr) mdb_txn_abort(std::exchange(transaction_, nullptr));
    if (environment_ != nullptr) mdb_env_close(std::exchange(environment_, nullptr));
  }

  std::string path_;
  MDB_env* environment_ = nullptr;
  MDB_txn* transaction_ = nullptr;
  MDB_dbi database_ = 0;
  std::uint64_t rows_ = 0;
};

crdt::Error failed(const std::string& dir, int code) {
  return crdt::Error("cannot make a store in " + dir + ": " + mdb_strerror(code) +
                     "; nothing is left of it");
}

crdt::Result<void> refuse_store(const std::string& dir) {
  std::error_code error;
  if (!std::filesystem::exists(dir + "/data.mdb", error)) return {};
  return crdt::Error("there is a store in " + dir +
                     " already; it stays as it is. Move it away, or restore to another place");
}

crdt::Result<BackupSummary> verify(const RestoreOptions& options) {
  auto summary = read_backup(options.file, [](crdt::BytesView key, crdt::BytesView) {
    if (crdt::keyspace::travels(key)) return crdt::Result<void>();
    return crdt::Result<void>(crdt::Error("holds what belongs into no backup"));
  });
  if (!summary) return summary;
  const BackupHeader& header = summary->header;
  if (header.store_format != kStoreFormat) {
    return crdt::Error(options.file + " is of a store of the format \"" + header.store_format +
                       "\", this program writes \"" + std::string(kStoreFormat) +
                       "\"; restore it with the version of Muster that made it");
  }
  if (!options.cluster.empty() && options.cluster != header.cluster) {
    return crdt::Error(options.file + " is of the cluster " + header.cluster +
                       ", the configuration is for " + options.cluster +
                       "; peers of two clusters never link");
  }
  return summary;
}

crdt::Result<void> build(const RestoreOptions& options, const BackupSummary& seen,
                         const std::string& node, const OnProgress& on_progress) {
  NewStore store(options.dir + "/data.mdb.restoring");
  const std::uint64_t map = (kMapBytesMin + kMapPerFileByte * seen.bytes) / kMapAlign * kMapAlign;
  if (const int code = store.open(map)) return failed(options.dir, code);
  const StoreMarker marker{std::string(kStoreFormat), seen.header.cluster, node};
  if (const int code = store.put(kMarkerKey, encode(marker), true)) {
    return failed(options.dir, code);
  }
  CopyProgress progress{0, seen.rows, 0};
  const auto again = read_backup(options.file, [&](crdt::BytesView key, crdt::BytesView value) {
    if (const int code = store.put(key, value, true)) {
      return crdt::Result<void>(failed(options.dir, code));
    }
    progress.bytes += key.size() + value.size();
    if (++progress.rows % kTellEveryRows == 0) on_progress(progress);
    return crdt::Result<void>();
  });
  if (!again) return again.error();
  if (again->checksum != seen.checksum) {
    return crdt::Error(options.file + " changed while it was read; nothing is restored");
  }
  const crdt::Bytes why = "it was restored from a backup of " + seen.header.made_at;
  int code = store.put(crdt::keyspace::catching_up(), crdt::seal_value(why), false);
  if (code == 0) code = store.finish(options.dir + "/data.mdb");
  if (code != 0) return failed(options.dir, code);
  on_progress({seen.rows, seen.rows, progress.bytes});
  return {};
}

}  // namespace

crdt::Result<RestoreReport> restore_backup(const RestoreOptions& options,
                                           const OnProgress& on_progress) {
  if (const auto free = refuse_store(options.dir); !free) return free.error();
  auto summary = verify(options);
  if (!summary) return summary.error();
  const auto lock = DirLock::acquire(options.dir);
  if (!lock) return lock.error();
  if (const auto free = refuse_store(options.dir); !free) return free.error();
  std::string node = options.node.empty() ? summary->header.node : options.node;
  if (const auto built = build(options, *summary, node, on_progress); !built) return built.error();
  return RestoreReport{std::move(*summary), std::move(node)};
}

}  // namespace node
