#include "node/write_behind.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"
#include "node/store_key.h"

namespace node {
namespace {

// At two thirds a table begins to move, and while three octets of it move for each that is added,
// what gathers beside it comes to two ninths: both stay within the limit, and there is room for a
// batch.
constexpr std::size_t kMovedPerAdded = 3;
constexpr std::size_t gathered_max(std::size_t waiting_bytes) { return waiting_bytes / 3 * 2; }

// The same for pages of the journal: half of the limit, and an eighth while the table moves.
constexpr std::uint64_t kPagesPart = 2;
constexpr std::uint64_t kMovingPagesPart = 8;

// A step costs two syncs and the pages above the leaves, however little moves. It keeps commands
// waiting for a few milliseconds.
constexpr std::size_t kMovedAtOnce = 512 << 10;
constexpr std::size_t kMovedAtOncePart = 8;  // Of the limit, where that is small.

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::size_t bytes_of(const Memtable::Row& row) {
  return Memtable::kRowBytes + row.key().size() + row.value().value_or("").size();
}

// The journal is no part of any range.
crdt::BytesView end_of(crdt::BytesView to) {
  return to.empty() ? WriteBehind::kFirstKey : std::min(to, WriteBehind::kFirstKey);
}

// The rows of two tables in the order of their keys: of two with one key, the newer one.
class RowsFrom {
 public:
  RowsFrom(Memtable& newer, Memtable& older, crdt::BytesView from)
      : newer_(newer.in_order().lower_bound(from)),
        newer_end_(newer.in_order().end()),
        older_(older.in_order().lower_bound(from)),
        older_end_(older.in_order().end()) {}

  // nullptr behind the last one.
  [[nodiscard]] const Memtable::Row* row() const {
    if (newer_ == newer_end_) return older_ == older_end_ ? nullptr : *older_;
    if (older_ == older_end_) return *newer_;
    return (*older_)->key() < (*newer_)->key() ? *older_ : *newer_;
  }

  void next() {
    const crdt::BytesView key = row()->key();
    if (newer_ != newer_end_ && (*newer_)->key() == key) ++newer_;
    if (older_ != older_end_ && (*older_)->key() == key) ++older_;
  }

