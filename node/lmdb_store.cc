#include "node/lmdb_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <tuple>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "crdt/checksum.h"
#include "crdt/keyspace.h"
#include "crdt/planted.h"
#include "node/disk_full.h"
#include "node/journal_file.h"
#include "node/lmdb_check.h"
#include "node/lmdb_create.h"
#include "node/lmdb_rows.h"
#include "node/store_key.h"
#include "node/store_marker.h"

namespace node {
namespace {

constexpr std::uint64_t kMapBytesMax = std::uint64_t{16} << 40;  // x86-64 has 128 TiB to give.
// A backup that was killed would keep pages for ever; finding that out costs a few microseconds.
constexpr std::uint64_t kReaderCheckEvery = 1024;
constexpr std::uint64_t kMapAlign = 1 << 20;  // A multiple of any page size.
constexpr crdt::BytesView kFileKey("\0file", 5);

// Which file this is. The inode alone could be given out again; when it was born, nobody can set.
// Not the device: its number changes with a reboot. Where the file system does not tell the birth,
// it counts as 0.
crdt::Bytes identity_of(const std::string& path) {
  struct statx info {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) return {};
  const bool born = (info.stx_mask & STATX_BTIME) != 0;
  return crdt::big_endian(info.stx_ino) +
         crdt::big_endian(born ? static_cast<std::uint64_t>(info.stx_btime.tv_sec) : 0) +
         crdt::big_endian(born ? info.stx_btime.tv_nsec : 0);
}

// Of a store that was put aside: its last changes may be there alone. Says where they are now.
std::string put_journals_aside(const std::string& dir, const std::string& aside) {
  std::vector<std::filesystem::path> journals;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    const std::filesystem::path& path = entry.path();
    if (JournalFile::is_called(path.filename().string())) journals.push_back(path);
  }
  std::string text;
  for (const std::filesystem::path& path : journals) {
    const std::string with_it = aside + "." + path.filename().string();
    std::filesystem::rename(path, with_it, error);
    text += ", its journal as " + (error ? path.string() : with_it);
  }
  return text;
}

}  // namespace

crdt::Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const Options& options) {
  auto lock = DirLock::acquire(options.dir);
  if (!lock) return lock.error();
  std::unique_ptr<LmdbStore> store(new LmdbStore(options, std::move(*lock)));
  store->options_.map_bytes = (options.map_bytes + kMapAlign - 1) / kMapAlign * kMapAlign;
  if (const auto opened = store->open_or_begin_anew(); !opened) return opened.error();
  if (const auto ours = store->check_marker(); !ours) return ours.error();
  store->check_file();
  return store;
}

crdt::Result<void> LmdbStore::open_or_begin_anew() {
  if (options_.on_put_aside && is_damaged_lmdb_file(data_file())) {
    return put_aside(check_lmdb_file(data_file()).error().message);
  }
  if (const auto there = create_if_missing(); !there) return there;
  return open_environment();
}

crdt::Result<void> LmdbStore::put_aside(const std::string& reason) {
  CHECK(options_.on_put_aside && transaction_ == nullptr);
  close_environment();
  std::string aside;
  std::error_code error;
  for (int i = 1; aside.empty() || std::filesystem::exists(aside, error); ++i) {
    aside = options_.dir + "/data.mdb.damaged-" + std::to_string(i);
  }
  std::filesystem::rename(data_file(), aside, error);
  if (error) {
    return crdt::Error(reason + ", and it cannot be put aside: " + error.message() + "; " +
                       way_out(options_.dir));
  }
  std::filesystem::remove(options_.dir + "/lock.mdb", error);  // LMDB's, of that file.
  const std::string journals = put_journals_aside(options_.dir, aside);
  damaged_commits_ = 0;
  if (const auto made = create_if_missing(); !made) return made;
  if (const auto opened = open_environment(); !opened) return opened;
  begin().put(crdt::keyspace::catching_up(),
              crdt::seal_value("its store was damaged and is filled from its peers"));
  if (const auto marked = commit(); !marked) return crdt::Error(marked.error().message);
  options_.on_put_aside("the store is damaged: " + reason + ". It was put aside as " + aside +
                        journals + "; this node begins with an empty one, which its peers fill. " +
                        "What only this node held is there alone");
  return {};
}

