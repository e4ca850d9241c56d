#include "node/lmdb_snapshot.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "crdt/check.h"
#include "node/lmdb_check.h"
#include "node/lmdb_rows.h"

namespace node {
namespace {

// Looked at and let go at once: nobody who starts meanwhile is to find it locked.
bool is_locked(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return locked;
}

}  // namespace

crdt::Result<std::unique_ptr<LmdbSnapshot>> LmdbSnapshot::open(const std::string& dir) {
  std::error_code error;
  const std::string data = dir + "/data.mdb";
  if (!std::filesystem::exists(data, error)) {
    return crdt::Error("there is no store in " + dir + (error ? ": " + error.message() : "") +
                       "; give the data_dir of a peer");
  }
  std::unique_ptr<LmdbSnapshot> snapshot(new LmdbSnapshot(dir));
  snapshot->live_ = is_locked(dir + "/lock");
  // While a node writes, pages change under whoever walks them; it looked when it began.
  if (!snapshot->live_) {
    if (const auto sound = check_lmdb_file(data); !sound) return sound.error();
  }
  if (const auto opened = snapshot->open_environment(); !opened) return opened.error();
  if (const auto read = snapshot->read_marker(); !read) return read.error();
  return snapshot;
}

LmdbSnapshot::~LmdbSnapshot() {
  if (transaction_ != nullptr) mdb_txn_abort(transaction_);
  if (environment_ != nullptr) mdb_env_close(environment_);
}

crdt::Result<void> LmdbSnapshot::open_environment() {
  int code = mdb_env_create(&environment_);
  if (code == 0) code = mdb_env_open(environment_, dir_.c_str(), MDB_RDONLY | MDB_NOTLS, 0600);
  if (code == 0) code = mdb_reader_check(environment_, nullptr);
  if (code == 0) code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction_);
  if (code == 0) code = mdb_dbi_open(transaction_, nullptr, 0, &database_);
  if (code == 0) return {};
  return explain(code);
}

crdt::Result<void> LmdbSnapshot::read_marker() {
  MDB_val key = to_val(kMarkerKey);
  MDB_val value{};
  const int code = mdb_get(transaction_, database_, &key, &value);
  if (code == MDB_NOTFOUND) {
    return crdt::Error("the LMDB files in " + dir_ + " belong to another program");
  }
  if (code != 0) return explain(code);
  marker_ = decode_marker(to_view(value));
  if (marker_.format == kStoreFormat) return {};
  return crdt::Error("the store in " + dir_ + " has the format \"" + marker_.format +
                     "\", this program reads \"" + std::string(kStoreFormat) +
                     "\"; run the version of Muster that wrote it");
}

crdt::Result<std::optional<crdt::Bytes>> LmdbSnapshot::newest(crdt::BytesView key) const {
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction)) {
    return explain(code);
  }
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int code = mdb_get(transaction, database_, &wanted, &value);
  std::optional<crdt::Bytes> found;
  if (code == 0) found.emplace(to_view(value));
  mdb_txn_abort(transaction);
  if (code != 0 && code != MDB_NOTFOUND) return explain(code);
  return found;
}

crdt::Error LmdbSnapshot::explain(int code) const {
  const std::string what = "cannot read the store in " + dir_ + ": " + mdb_strerror(code);
  if (code == EACCES || code == EPERM) return crdt::Error(what + "; run this as the peer's user");
  if (code == MDB_READERS_FULL) return crdt::Error(what + "; wait for other backups to end");
  return crdt::Error(what);
}

std::uint64_t LmdbSnapshot::rows() const {
  MDB_stat stat{};
  return mdb_stat(transaction_, database_, &stat) == 0 ? stat.ms_entries : 0;
}

boost::system::result<void, CommitError> LmdbSnapshot::commit() {
  if (failure_ == 0) return {};
  return CommitError(CommitFailure::kIo, explain(failure_).message);
}

StoreSize LmdbSnapshot::size() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  if (mdb_env_info(environment_, &info) != 0 || mdb_env_stat(environment_, &stat) != 0) return {};
  return {(info.me_last_pgno + 1) * stat.ms_psize, 0};
}

void LmdbSnapshot::remember(int code) {
  if (code != 0 && code != MDB_NOTFOUND && failure_ == 0) failure_ = code;
}

std::optional<crdt::BytesView> LmdbSnapshot::get(crdt::BytesView key) {
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int code = mdb_get(transaction_, database_, &wanted, &value);
  remember(code);
  if (code != 0) return std::nullopt;
  return to_view(value);
}

void LmdbSnapshot::put(crdt::BytesView, crdt::BytesView) { CHECK(!"a snapshot is only read"); }
void LmdbSnapshot::erase(crdt::BytesView) { CHECK(!"a snapshot is only read"); }

void LmdbSnapshot::scan(crdt::BytesView from, crdt::BytesView to,
                        const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(transaction_, database_, &cursor);
  remember(code);
  if (code != 0) return;
  remember(scan_rows(cursor, from, to, visit));
  mdb_cursor_close(cursor);
}

std::optional<crdt::Bytes> LmdbSnapshot::last_key(crdt::BytesView from, crdt::BytesView to) {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(transaction_, database_, &cursor);
  remember(code);
  if (code != 0) return std::nullopt;
  std::optional<crdt::Bytes> found;
  remember(find_last_key(cursor, from, to, found));
  mdb_cursor_close(cursor);
  return found;
}

}  // namespace node
