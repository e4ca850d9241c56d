#include "node/write_behind.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"
#include "node/store_key.h"

namespace node {
namespace {

// Twice what comes in, so that what waits and what is journalled shrink while they are too large.
constexpr std::size_t kMovedPerAdded = 2;
constexpr std::uint64_t kTrimmedPerAdded = 2;

// With too many rows, a round ends within this part of their limit: soon enough to bound them, and
// late enough that each commit moves little.
constexpr std::uint64_t kHurriedRoundPart = 4;

std::size_t bytes_of(crdt::BytesView key, const std::optional<crdt::Bytes>& value) {
  return WriteBehind::kChangeBytes + key.size() + (value ? value->size() : 0);
}

// The journal is no part of any range.
crdt::BytesView end_of(crdt::BytesView to) {
  return to.empty() ? Journal::kFirstKey : std::min(to, Journal::kFirstKey);
}

}  // namespace

WriteBehind::WriteBehind(Store& store, Limits limits) : store_(store), limits_(limits) {
  CHECK(limits.journal_rows > 0);
}

crdt::Result<void> WriteBehind::open() {
  CHECK(txn_ == nullptr);
  if (const auto read = load(); !read) return read;
  if (!within_limits()) move_all();
  // It could not be written: what waits can go on waiting, and be read.
  if (!loaded_) {
    if (const auto read = load(); !read) return read;
  }
  opened_ = true;
  return {};
}

// A commit ends it although nothing was written: it alone tells whether a read failed.
crdt::Result<void> WriteBehind::load() {
  waiting_.clear();
  touched_.clear();
  waiting_bytes_ = 0;
  txn_ = &store_.begin();
  const auto replayed = journal_.replay(
      *txn_, [this](crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
        set(key, value ? std::optional<crdt::Bytes>(*value) : std::nullopt);
      });
  touched_.clear();
  // An empty journal begins anew: what was known of other rows says nothing about its next ones.
  if (round_.began > journal_.end()) round_ = {};
  const auto read = end_transaction();
  loaded_ = replayed && read;
  if (!replayed) return replayed;
  if (!read) return crdt::Error(read.error().message);
  return {};
}

void WriteBehind::move_all() {
  txn_ = &store_.begin();
  for (auto at = waiting_.begin(); at != waiting_.end();) at = move(at);
  end_round();
  journal_.trim(*txn_, round_.trim_before, journal_.rows());
  loaded_ = end_transaction().has_value();
  if (!loaded_) round_ = {};
}

boost::system::result<void, CommitError> WriteBehind::end_transaction() {
  txn_ = nullptr;
  return store_.commit();
}

crdt::Transaction& WriteBehind::begin() {
  CHECK(opened_ && txn_ == nullptr);
  if (!loaded_) {
    if (const auto read = load(); !read) throw std::runtime_error(read.error().message);
  }
  txn_ = &store_.begin();
  ++batch_;
  return *this;
}

boost::system::result<void, CommitError> WriteBehind::commit() {
  CHECK(txn_ != nullptr);
  Round before = round_;
  if (!touched_.empty()) journal_touched();
  auto committed = end_transaction();
  loaded_ = committed.has_value();
  if (!loaded_) round_ = std::move(before);
  return committed;
}

void WriteBehind::abort() {
  CHECK(txn_ != nullptr);
  txn_ = nullptr;
  if (!touched_.empty()) loaded_ = false;
  store_.abort();
}

void WriteBehind::journal_touched() {
  Journal::Batch batch;
  std::size_t bytes = 0;
  for (const Waiting::iterator change : touched_) {
    batch.add(change->first, change->second.value);
    bytes += bytes_of(change->first, change->second.value);
  }
  touched_.clear();
  const std::uint64_t rows = journal_.append(*txn_, batch);
  if (!within_limits()) {
    bytes *= kMovedPerAdded;
    if (journal_.rows() > limits_.journal_rows) {
      const std::size_t most = std::max(waiting_bytes_, limits_.waiting_bytes);
      bytes += rows * (most * kHurriedRoundPart / limits_.journal_rows + 1);
    }
    move_changes(bytes);
  }
  journal_.trim(*txn_, round_.trim_before, kTrimmedPerAdded * rows);
}

bool WriteBehind::within_limits() const {
  return waiting_bytes_ <= limits_.waiting_bytes && journal_.rows() <= limits_.journal_rows;
}

void WriteBehind::move_changes(std::size_t bytes) {
  const std::size_t goal = waiting_bytes_ - std::min(waiting_bytes_, bytes);
  auto at = waiting_.lower_bound(round_.hand);
  while (waiting_bytes_ > goal) {
    if (at == waiting_.end()) {
      end_round();
      at = waiting_.begin();
    }
    at = move(at);
  }
  if (at == waiting_.end()) return end_round();
  round_.hand = at->first;
}

// All that waited when this round began is in its place; where nothing waits, all that there is.
void WriteBehind::end_round() {
  const bool all = waiting_.empty() || crdt::planted(crdt::Bug::kJournalTrimmedEarly);
  round_.trim_before = all ? journal_.end() : round_.began;
  round_.began = journal_.end();
  round_.hand.clear();
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

void WriteBehind::check_key(crdt::BytesView key) const {
  CHECK(txn_ != nullptr && key < Journal::kFirstKey);
  check_store_key(key);
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
  check_key(key);
  const auto change = waiting_.find(key);
  if (change == waiting_.end()) return txn_->get(key);
  const std::optional<crdt::Bytes>& value = change->second.value;
  return value ? std::optional<crdt::BytesView>(*value) : std::nullopt;
}

void WriteBehind::put(crdt::BytesView key, crdt::BytesView value) {
  check_key(key);
  set(key, crdt::Bytes(value));
}

void WriteBehind::erase(crdt::BytesView key) {
  check_key(key);
  set(key, std::nullopt);
}

void WriteBehind::scan(crdt::BytesView from, crdt::BytesView to,
                       const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  CHECK(txn_ != nullptr);
  to = end_of(to);
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
  const crdt::BytesView end = end_of(to);
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