std::string LmdbStore::way_out(const std::string& dir) {
  return "restore a backup, or move " + dir +
         " away: the peer then starts empty and its peers send it everything";
}

LmdbStore::~LmdbStore() {
  if (transaction_ != nullptr) abort();
  close_environment();
}

crdt::Result<void> LmdbStore::create_if_missing() {
  std::error_code error;
  if (std::filesystem::exists(data_file(), error) || error) return {};  // Opening it tells more.
  const crdt::Bytes marker = encode({std::string(kStoreFormat), options_.cluster, options_.node});
  if (const int code = create_lmdb_file(data_file(), options_.map_bytes, kMarkerKey, marker)) {
    return explain(code);
  }
  return {};
}

// LMDB trusts what it maps, and makes a new store where it finds none or an empty file: neither may
// happen here.
crdt::Result<void> LmdbStore::open_environment() {
  if (const auto sound = check_lmdb_file(data_file()); !sound) {
    return crdt::Error(sound.error().message + "; " + way_out(options_.dir));
  }
  int code = mdb_env_create(&environment_);
  if (code == 0) code = mdb_env_set_mapsize(environment_, options_.map_bytes);
  // NOTLS: transactions belong to the store, not to a thread.
  const bool synced = !crdt::planted(crdt::Bug::kCommitWithoutSync);
  const unsigned flags = MDB_NOTLS | (synced ? 0 : MDB_NOSYNC);
  if (code == 0) code = mdb_env_open(environment_, options_.dir.c_str(), flags, 0600);
  MDB_txn* transaction = nullptr;
  if (code == 0) code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
  if (code == 0) {
    code = mdb_dbi_open(transaction, nullptr, 0, &database_);
    mdb_txn_abort(transaction);
  }
  if (code == 0) return {};
  close_environment();
  return explain(code);
}

crdt::Error LmdbStore::explain(int code) const {
  const std::string what = "cannot open the store in " + options_.dir + ": " + mdb_strerror(code);
  switch (code) {
    case ENOMEM:
      return crdt::Error(what + "; lower store.map_bytes or raise this process's memory limit");
    case ENOSPC:
    case EDQUOT:
      return crdt::Error(what + "; free some disk space and start again");
    case EACCES:
    case EPERM:
    case EROFS:
      return crdt::Error(what + "; make it and its files writable for this user");
    default:
      return crdt::Error(what + "; " + way_out(options_.dir));
  }
}

crdt::Result<void> LmdbStore::check_marker() {
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction)) {
    return explain(code);
  }
  MDB_val key = to_val(kMarkerKey);
  MDB_val value{};
  const int code = mdb_get(transaction, database_, &key, &value);
  const crdt::Bytes found(code == 0 ? to_view(value) : crdt::BytesView());
  mdb_txn_abort(transaction);
  if (code == MDB_NOTFOUND) {
    return crdt::Error("the LMDB files in " + options_.dir +
                       " belong to another program; set data_dir to another place");
  }
  if (code != 0) return explain(code);
  const StoreMarker marker = decode_marker(found);
  if (marker.format != kStoreFormat) {
    return crdt::Error("the store in " + options_.dir + " has the format \"" + marker.format +
                       "\", this program reads \"" + std::string(kStoreFormat) +
                       "\"; run the version of Muster that wrote it");
  }
  const auto& [format, cluster, node] = marker;
  if (cluster == options_.cluster && node == options_.node) return {};
  return crdt::Error("the store in " + options_.dir + " belongs to peer " + node + " of cluster " +
                     cluster + ", the configuration is for peer " + options_.node + " of cluster " +
                     options_.cluster + "; set data_dir to that peer's own place");
}

