#include "node/memtable.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "crdt/bytes.h"
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

// The row of `key` among `rows`, which are in order; nullptr where there is none.
Memtable::Row* find_rising(const std::vector<Memtable::Row*>& rows, crdt::BytesView key) {
  if (rows.empty() || rows.back()->key() < key) return nullptr;
  const auto at = std::lower_bound(rows.begin(), rows.end(), key, Memtable::Order());
  return (*at)->key() == key ? *at : nullptr;
}

// How many octets all keys have in common at their beginning.
std::size_t common_size(const std::vector<Memtable::Row*>& rows) {
  crdt::BytesView common = rows.front()->key();
  for (const Memtable::Row* row : rows) {
    const crdt::BytesView key = row->key();
    common = common.substr(0, key.size());
    const auto end = std::mismatch(common.begin(), common.end(), key.begin()).first;
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  return common.size();
}

// Most pairs of keys differ in the first eight octets that not all have in common: a number that
// lies beside the row's place, where comparing keys would wait for the memory of both.
void sort(std::vector<Memtable::Row*>& rows) {
  if (rows.empty()) return;
  const std::size_t common = common_size(rows);
  std::vector<std::pair<std::uint64_t, Memtable::Row*>> keyed;
  keyed.reserve(rows.size());
  for (Memtable::Row* row : rows) {
    std::array<char, sizeof(std::uint64_t)> octets{};
    row->key().copy(octets.data(), octets.size(), common);
    keyed.emplace_back(crdt::from_big_endian({octets.data(), octets.size()}), row);
  }
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->key() < b.second->key();
  });
  std::transform(keyed.begin(), keyed.end(), rows.begin(),
                 [](const auto& pair) { return pair.second; });
}

}  // namespace

std::size_t Memtable::Hash::operator()(crdt::BytesView key) const { return crdt::hash64(key); }

const Memtable::Row* Memtable::find(crdt::BytesView key) const {
  const auto at = kinds_.find(kind_of(key));
  if (at == kinds_.end()) return nullptr;
  const auto& [rises, rows, ordered] = at->second;
  if (rises) return find_rising(rows, key);
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : *found;
}

Memtable::Row& Memtable::set(crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
  const std::size_t size = value ? value->size() : 0;
  CHECK(size <= UINT32_MAX - kAlign);
  Row& row = insert(key, align(size));
  if (size > row.value_room_) {
    row.value_ = take(align(size));
    row.value_room_ = static_cast<std::uint32_t>(align(size));
  }
  if (size > 0) std::memmove(row.value_, value->data(), size);
  row.value_size_ = static_cast<std::uint32_t>(size);
  row.gone_ = !value;
  return row;
}

// The row of `key`, which is made where there is none.
Memtable::Row& Memtable::insert(crdt::BytesView key, std::size_t value_room) {
  Kind& kind = kinds_[kind_of(key)];
  if (kind.rises) {
    if (Row* row = find_rising(kind.rows, key)) return *row;
    if (kind.rows.empty() || kind.rows.back()->key() < key) {
      return *kind.rows.emplace_back(make_row(key, value_room));
    }
    kind.rises = false;
    index_.insert(kind.rows.begin(), kind.rows.end());
    kind.rows.erase(kind.rows.begin(),
                    kind.rows.begin() + static_cast<std::ptrdiff_t>(kind.ordered));
    kind.ordered = 0;
  }
  return **index_.lazy_emplace(
      key, [&](const auto& make) { make(kind.rows.emplace_back(make_row(key, value_room))); });
}

Memtable::Row* Memtable::make_row(crdt::BytesView key, std::size_t value_room) {
  CHECK(key.size() <= UINT16_MAX);
  char* place = take(align(sizeof(Row) + key.size()) + value_room);
  Row* row = new (place) Row;
  row->key_size_ = static_cast<std::uint16_t>(key.size());
  key.copy(place + sizeof(Row), key.size());
  row->value_ = place + align(sizeof(Row) + key.size());
  row->value_room_ = static_cast<std::uint32_t>(value_room);
  bytes_ += kRowBytes - sizeof(Row);
  ++rows_;
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
  if (order_.size() == rows_) return order_;
  for (auto& [octets, kind] : kinds_) {
    if (!kind.rises) sort(kind.rows);
    for (; kind.ordered < kind.rows.size(); ++kind.ordered) {
      order_.insert(order_.end(), kind.rows[kind.ordered]);
    }
    if (kind.rises) continue;
    kind.rows.clear();
    kind.ordered = 0;
  }
  return order_;
}

}  // namespace node
