#include "simulation/lmdb_disk.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "node/journal_file.h"
#include "node/lmdb_store.h"
#include "simulation/journaled_disk.h"
#include "simulation/run_folder.h"

namespace simulation {
namespace {

constexpr std::uint64_t kMapBytes = std::uint64_t{1} << 30;  // Address space: of 26 nodes, little.

constexpr const char* kDataFile = "data.mdb";

bool is_kept(const std::string& name) {
  return name == kDataFile || node::JournalFile::is_called(name);
}

}  // namespace

// The store as node/server.cc opens it, for one process's life.
class LmdbDisk::Process final : public node::Store, private crdt::Transaction {
 public:
  explicit Process(LmdbDisk& disk)
      : disk_(disk),
        lmdb_(open_lmdb(disk)),
        journal_(disk.folder_, node::JournalFile::Access::kOwner, disk.limits_.journal_pages),
        behind_(*lmdb_, journal_, disk.limits_) {
    tried([this] { behind_.open().value(); });
    disk_.throw_if_dark();
    disk_.process_ = this;
  }
  ~Process() override { disk_.process_ = nullptr; }

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  crdt::Transaction& begin() override {
    tick();
    txn_ = tried([this] { return &behind_.begin(); });
    disk_.throw_if_dark();
    return *this;
  }

  boost::system::result<void, node::CommitError> commit() override {
    auto committed = behind_.commit();
    disk_.throw_if_dark();
    if (committed) return committed;
    return node::CommitError(committed.error().kind,
                             disk_.without_names(committed.error().message));
  }

  void abort() override { behind_.abort(); }
  [[nodiscard]] node::StoreSize size() const override { return behind_.size(); }
  [[nodiscard]] bool sound() const override { return behind_.sound(); }
  [[nodiscard]] std::optional<node::CommitError> refusal() const override {
    auto refused = behind_.refusal();
    if (refused) refused->message = disk_.without_names(refused->message);
    return refused;
  }

  [[nodiscard]] node::LmdbStore& lmdb() { return *lmdb_; }

 private:
  static std::unique_ptr<node::LmdbStore> open_lmdb(LmdbDisk& disk) {
    node::LmdbStore::Options options;
    options.dir = disk.folder_;
    options.cluster = "simulation";
    options.node = "node";
    options.map_bytes = kMapBytes;
    auto opened = node::LmdbStore::open(options);
    disk.throw_if_dark();
    if (opened) return std::move(*opened);
    throw std::runtime_error(disk.without_names(opened.error().message));
  }

  std::optional<crdt::BytesView> get(crdt::BytesView key) override {
    tick();
    return txn_->get(key);
  }
  void put(crdt::BytesView key, crdt::BytesView value) override {
    tick();
    txn_->put(key, value);
  }
  void erase(crdt::BytesView key) override {
    tick();
    txn_->erase(key);
  }
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override {
    tick();
    txn_->scan(from, to, visit);
  }
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override {
    tick();
    return txn_->last_key(from, to);
  }

  void tick() {
    if (disk_.goes_dark(Moment::kOperation)) disk_.throw_if_dark();
  }

  // Without names in what is thrown.
  template <class Call>
  std::invoke_result_t<Call> tried(const Call& call) {
    try {
      return call();
    } catch (const std::runtime_error& error) {
      disk_.throw_if_dark();
      throw std::runtime_error(disk_.without_names(error.what()));
    }
  }