void LmdbStore::check_file() {
  const crdt::Bytes here = identity_of(data_file());
  MDB_txn* transaction = nullptr;
  if (here.empty() || mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction) != 0) return;
  MDB_val key = to_val(kFileKey);
  MDB_val value{};
  const int code = mdb_get(transaction, database_, &key, &value);
  const crdt::Bytes known(code == 0 ? to_view(value) : crdt::BytesView());
  mdb_txn_abort(transaction);
  copied_ = code == 0 && known != here;
  // Where it cannot be written now, the next start writes it.
  if (code == MDB_NOTFOUND) std::ignore = adopt_file();
}

crdt::Result<void> LmdbStore::adopt_file() {
  CHECK(transaction_ == nullptr);
  const crdt::Bytes here = identity_of(data_file());
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(environment_, nullptr, 0, &transaction)) return explain(code);
  MDB_val key = to_val(kFileKey);
  MDB_val value = to_val(here);
  if (const int code = mdb_put(transaction, database_, &key, &value, 0)) {
    mdb_txn_abort(transaction);
    return explain(code);
  }
  if (const int code = mdb_txn_commit(transaction)) return explain(code);
  copied_ = false;
  return {};
}

crdt::Transaction& LmdbStore::begin() {
  CHECK(transaction_ == nullptr);
  int code = -1;
  if (environment_ != nullptr) code = mdb_txn_begin(environment_, nullptr, 0, &transaction_);
  if (code != 0) {
    transaction_ = nullptr;
    close_environment();
    // Its file may be gone: an empty store must not take its place in silence.
    const bool damaged = options_.on_put_aside && is_damaged_lmdb_file(data_file());
    if (const auto opened = damaged ? open_or_begin_anew() : open_environment(); !opened) {
      throw std::runtime_error(opened.error().message);
    }
    code = mdb_txn_begin(environment_, nullptr, 0, &transaction_);
    if (code != 0) throw std::runtime_error(explain(code).message);
  }
  failure_ = 0;
  dirty_ = false;
  return *this;
}

boost::system::result<void, CommitError> LmdbStore::commit() {
  CHECK(transaction_ != nullptr);
  if (failure_ != 0) {
    const int code = failure_;
    abort();
    return recover(code);
  }
  if (!dirty_) {
    abort();
    return {};
  }
  if (auto refused = refusal()) {
    abort();
    return *std::move(refused);
  }
  end_transaction();
  if (++commits_ % kReaderCheckEvery == 0) mdb_reader_check(environment_, nullptr);
  // Frees the transaction whether it succeeds or not.
  const int code = mdb_txn_commit(std::exchange(transaction_, nullptr));
  if (code != 0) return recover(code);
  damaged_commits_ = 0;
  return {};
}

std::optional<CommitError> LmdbStore::refusal() const {
  if (disk_free_bytes() >= options_.disk_reserve_bytes) return std::nullopt;
  return CommitError(CommitFailure::kDiskFull,
                     "less than store.disk_reserve_bytes is free on the disk of " + options_.dir);
}

void LmdbStore::abort() {
  CHECK(transaction_ != nullptr);
  end_transaction();
  mdb_txn_abort(std::exchange(transaction_, nullptr));
}

void LmdbStore::end_transaction() {
  if (spare_cursor_ != nullptr) mdb_cursor_close(std::exchange(spare_cursor_, nullptr));
}

CommitError LmdbStore::recover(int code) {
  std::string reason = "the store in " + options_.dir + ": " + mdb_strerror(code);
  const bool full = is_disk_full(code) || code == MDB_MAP_FULL;
  CommitFailure kind = full ? CommitFailure::kDiskFull : CommitFailure::kIo;
  if (code == MDB_MAP_FULL && options_.map_bytes < kMapBytesMax) {
    options_.map_bytes = std::min(options_.map_bytes * 2, kMapBytesMax);
    kind = CommitFailure::kIo;  // Opened anew, it has room again: nobody needs to wait for a disk.
    reason += "; it now takes " + std::to_string(options_.map_bytes) + " octets of address space";
  }
  const CommitError error(kind, reason);
  close_environment();
  // Opened anew it may be sound: what was read may not be what the disk holds.
  damaged_commits_ += code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND ? 1 : 0;
  if (damaged_commits_ > 1 && options_.on_put_aside && put_aside(reason)) return error;
  // If this fails, begin() tries again and says why.
  if (!open_environment()) environment_ = nullptr;
  return error;
}

