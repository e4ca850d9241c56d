#include "node/write_behind.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "crdt/check.h"
#include "node/store_key.h"

namespace node {
namespace {

// What a change takes beside its octets: a node of the map and what the allocator adds.
constexpr std::size_t kChangeBytes = 128;

// Twice what comes in, so that what waits and what is journalled shrink while they are too large.
constexpr std::size_t kMovedPerAdded = 2;
constexpr std::size_t kTrimmedPerAdded = 2;

std::size_t bytes_of(crdt::BytesView key, const std::optional<crdt::Bytes>& value) {
  return kChangeBytes + key.size() + (value ? value->size() : 0);
}

}  // namespace

crdt::Result<void> WriteBehind::open() {
  CHECK(txn_ == nullptr);
  txn_ = &store_.begin();
  const auto loaded = load();
  txn_ = nullptr;
  store_.abort();
  return loaded;
}

crdt::Transaction& WriteBehind::begin() {
  CHECK(txn_ == nullptr);
  txn_ = &store_.begin();
  if (const auto loaded = loaded_ ? crdt::Result<void>() : load(); !loaded) {
    txn_ = nullptr;
    store_.abort();
    throw std::runtime_error(loaded.error().message);
  }
  ++batch_;
  return *this;
}

crdt::Result<void> WriteBehind::load() {
  waiting_.clear();
  waiting_bytes_ = 0;
  const auto replayed = journal_.replay(
      *txn_, [this](crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
        set(key, value ? std::optional<crdt::Bytes>(*value) : std::nullopt);
      });
  touched_.clear();
  hand_.clear();
  round_began_ = journal_.end();
  trim_before_ = 0;
  loaded_ = replayed.has_value();
  return replayed;
}

boost::system::result<void, CommitError> WriteBehind::commit() {
  CHECK(txn_ != nullptr);
  if (!touched_.empty()) {
    Journal::Batch batch;
    for (const Waiting::iterator change : touched_) batch.add(change->first, change->second.value);
    touched_.clear();
    const std::uint64_t before = journal_.end();
    journal_.append(*txn_, batch);
    move_changes(kMovedPerAdded * batch.bytes().size());
    journal_.trim(*txn_, trim_before_, kTrimmedPerAdded * (journal_.end() - before));
  }
  txn_ = nullptr;
  auto committed = store_.commit();
  loaded_ = committed.has_value();
  return committed;
}

void WriteBehind::abort() {
  CHECK(txn_ != nullptr);
  txn_ = nullptr;
  if (!touched_.empty()) loaded_ = false;
  store_.abort();
}

void WriteBehind::move_changes(std::size_t bytes) {
  if (waiting_bytes_ <= waiting_bytes_max_ && journal_.rows() <= kJournalRowsMax) return;
  const std::size_t goal = waiting_bytes_ - std::min(waiting_bytes_, bytes);
  auto at = waiting_.lower_bound(hand_);
  while (waiting_bytes_ > goal) {
    if (at == waiting_.end()) {
      end_round();
      at = waiting_.begin();
    }
    at = move(at);
  }
  if (waiting_.empty()) end_round();  // Nothing needs the journal.
  hand_ = at == waiting_.end() ? crdt::Bytes() : at->first;
}

// All that waited when this round began is in its place.
void WriteBehind::end_round() {
  trim_before_ = waiting_.empty() ? journal_.end() : round_began_;
  round_began_ = journal_.end();
}

WriteBehind::Waiting::iterator WriteBehind::move(Waiting::iterator change) {
  const auto& [key, made] = *change;
  if (made.value) {
    txn_->put(key, *made.value);
  } else {
    txn_->erase(key);
  }
  waiting_bytes_ -= bytes_of(key, made.value);
  return waiting_.erase(change);
}

void WriteBehind::set(crdt::BytesView key, std::optional<crdt::Bytes> value) {
  auto change = waiting_.lower_bound(key);
  if (change == waiting_.end() || change->first != key) {
    change = waiting_.emplace_hint(change, key, Change{});
    waiting_bytes_ += bytes_of(key, std::nullopt);
  }
  replace(change, std::move(value));
}

void WriteBehind::replace(Waiting::iterator change, std::optional<crdt::Bytes> value) {
  Change& made = change->second;
  waiting_bytes_ -= bytes_of(change->first, made.value);
  made.value = std::move(value);
  waiting_bytes_ += bytes_of(change->first, made.value);
  if (std::exchange(made.batch, batch_) != batch_) touched_.push_back(change);
}

std::optional<crdt::BytesView> WriteBehind::get(crdt::BytesView key) {
  CHECK(txn_ != nullptr);
  check_store_key(key);
  const auto change = waiting_.find(key);
  if (change == waiting_.end()) return txn_->get(key);
  const std::optional<crdt::Bytes>& value = change->second.value;
  return value ? std::optional<crdt::BytesView>(*value) : std::nullopt;
}

void WriteBehind::put(crdt::BytesView key, crdt::BytesView value) {
  CHECK(txn_ != nullptr && key < Journal::kFirstKey);
  check_store_key(key);
  set(key, crdt::Bytes(value));
}

void WriteBehind::erase(crdt::BytesView key) {
  CHECK(txn_ != nullptr && key < Journal::kFirstKey);
  check_store_key(key);
  set(key, std::nullopt);
}

void WriteBehind::scan(crdt::BytesView from, crdt::BytesView to,
                       const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  CHECK(txn_ != nullptr);
  if (to.empty()) to = Journal::kFirstKey;
  auto change = waiting_.lower_bound(from);
  bool wanted = true;
  // Visits what waits before `key`.
  const auto visit_waiting = [&](crdt::BytesView key) {
    for (; wanted && change != waiting_.end() && change->first < key; ++change) {
      const std::optional<crdt::Bytes>& value = change->second.value;
      if (value) wanted = visit(change->first, *value);
    }
    return wanted;
  };
  txn_->scan(from, to, [&](crdt::BytesView key, crdt::BytesView value) {
    if (!visit_waiting(key)) return false;
    // Replaced or gone: the change is visited before the next key.
    if (change != waiting_.end() && change->first == key) return true;
    return wanted = visit(key, value);
  });
  if (wanted) visit_waiting(to);
}

std::optional<crdt::Bytes> WriteBehind::last_key(crdt::BytesView from, crdt::BytesView to) {
  CHECK(txn_ != nullptr);
  const crdt::BytesView end = to.empty() ? Journal::kFirstKey : to;
  std::optional<crdt::Bytes> stored = txn_->last_key(from, end);
  for (auto change = waiting_.lower_bound(end); change != waiting_.begin();) {
    --change;
    if (change->first < from) break;
    if (stored && *stored > change->first) return stored;
    if (change->second.value) return change->first;
    // Gone: what is stored under it does not count.
    if (stored == change->first) stored = txn_->last_key(from, change->first);
  }
  return stored;
}

}  // namespace node