  LmdbDisk& disk_;
  std::unique_ptr<node::LmdbStore> lmdb_;
  node::JournalFile journal_;
  node::WriteBehind behind_;
  crdt::Transaction* txn_ = nullptr;
};

LmdbDisk::LmdbDisk(const std::string& folder, const node::WriteBehind::Limits& limits, Dice dice)
    : folder_(folder), limits_(limits), dice_(dice), files_(folder, *this) {
  std::filesystem::create_directories(folder);
}

std::unique_ptr<node::Store> LmdbDisk::open() { return std::make_unique<Process>(*this); }

// --- the power ---

bool LmdbDisk::goes_dark(Moment moment) {
  if (!dark_ && strikes(moment)) dark_ = moment;
  return dark_.has_value();
}

void LmdbDisk::throw_if_dark() const {
  if (dark_) throw PowerLoss{*dark_};
}

// Where the power went within its work, it lost what was not synced.
void LmdbDisk::end_process() {
  if (std::exchange(dark_, std::nullopt)) files_.lose_power(dice_, false);
  Disk::end_process();
}

void LmdbDisk::recover() {
  dark_.reset();
  files_.lose_power(dice_, true);
  Disk::end_process();
}

void LmdbDisk::set_lying(bool lying, std::uint64_t kept_percent) {
  files_.set_lying(lying, kept_percent);
}

// --- calls of the store ---

UnsyncedFiles::Rules::Fate LmdbDisk::on_write() {
  if (checked_by_hand_) return {};
  if (dark_) return {EIO, false};
  if (goes_dark(Moment::kOperation)) return {EIO, true};  // It may be on the disk by half.
  if (fails(Remains::kNothing)) return {dice_.chance(1, 3) ? ENOSPC : EIO, false};
  return {};
}

UnsyncedFiles::Rules::Fate LmdbDisk::on_sync() {
  if (checked_by_hand_) return {};
  if (goes_dark(Moment::kBeforeCommit) || fails(Remains::kEverything)) return {EIO, false};
  return {};
}

void LmdbDisk::on_synced() {
  if (checked_by_hand_) return;
  count_write();
  static_cast<void>(goes_dark(Moment::kAfterCommit));
}

std::uint64_t LmdbDisk::free_bytes() const { return full() && !checked_by_hand_ ? 0 : kFreeBytes; }

// --- what lies there ---

bool LmdbDisk::flip_bit(crdt::Rng& rng) {
  std::unique_ptr<node::Store> opened;
  checked_by_hand_ = true;
  if (process_ == nullptr) opened = open();
  crdt::Transaction& txn = process_->lmdb().begin();
  std::vector<std::pair<crdt::Bytes, crdt::Bytes>> rows;
  txn.scan({}, {}, [&](crdt::BytesView key, crdt::BytesView value) {
    if (!value.empty()) rows.emplace_back(key, value);
    return true;
  });
  if (!rows.empty()) {
    auto& [key, value] = rows[rng.below(rows.size())];
    const std::uint64_t bit = rng.below(value.size() * 8);
    value[bit / 8] = static_cast<char>(value[bit / 8] ^ 1 << bit % 8);
    txn.put(key, value);
  }
  const bool flipped = process_->lmdb().commit().has_value() && !rows.empty();
  checked_by_hand_ = false;
  return flipped;
}

Disk::Contents LmdbDisk::contents() const {
  Contents files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    if (!is_kept(name)) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files.emplace(name, crdt::Bytes(std::istreambuf_iterator<char>(file), {}));
  }
  return files;
}

void LmdbDisk::replace(Contents contents) {
  CHECK(process_ == nullptr);
  checked_by_hand_ = true;
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directory(folder_);
  for (const auto& [name, bytes] : contents) {
    std::ofstream file(folder_ + "/" + name, std::ios::binary);
    file << bytes << std::flush;
    CHECK(file.good());
  }
  files_.forget();
  checked_by_hand_ = false;
}

std::uint64_t LmdbDisk::bytes() const {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(folder_ + "/" + kDataFile, error);
  return error ? 0 : size;
}

std::string LmdbDisk::without_names(std::string text) const {
  for (std::size_t at = 0; (at = text.find(folder_, at)) != std::string::npos;) {
    text.replace(at, folder_.size(), "its folder");
  }
  constexpr std::string_view kJournal = "journal-";
  constexpr std::size_t kIdentity = 16;
  for (std::size_t at = 0; (at = text.find(kJournal, at)) != std::string::npos; ++at) {
    text.erase(at + kJournal.size() - 1, kIdentity + 1);
  }
  return text;
}

Storage lmdb_storage(std::uint64_t seed) {
  const auto folder = std::make_shared<RunFolder>();
  const auto make = [folder, seed, limits = journal_limits(seed)](NodeIndex node, bool copy) {
    const std::string name = std::string(1, letter_of(node)) + (copy ? "-copy" : "");
    Dice dice(seed, copy ? "lmdb copy" : "lmdb", node);
    return std::make_unique<LmdbDisk>(folder->path() + "/" + name, limits, dice);
  };
  return {make, {}};
}

}  // namespace simulation
