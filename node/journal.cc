#include "node/journal.h"

#include <algorithm>
#include <utility>

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

// Keys and values in their plain order, each behind its length.
class BatchReader {
 public:
  explicit BatchReader(crdt::BytesView bytes) : bytes_(bytes) {}

  // False at the end and at the first fault; bad() tells which.
  [[nodiscard]] bool next(crdt::BytesView& key, std::optional<crdt::BytesView>& value) {
    if (bytes_.empty()) return false;
    const char kind = bytes_.front();
    bytes_.remove_prefix(1);
    key = run();
    value.reset();
    if (kind == kPut) value = run();
    bad_ = bad_ || (kind != kPut && kind != kErased) || key.empty();
    return !bad_;
  }

  [[nodiscard]] bool bad() const { return bad_; }

 private:
  crdt::BytesView run() {
    constexpr std::size_t kLengthBytes = 8;
    if (bytes_.size() < kLengthBytes) return fail();
    const std::uint64_t size = crdt::from_big_endian(bytes_.substr(0, kLengthBytes));
    bytes_.remove_prefix(kLengthBytes);
    if (bytes_.size() < size) return fail();
    const crdt::BytesView out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }

  crdt::BytesView fail() {
    bad_ = true;
    bytes_ = {};
    return {};
  }

  crdt::BytesView bytes_;
  bool bad_ = false;
};

[[nodiscard]] bool visit_batch(crdt::BytesView bytes, const Journal::Visit& visit) {
  BatchReader in(bytes);
  crdt::BytesView key;
  std::optional<crdt::BytesView> value;
  while (in.next(key, value)) visit(key, value);
  return !in.bad();
}

}  // namespace

void Journal::Batch::add(crdt::BytesView key, const std::optional<crdt::Bytes>& value) {
  bytes_ += value ? kPut : kErased;
  bytes_.append(crdt::big_endian(key.size())).append(key);
  if (value) bytes_.append(crdt::big_endian(value->size())).append(*value);
}

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

std::uint64_t Journal::append(crdt::Transaction& txn, const Batch& batch) {
  const std::uint64_t before = end_;
  const crdt::BytesView bytes = batch.bytes();
  crdt::Bytes row;
  for (std::size_t at = 0; at < bytes.size(); at += kPartBytesMax) {
    row.assign(1, at == 0 ? kBegins : kGoesOn).append(bytes.substr(at, kPartBytesMax));
    txn.put(key_of(end_++), crdt::seal_value(row));
  }
  return end_ - before;
}

void Journal::trim(crdt::Transaction& txn, std::uint64_t seq, std::uint64_t rows_max) {
  const std::uint64_t stop = std::min({seq, end_, first_ + rows_max});
  while (first_ < stop) txn.erase(key_of(first_++));
}

}  // namespace node