 private:
  Memtable::Rows::const_iterator newer_, newer_end_, older_, older_end_;
};

// The last row before `end`; nullptr where there is none.
const Memtable::Row* last_before(Memtable& table, crdt::BytesView end) {
  const Memtable::Rows& rows = table.in_order();
  const auto at = rows.lower_bound(end);
  return at == rows.begin() ? nullptr : *std::prev(at);
}

}  // namespace

WriteBehind::WriteBehind(Store& store, JournalStorage& storage, Limits limits)
    : store_(store), limits_(limits), journal_(storage) {
  CHECK(limits.journal_pages > 0);
}

crdt::Result<void> WriteBehind::open() {
  CHECK(txn_ == nullptr);
  if (const auto read = load(); !read) return read;
  if (!fits(0)) {
    txn_ = &store_.begin();
    loaded_ = commit_directly().has_value();
  }
  // It could not be written: what waits can go on waiting, and be read.
  if (!loaded_) {
    if (const auto read = load(); !read) return read;
  }
  opened_ = true;
  return {};
}

crdt::Result<void> WriteBehind::load() {
  gathers_ = {};
  moves_ = {};
  touched_.clear();
  move_due_ = 0;
  loaded_ = false;
  const auto place = read_place();
  if (!place) return place.error();
  if (*place) {
    const auto replayed = journal_.replay(
        **place, [this](crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
          gathers_.set(key, value);
        });
    if (!replayed) return replayed;
  } else {
    journal_.forget();
    direct_ = anew_ = true;
  }
  loaded_ = true;
  return {};
}

// A commit ends it although nothing was written: it alone tells whether a read failed.
crdt::Result<std::optional<Journal::Place>> WriteBehind::read_place() {
  txn_ = &store_.begin();
  const auto stored = txn_->get(kFirstKey);
  std::optional<crdt::Result<Journal::Place>> place;
  if (stored) place = decode_place(*stored);
  if (const auto read = end_transaction(); !read) return crdt::Error(read.error().message);
  if (!place) return std::optional<Journal::Place>();
  if (!*place) return place->error();
  return std::optional(**place);
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
  // Only what is durable may move, so not between here and the commit.
  if (moves_.empty() && enough_waits()) begin_moving();
  txn_ = &store_.begin();
  return *this;
}

boost::system::result<void, CommitError> WriteBehind::commit() {
  CHECK(txn_ != nullptr);
  const bool writes = !touched_.empty();
  auto committed = writes ? commit_touched() : end_transaction();
  loaded_ = committed.has_value();
  if (writes && committed) ++commits_;
  direct_ = direct_ || !committed;
  return committed;
}

void WriteBehind::abort() {
  CHECK(txn_ != nullptr);
  txn_ = nullptr;
  if (!touched_.empty()) loaded_ = false;
  store_.abort();
}

boost::system::result<void, CommitError> WriteBehind::commit_touched() {
  if (auto refused = store_.refusal()) {
    txn_ = nullptr;
    store_.abort();
    return *std::move(refused);
  }
  const std::size_t bytes = collect_batch();
  if (direct_ || !fits(batch_.pages())) return commit_directly();
  move_due(bytes, batch_.pages());
  if (!fits(batch_.pages())) return commit_directly();
  if (auto moved = end_transaction(); !moved) return moved;
  auto appended = journal_.append(batch_);
  anew_ = !appended;
  return appended;
}

// Everything goes to its place, and what the journal holds is superfluous.
boost::system::result<void, CommitError> WriteBehind::commit_directly() {
  if (!moves_.empty()) move_rows(kAll);
  begin_moving();
  move_rows(kAll);
  if (anew_) {
    const auto begun = journal_.begin_anew();
    if (!begun) {
      txn_ = nullptr;
      store_.abort();
      return begun;
    }
    txn_->put(kFirstKey, encode(journal_.begin()));
  }
  auto committed = end_transaction();
  if (!committed) return committed;
  direct_ = anew_ = false;
  journal_.end_former();
  return committed;
}

std::size_t WriteBehind::collect_batch() {
  batch_.clear();
  std::size_t bytes = 0;
  for (Memtable::Row* row : touched_) {
    row->touched = false;
    batch_.add(row->key(), row->value());
    bytes += bytes_of(*row);
  }
  touched_.clear();
  return bytes;
}

bool WriteBehind::fits(std::uint64_t more_pages) const {
  return waiting_bytes() <= limits_.waiting_bytes &&
         journal_.pages() + more_pages <= journal_pages_max();
}

bool WriteBehind::enough_waits() const {
  return gathers_.bytes() > gathered_max(limits_.waiting_bytes) ||
         journal_.pages() > journal_pages_max() / kPagesPart;
}

void WriteBehind::begin_moving() {
  CHECK(moves_.empty());
  moves_ = std::exchange(gathers_, Memtable());
  // About as many rows will come as came. Of what was too large to wait, not.
  if (moves_.bytes() <= limits_.waiting_bytes) gathers_.reserve_as(moves_);
  next_moved_ = moves_.in_order().begin();
  moves_end_ = journal_.end();
}

void WriteBehind::move_due(std::size_t bytes_added, std::uint64_t pages_added) {
  if (moves_.empty()) return;
  move_due_ += kMovedPerAdded * bytes_added +
               pages_added * (moves_.bytes() * kMovingPagesPart / journal_pages_max() + 1);
  if (move_due_ < std::min(kMovedAtOnce, limits_.waiting_bytes / kMovedAtOncePart)) return;
  move_rows(std::exchange(move_due_, 0));
}

void WriteBehind::move_rows(std::size_t bytes) {
  if (moves_.empty()) return end_moving();
  const auto end = moves_.in_order().end();
  for (std::size_t moved = 0; next_moved_ != end && moved < bytes; ++next_moved_) {
    const Memtable::Row& row = **next_moved_;
    if (const auto value = row.value()) {
      txn_->put(row.key(), *value);
    } else {
      txn_->erase(row.key());
    }
    moved += bytes_of(row);
  }
  if (next_moved_ == end) end_moving();
}

// All that waited when it began to move is in its place.
void WriteBehind::end_moving() {
  const bool early = crdt::planted(crdt::Bug::kJournalTrimmedEarly);
  journal_.trim(early ? journal_.end() : moves_end_);
  txn_->put(kFirstKey, encode(journal_.begin()));
  moves_ = {};
  move_due_ = 0;
}

void WriteBehind::check_key(crdt::BytesView key) const {
  CHECK(txn_ != nullptr && key < kFirstKey);
  check_store_key(key);
}

void WriteBehind::set(crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
  Memtable::Row& row = gathers_.set(key, value);
  if (!std::exchange(row.touched, true)) touched_.push_back(&row);
}

std::optional<crdt::BytesView> WriteBehind::get(crdt::BytesView key) {
  check_key(key);
  const Memtable::Row* row = gathers_.find(key);
  if (row == nullptr) row = moves_.find(key);
  return row == nullptr ? txn_->get(key) : row->value();
}

void WriteBehind::put(crdt::BytesView key, crdt::BytesView value) {
  check_key(key);
  set(key, value);
}

void WriteBehind::erase(crdt::BytesView key) {
  check_key(key);
  set(key, std::nullopt);
}

void WriteBehind::scan(crdt::BytesView from, crdt::BytesView to,
                       const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) {
  CHECK(txn_ != nullptr);
  to = end_of(to);
  RowsFrom rows(gathers_, moves_, from);
  bool wanted = true;
  // Visits what waits before `key`.
  const auto visit_waiting = [&](crdt::BytesView key) {
    for (; wanted && rows.row() != nullptr && rows.row()->key() < key; rows.next()) {
      if (const auto value = rows.row()->value()) wanted = visit(rows.row()->key(), *value);
    }
    return wanted;
  };
  txn_->scan(from, to, [&](crdt::BytesView key, crdt::BytesView value) {
    if (!visit_waiting(key)) return false;
    // Replaced or gone: the change is visited before the next key.
    if (rows.row() != nullptr && rows.row()->key() == key) return true;
    return wanted = visit(key, value);
  });
  if (wanted) visit_waiting(to);
}

std::optional<crdt::Bytes> WriteBehind::last_key(crdt::BytesView from, crdt::BytesView to) {
  CHECK(txn_ != nullptr);
  crdt::BytesView end = end_of(to);
  std::optional<crdt::Bytes> stored = txn_->last_key(from, end);
  while (true) {
    const Memtable::Row* row = last_before(gathers_, end);
    const Memtable::Row* older = last_before(moves_, end);
    if (row == nullptr || (older != nullptr && older->key() > row->key())) row = older;
    if (row == nullptr || row->key() < from || (stored && crdt::BytesView(*stored) > row->key()))
      return stored;
    if (row->value()) return crdt::Bytes(row->key());
    // Gone: what is stored under it does not count.
    end = row->key();
    if (stored == end) stored = txn_->last_key(from, end);
  }
}

}  // namespace node