void LmdbStore::close_environment() {
  if (environment_ != nullptr) mdb_env_close(std::exchange(environment_, nullptr));
}

StoreSize LmdbStore::size() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  if (environment_ == nullptr || mdb_env_info(environment_, &info) != 0 ||
      mdb_env_stat(environment_, &stat) != 0) {
    return {0, disk_free_bytes()};
  }
  return {(info.me_last_pgno + 1) * stat.ms_psize, disk_free_bytes()};
}

std::uint64_t LmdbStore::disk_free_bytes() const {
  struct statvfs disk {};
  // Unknown is not full: LMDB's own write will tell.
  if (::statvfs(options_.dir.c_str(), &disk) != 0) return ~std::uint64_t{0};
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

void LmdbStore::remember(int code) {
  if (code != 0 && code != MDB_NOTFOUND && failure_ == 0) failure_ = code;
}

std::optional<crdt::BytesView> LmdbStore::get(crdt::BytesView key) {
  CHECK(transaction_ != nullptr);
  check_store_key(key);
  MDB_val wanted = to_val(key);
  MDB_val value{};
  const int code = mdb_get(transaction_, database_, &wanted, &value);
  remember(code);
  if (code != 0) return std::nullopt;
  return to_view(value);
}

// By a cursor that stays where the last change was: rows that come in the order of their keys find
// their page without a search from the root.
void LmdbStore::put(crdt::BytesView key, crdt::BytesView value) {
  change(key, [&](MDB_cursor* cursor, MDB_val& wanted) {
    MDB_val fresh = to_val(value);
    return mdb_cursor_put(cursor, &wanted, &fresh, 0);
  });
}

void LmdbStore::erase(crdt::BytesView key) {
  change(key, [](MDB_cursor* cursor, MDB_val& wanted) {
    MDB_val held{};
    const int code = mdb_cursor_get(cursor, &wanted, &held, MDB_SET);
    return code == 0 ? mdb_cursor_del(cursor, 0) : code;
  });
}

template <class Write>
void LmdbStore::change(crdt::BytesView key, const Write& write) {
  CHECK(transaction_ != nullptr);
  check_store_key(key);
  dirty_ = true;
  if (failure_ != 0) return;
  MDB_cursor* cursor = take_cursor();
  if (cursor == nullptr) return;
  MDB_val wanted = to_val(key);
  remember(write(cursor, wanted));
  give_cursor(cursor);
}

MDB_cursor* LmdbStore::take_cursor() {
  CHECK(transaction_ != nullptr);
  if (spare_cursor_ != nullptr) return std::exchange(spare_cursor_, nullptr);
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(transaction_, database_, &cursor);
  remember(code);
  return code == 0 ? cursor : nullptr;
}

void LmdbStore::give_cursor(MDB_cursor* cursor) {
  if (spare_cursor_ == nullptr) {
    spare_cursor_ = cursor;
  } else {
    mdb_cursor_close(cursor);
  }
}

void LmdbStore::scan(crdt::BytesView from, crdt::BytesView to,
                     const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  MDB_cursor* cursor = take_cursor();
  if (cursor == nullptr) return;
  remember(scan_rows(cursor, from, to, visit));
  give_cursor(cursor);
}

std::optional<crdt::Bytes> LmdbStore::last_key(crdt::BytesView from, crdt::BytesView to) {
  MDB_cursor* cursor = take_cursor();
  if (cursor == nullptr) return std::nullopt;
  std::optional<crdt::Bytes> found;
  remember(find_last_key(cursor, from, to, found));
  give_cursor(cursor);
  return found;
}

}  // namespace node
