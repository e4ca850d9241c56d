#include "node/journal.h"

#include <algorithm>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/checksum.h"

namespace node {
namespace {

constexpr char kBegins = 'b';
constexpr char kGoesOn = 'c';
constexpr char kPut = 'p';
constexpr char kErased = 'e';

constexpr std::size_t kSeqBytes = 8;
constexpr std::size_t kPartBytesMax = Journal::kRowBytesMax - 1 - crdt::kChecksumBytes;

crdt::Bytes key_of(std::uint64_t seq) {
  return crdt::Bytes(Journal::kFirstKey) + crdt::big_endian(seq);
}

// nullopt for a key that no row has.
std::optional<std::uint64_t> seq_of(crdt::BytesView key) {
  const crdt::BytesView tail = key.substr(Journal::kFirstKey.size());
  if (!key.starts_with(Journal::kFirstKey) || tail.size() != kSeqBytes) return std::nullopt;
  return crdt::from_big_endian(tail);
}

crdt::Error damaged() { return crdt::Error("the journal of the store is damaged"); }

// False at the first thing in a batch that makes no sense.
[[nodiscard]] bool visit_batch(crdt::BytesView bytes, const Journal::Visit& visit) {
  crdt::ByteReader in(bytes);
  crdt::Bytes key;
  while (in.left() > 0) {
    const char kind = static_cast<char>(in.octet());
    const std::uint64_t shared = in.varint();
    if (shared > key.size()) return false;
    key.resize(shared);
    key += in.short_run();
    std::optional<crdt::BytesView> value;
    if (kind == kPut) value = in.short_run();
    if (in.bad() || (kind != kPut && kind != kErased) || key.empty()) return false;
    visit(key, value);
  }
  return true;
}

}  // namespace

void Journal::Batch::add(crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
  if (bytes_.empty()) begin_row();
  const auto differs = std::mismatch(key_.begin(), key_.end(), key.begin(), key.end());
  const auto shared = static_cast<std::size_t>(differs.second - key.begin());
  const crdt::BytesView rest = key.substr(shared);
  write({value ? &kPut : &kErased, 1});
  write(crdt::ByteWriter().varint(shared).varint(rest.size()).take());
  write(rest);
  key_ = key;
  if (!value) return;
  write(crdt::ByteWriter().varint(value->size()).take());
  write(*value);
}

void Journal::Batch::write(crdt::BytesView bytes) {
  while (true) {
    const std::size_t room = 1 + kPartBytesMax - (bytes_.size() - row_);
    const crdt::BytesView part = bytes.substr(0, room);
    bytes_ += part;
    bytes.remove_prefix(part.size());
    if (bytes.empty()) return;
    seal_row();
    begin_row();
  }
}

void Journal::Batch::begin_row() {
  row_ = bytes_.size();
  bytes_ += row_ == 0 ? kBegins : kGoesOn;
}

void Journal::Batch::seal_row() { crdt::append_checksum(bytes_, row_); }

crdt::Result<void> Journal::replay(crdt::Transaction& txn, const Visit& visit) {
  first_ = end_ = 0;
  bool sound = true;
  bool begun = false;  // Rows before the first beginning are what trimming left of a batch.
  crdt::Bytes batch;
  txn.scan(kFirstKey, {}, [&](crdt::BytesView key, crdt::BytesView sealed) {
    const std::optional<std::uint64_t> seq = seq_of(key);
    const auto row = crdt::open_value(sealed);
    if (rows() == 0) first_ = end_ = seq.value_or(0);
    sound = seq == end_ && row && (row->starts_with(kBegins) || row->starts_with(kGoesOn));
    if (!sound) return false;
    if (row->front() == kBegins) {
      begun = true;
      sound = visit_batch(std::exchange(batch, {}), visit);
    }
    if (begun) batch.append(row->substr(1));
    ++end_;
    return sound;
  });
  if (!sound || !visit_batch(batch, visit)) return damaged();
  return {};
}

std::uint64_t Journal::append(crdt::Transaction& txn, Batch& batch) {
  if (batch.bytes_.empty()) return 0;
  batch.seal_row();
  const std::uint64_t before = end_;
  const crdt::BytesView rows = batch.bytes_;
  for (std::size_t at = 0; at < rows.size(); at += kRowBytesMax) {
    txn.put(key_of(end_++), rows.substr(at, kRowBytesMax));
  }
  batch.bytes_.clear();
  batch.key_.clear();
  return end_ - before;
}

void Journal::trim(crdt::Transaction& txn, std::uint64_t seq, std::uint64_t rows_max) {
  const std::uint64_t stop = std::min({seq, end_, first_ + rows_max});
  while (first_ < stop) txn.erase(key_of(first_++));
}

}  // namespace node
