#include "node/memtable.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "crdt/check.h"
#include "crdt/hash64.h"

namespace node {
namespace {

// Some hundred rows: what is left of the last block is little beside what a table holds.
constexpr std::size_t kBlockBytes = 64 << 10;

// Of the rows, and of the room for values: one that grows by a digit keeps its place.
constexpr std::size_t kAlign = alignof(Memtable::Row);

std::uint16_t kind_of(crdt::BytesView key) {
  const auto octet = [&](std::size_t at) {
    return at < key.size() ? static_cast<unsigned char>(key[at]) : 0U;
  };
  return static_cast<std::uint16_t>(octet(0) << 8U | octet(1));
}

constexpr std::size_t align(std::size_t size) { return (size + kAlign - 1) / kAlign * kAlign; }

}  // namespace

std::size_t Memtable::Hash::operator()(crdt::BytesView key) const { return crdt::hash64(key); }

const Memtable::Row* Memtable::find(crdt::BytesView key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : *found;
}

Memtable::Row& Memtable::set(crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
  const std::size_t size = value ? value->size() : 0;
  CHECK(size <= UINT32_MAX - kAlign);
  const auto found =
      index_.lazy_emplace(key, [&](const auto& make) { make(insert(key, align(size))); });
  Row& row = **found;
  if (size > row.value_room_) {
    row.value_ = take(align(size));
    row.value_room_ = static_cast<std::uint32_t>(align(size));
  }
  if (size > 0) std::memmove(row.value_, value->data(), size);
  row.value_size_ = static_cast<std::uint32_t>(size);
  row.gone_ = !value;
  return row;
}

Memtable::Row* Memtable::insert(crdt::BytesView key, std::size_t value_room) {
  CHECK(key.size() <= UINT16_MAX);
  char* place = take(align(sizeof(Row) + key.size()) + value_room);
  Row* row = new (place) Row;
  row->key_size_ = static_cast<std::uint16_t>(key.size());
  key.copy(place + sizeof(Row), key.size());
  row->value_ = place + align(sizeof(Row) + key.size());
  row->value_room_ = static_cast<std::uint32_t>(value_room);
  bytes_ += kRowBytes - sizeof(Row);
  std::vector<Row*>& rising = rising_[kind_of(key)];
  const bool rises = rising.empty() || rising.back()->key() < key;
  (rises ? rising : unordered_).push_back(row);
  return row;
}

char* Memtable::take(std::size_t size) {
  bytes_ += size;
  if (size > free_size_) {
    // What is large gets a block of its own, and rows go on sharing the one before it.
    const bool large = size > kBlockBytes / 4;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(large ? size : kBlockBytes));
    if (large) return blocks_.back().get();
    free_ = blocks_.back().get();
    free_size_ = kBlockBytes;
  }
  free_size_ -= size;
  return std::exchange(free_, free_ + size);
}

const Memtable::Rows& Memtable::in_order() {
  if (rising_.empty() && unordered_.empty()) return order_;
  std::vector<Row*> fresh;
  fresh.reserve(index_.size() - order_.size());
  for (const auto& [kind, rows] : rising_) fresh.insert(fresh.end(), rows.begin(), rows.end());
  const auto risen = static_cast<std::ptrdiff_t>(fresh.size());
  std::sort(unordered_.begin(), unordered_.end(), Order());
  fresh.insert(fresh.end(), unordered_.begin(), unordered_.end());
  std::inplace_merge(fresh.begin(), fresh.begin() + risen, fresh.end(), Order());
  for (Row* row : fresh) order_.insert(order_.end(), row);
  rising_.clear();
  unordered_.clear();
  return order_;
}

}  // namespace node
