#include "simulation/memory_disk.h"

#include <iterator>

#include "crdt/check.h"

namespace simulation {
namespace {

constexpr std::size_t kKeyBytesMax = 511;  // As LMDB takes them.

void check_key(crdt::BytesView key) {
  CHECK(!key.empty() && key.size() <= kKeyBytesMax && key.front() != '\0');
}

// The disk itself, for as long as a process has it open.
class Bare final : public node::Store {
 public:
  explicit Bare(MemoryDisk& disk) : disk_(disk) {}

  crdt::Transaction& begin() override { return disk_.begin(); }
  boost::system::result<void, node::CommitError> commit() override { return disk_.commit(); }
  void abort() override { disk_.abort(); }
  [[nodiscard]] node::StoreSize size() const override { return disk_.size(); }
  [[nodiscard]] std::optional<node::CommitError> refusal() const override {
    return disk_.refusal();
  }

 private:
  MemoryDisk& disk_;
};

}  // namespace

std::unique_ptr<node::Store> MemoryDisk::open() {
  return wrap_ ? wrap_(*this) : std::make_unique<Bare>(*this);
}

void MemoryDisk::tick(Moment moment) {
  if (strikes(moment)) throw PowerLoss{moment};
}

crdt::Transaction& MemoryDisk::begin() {
  CHECK(!open_);
  tick(Moment::kOperation);
  open_ = true;
  return *this;
}

boost::system::result<void, node::CommitError> MemoryDisk::commit() {
  CHECK(open_);
  const bool wrote = !open_undo_.empty();
  if (wrote) tick(Moment::kBeforeCommit);
  if (auto refused = refusal(); wrote && refused) {
    abort();
    return *std::move(refused);
  }
  const bool kept = wrote && fails(Remains::kEverything);
  if (kept || (wrote && fails(Remains::kNothing))) {
    kept ? keep_writes() : abort();
    return node::CommitError(node::CommitFailure::kIo, "I/O error (simulated)");
  }
  keep_writes();
  if (wrote) tick(Moment::kAfterCommit);
  return {};
}

std::optional<node::CommitError> MemoryDisk::refusal() const {
  if (!full()) return std::nullopt;
  return node::CommitError(node::CommitFailure::kDiskFull, "no space left (simulated)");
}

void MemoryDisk::keep_writes() {
  open_ = false;
  if (!open_undo_.empty()) count_write();
  if (lying_) {
    unsynced_.push_back(std::exchange(open_undo_, {}));
  }
  open_undo_.clear();
}

void MemoryDisk::abort() {
  CHECK(open_);
  open_ = false;
  take_back(open_undo_);
}

node::StoreSize MemoryDisk::size() const { return {bytes_, full() ? 0 : kFreeBytes}; }

void MemoryDisk::set_lying(bool lying, std::uint64_t kept_percent) {
  lying_ = lying;
  kept_percent_ = kept_percent;
  if (!lying) unsynced_.clear();
}

void MemoryDisk::end_process() {
  if (open_) abort();
  Disk::end_process();
}

void MemoryDisk::recover() {
  end_process();
  const std::size_t kept = unsynced_.size() * kept_percent_ / 100;
  for (; unsynced_.size() > kept; unsynced_.pop_back()) take_back(unsynced_.back());
  unsynced_.clear();
}

bool MemoryDisk::flip_bit(crdt::Rng& rng) {
  CHECK(!open_);
  if (map_.empty()) return false;
  auto row = std::next(map_.begin(), static_cast<std::ptrdiff_t>(rng.below(map_.size())));
  if (row->second.empty()) return false;
  const std::uint64_t bit = rng.below(row->second.size() * 8);
  row->second[bit / 8] = static_cast<char>(row->second[bit / 8] ^ 1 << bit % 8);
  return true;
}

void MemoryDisk::replace(Contents contents) {
  CHECK(!open_);
  map_ = std::move(contents);
  unsynced_.clear();
  bytes_ = 0;
  for (const auto& [key, value] : map_) bytes_ += key.size() + value.size();
}

void MemoryDisk::take_back(Undo& undo) {
  for (auto entry = undo.rbegin(); entry != undo.rend(); ++entry) {
    auto& [key, old] = *entry;
    const auto found = map_.find(key);
    if (found != map_.end()) {
      bytes_ -= key.size() + found->second.size();
      if (!old) map_.erase(found);
    }
    if (!old) continue;
    bytes_ += key.size() + old->size();
    map_.insert_or_assign(key, std::move(*old));
  }
  undo.clear();
}

std::optional<crdt::BytesView> MemoryDisk::get(crdt::BytesView key) {
  CHECK(open_);
  check_key(key);
  tick(Moment::kOperation);
  const auto found = map_.find(key);
  if (found == map_.end()) return std::nullopt;
  return crdt::BytesView(found->second);
}

void MemoryDisk::put(crdt::BytesView key, crdt::BytesView value) {
  CHECK(open_);
  check_key(key);
  tick(Moment::kOperation);
  crdt::Bytes fresh(value);  // First: `value` may be a view into what it replaces.
  bytes_ += fresh.size();
  const auto found = map_.lower_bound(key);
  if (found == map_.end() || found->first != key) {
    bytes_ += key.size();
    open_undo_.emplace_back(key, std::nullopt);
    map_.emplace_hint(found, key, std::move(fresh));
    return;
  }
  bytes_ -= found->second.size();
  open_undo_.emplace_back(key, std::exchange(found->second, std::move(fresh)));
}

void MemoryDisk::erase(crdt::BytesView key) {
  CHECK(open_);
  check_key(key);
  tick(Moment::kOperation);
  const auto found = map_.find(key);
  if (found == map_.end()) return;
  bytes_ -= found->first.size() + found->second.size();
  open_undo_.emplace_back(found->first, std::move(found->second));
  map_.erase(found);
}

void MemoryDisk::scan(crdt::BytesView from, crdt::BytesView to,
                      const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  CHECK(open_);
  tick(Moment::kOperation);
  for (auto at = map_.lower_bound(from); at != map_.end(); ++at) {
    if (!to.empty() && at->first >= to) return;
    if (!visit(at->first, at->second)) return;
  }
}

std::optional<crdt::Bytes> MemoryDisk::last_key(crdt::BytesView from, crdt::BytesView to) {
  CHECK(open_);
  tick(Moment::kOperation);
  auto at = to.empty() ? map_.end() : map_.lower_bound(to);
  if (at == map_.begin()) return std::nullopt;
  --at;
  if (at->first < from) return std::nullopt;
  return at->first;
}

}  // namespace simulation
