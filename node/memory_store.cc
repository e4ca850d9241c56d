#include "node/memory_store.h"

#include <iterator>
#include <limits>

#include "crdt/check.h"
#include "node/store_key.h"

namespace node {

crdt::Transaction& MemoryStore::begin() {
  CHECK(!open_);
  open_ = true;
  return *this;
}

boost::system::result<void, CommitError> MemoryStore::commit() {
  CHECK(open_);
  const bool wrote = !open_undo_.empty();
  std::optional<CommitFailure> failure = std::exchange(fail_next_, std::nullopt);
  if (!failure && fail_reads_) failure = CommitFailure::kIo;
  if (!failure && wrote) {
    if (auto refused = refusal()) {
      abort();
      return *std::move(refused);
    }
  }
  if (failure) {
    abort();
    return CommitError(*failure, *failure == CommitFailure::kDiskFull ? "no space left (injected)"
                                                                      : "I/O error (injected)");
  }
  open_ = false;
  if (!lose_syncs_) {
    unsynced_undo_.clear();
  } else {
    std::move(open_undo_.begin(), open_undo_.end(), std::back_inserter(unsynced_undo_));
  }
  open_undo_.clear();
  if (wrote) ++commits_;
  return {};
}

std::optional<CommitError> MemoryStore::refusal() const {
  if (!disk_full_) return std::nullopt;
  return CommitError(CommitFailure::kDiskFull, "no space left (injected)");
}

void MemoryStore::abort() {
  CHECK(open_);
  open_ = false;
  take_back(open_undo_);
}

void MemoryStore::crash() {
  if (open_) abort();
  take_back(unsynced_undo_);
}

StoreSize MemoryStore::size() const {
  return {bytes_, disk_full_ ? 0 : std::numeric_limits<std::uint64_t>::max()};
}

void MemoryStore::take_back(Undo& undo) {
  for (auto entry = undo.rbegin(); entry != undo.rend(); ++entry) {
    auto& [key, old] = *entry;
    const auto found = map_.find(key);
    if (found != map_.end()) {
      bytes_ -= key.size() + found->second.size();
      if (!old) map_.erase(found);
    }
    if (old) {
      bytes_ += key.size() + old->size();
      map_.insert_or_assign(key, std::move(*old));
    }
  }
  undo.clear();
}

std::optional<crdt::BytesView> MemoryStore::get(crdt::BytesView key) {
  CHECK(open_);
  if (fail_reads_) return std::nullopt;
  check_store_key(key);
  const auto found = map_.find(key);
  if (found == map_.end()) return std::nullopt;
  return crdt::BytesView(found->second);
}

void MemoryStore::put(crdt::BytesView key, crdt::BytesView value) {
  CHECK(open_);
  check_store_key(key);
  const auto found = map_.find(key);
  // By value: `value` may be a view into what it replaces.
  crdt::Bytes fresh(value);
  bytes_ += fresh.size();
  if (found == map_.end()) {
    bytes_ += key.size();
    open_undo_.emplace_back(key, std::nullopt);
    map_.emplace(key, std::move(fresh));
    return;
  }
  bytes_ -= found->second.size();
  open_undo_.emplace_back(key, std::exchange(found->second, std::move(fresh)));
}

void MemoryStore::erase(crdt::BytesView key) {
  CHECK(open_);
  check_store_key(key);
  const auto found = map_.find(key);
  if (found == map_.end()) return;
  bytes_ -= found->first.size() + found->second.size();
  open_undo_.emplace_back(found->first, std::move(found->second));
  map_.erase(found);
}

void MemoryStore::scan(crdt::BytesView from, crdt::BytesView to,
                       const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  CHECK(open_);
  if (fail_reads_) return;
  for (auto at = map_.lower_bound(from); at != map_.end(); ++at) {
    if (!to.empty() && at->first >= to) return;
    if (!visit(at->first, at->second)) return;
  }
}

std::optional<crdt::Bytes> MemoryStore::last_key(crdt::BytesView from, crdt::BytesView to) {
  CHECK(open_);
  if (fail_reads_) return std::nullopt;
  auto at = to.empty() ? map_.end() : map_.lower_bound(to);
  if (at == map_.begin()) return std::nullopt;
  --at;
  if (at->first < from) return std::nullopt;
  return at->first;
}

}  // namespace node
