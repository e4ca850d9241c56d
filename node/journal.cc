#include "node/journal.h"

#include <algorithm>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "crdt/checksum.h"

namespace node {
namespace {

constexpr std::size_t kPageBytes = JournalStorage::kPageBytes;
constexpr std::size_t kHeadBytes = 3 * 8 + 1 + 2;
constexpr std::size_t kPayloadBytesMax = kPageBytes - kHeadBytes - crdt::kChecksumBytes;

constexpr std::uint8_t kBegins = 1;
constexpr std::uint8_t kEnds = 2;

constexpr char kPut = 'p';
constexpr char kErased = 'e';

constexpr std::size_t kReadPages = 64;  // At a time.

crdt::Error damaged() { return crdt::Error("the journal of the store is damaged"); }

struct Page {
  Journal::Place place;
  std::uint8_t flags = 0;
  crdt::BytesView payload;
  std::uint64_t checksum = 0;

  [[nodiscard]] bool begins() const { return (flags & kBegins) != 0; }
  [[nodiscard]] bool ends() const { return (flags & kEnds) != 0; }
};

// nullopt for what is no page: never written, torn, or damaged.
std::optional<Page> parse_page(crdt::BytesView bytes) {
  const auto sound = crdt::open_value(bytes);
  if (!sound) return std::nullopt;
  crdt::ByteReader in(*sound);
  Page page;
  page.place = {in.number(), in.number(), in.number()};
  page.flags = in.octet();
  const std::size_t high = in.octet();
  page.payload = in.octets(high << 8 | in.octet());
  page.checksum = crdt::from_big_endian(bytes.substr(sound->size()));
  if (in.bad()) return std::nullopt;
  return page;
}

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

// Reads pages one after another, many at a time.
class PageReader {
 public:
  explicit PageReader(JournalStorage& storage) : storage_(storage) {}

  // Valid until the next call.
  [[nodiscard]] crdt::Result<std::optional<Page>> read(std::uint64_t seq) {
    const std::size_t slot = seq % storage_.pages();
    if (slot < first_ || slot >= first_ + read_.size() / kPageBytes) {
      auto read = storage_.read(slot, std::min(kReadPages, storage_.pages() - slot));
      if (!read) return read.error();
      first_ = slot;
      read_ = std::move(*read);
    }
    return parse_page(crdt::BytesView(read_).substr((slot - first_) * kPageBytes, kPageBytes));
  }

 private:
  JournalStorage& storage_;
  std::size_t first_ = 0;
  crdt::Bytes read_;
};

}  // namespace

void Journal::Batch::add(crdt::BytesView key, const std::optional<crdt::BytesView>& value) {
  const auto differs = std::mismatch(key_.begin(), key_.end(), key.begin(), key.end());
  const auto shared = static_cast<std::size_t>(differs.second - key.begin());
  bytes_ += value ? kPut : kErased;
  bytes_ += crdt::ByteWriter().varint(shared).short_run(key.substr(shared)).take();
  key_ = key;
  if (!value) return;
  bytes_ += crdt::ByteWriter().varint(value->size()).take();
  bytes_ += *value;
}

std::uint64_t Journal::Batch::pages() const {
  return (bytes_.size() + kPayloadBytesMax - 1) / kPayloadBytesMax;
}

void Journal::Batch::clear() {
  bytes_.clear();
  key_.clear();
}

void Journal::forget() {
  begin_ = end_ = {};
  former_.reset();
}

crdt::Result<void> Journal::replay(const Place& begin, const Visit& visit) {
  forget();
  begin_ = end_ = begin;
  if (const auto opened = storage_.open(begin.identity); !opened) return opened;
  PageReader reader(storage_);
  crdt::Bytes batch;
  Place next = begin;
  while (next.seq - begin.seq < storage_.pages()) {
    const auto page = reader.read(next.seq);
    if (!page) return page.error();
    const bool follows = *page && (*page)->place == next && (*page)->begins() == batch.empty();
    if (!follows) break;
    batch += (*page)->payload;
    next = {next.identity, next.seq + 1, (*page)->checksum};
    if (!(*page)->ends()) continue;
    if (!visit_batch(std::exchange(batch, {}), visit)) return damaged();
    end_ = next;
  }
  if (storage_.shared()) return {};
  const auto behind = is_damaged();
  if (!behind) return behind.error();
  if (*behind) return damaged();
  return {};
}

// Whether a batch begins behind the end: it was written when the one at the end was whole.
crdt::Result<bool> Journal::is_damaged() const {
  PageReader reader(storage_);
  for (std::uint64_t seq = end_.seq + 1; seq < begin_.seq + storage_.pages(); ++seq) {
    const auto page = reader.read(seq);
    if (!page) return page.error();
    const bool ours = *page && (*page)->place.identity == end_.identity;
    if (ours && (*page)->place.seq == seq && (*page)->begins()) return true;
  }
  return false;
}

crdt::Bytes Journal::lay_out(const Batch& batch) {
  crdt::Bytes pages;
  pages.reserve(batch.pages() * kPageBytes);
  crdt::BytesView left = batch.bytes_;
  Place next = end_;
  while (!left.empty()) {
    const std::size_t from = pages.size();
    const crdt::BytesView payload = left.substr(0, kPayloadBytesMax);
    left.remove_prefix(payload.size());
    const int flags = (from == 0 ? kBegins : 0) | (left.empty() ? kEnds : 0);
    pages += crdt::big_endian(next.identity);
    pages += crdt::big_endian(next.seq);
    pages += crdt::big_endian(next.chain);
    pages += static_cast<char>(flags);
    pages += static_cast<char>(payload.size() >> 8);
    pages += static_cast<char>(payload.size() & 0xff);
    pages += payload;
    pages.resize(from + kPageBytes - crdt::kChecksumBytes);
    crdt::append_checksum(pages, from);
    const crdt::BytesView sum = crdt::BytesView(pages).substr(pages.size() - crdt::kChecksumBytes);
    next = {next.identity, next.seq + 1, crdt::from_big_endian(sum)};
  }
  end_ = next;
  return pages;
}

boost::system::result<void, CommitError> Journal::append(const Batch& batch) {
  CHECK(batch.pages() <= room());
  const std::size_t slot = end_.seq % storage_.pages();
  const crdt::Bytes pages = lay_out(batch);
  const crdt::BytesView all = pages;
  const std::size_t before_end = (storage_.pages() - slot) * kPageBytes;
  if (const auto written = storage_.write(slot, all.substr(0, before_end)); !written) {
    return written;
  }
  if (all.size() > before_end) {
    if (const auto written = storage_.write(0, all.substr(before_end)); !written) return written;
  }
  return storage_.sync();
}

boost::system::result<void, CommitError> Journal::begin_anew() {
  const auto made = storage_.make();
  if (!made) return made.error();
  if (begin_.identity != 0) former_ = begin_.identity;
  begin_ = end_ = {*made, 1, 0};
  return {};
}

void Journal::end_former() {
  if (former_) storage_.remove(*std::exchange(former_, std::nullopt));
}

crdt::Bytes encode(const Journal::Place& place) {
  return crdt::seal_value(
      crdt::ByteWriter().number(place.identity).number(place.seq).number(place.chain).take());
}

crdt::Result<Journal::Place> decode_place(crdt::BytesView bytes) {
  const auto sound = crdt::open_value(bytes);
  if (!sound) return damaged();
  crdt::ByteReader in(*sound);
  const Journal::Place place{in.number(), in.number(), in.number()};
  if (!in.at_end()) return damaged();
  return place;
}

}  // namespace node
