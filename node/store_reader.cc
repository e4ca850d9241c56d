#include "node/store_reader.h"

#include <limits>

namespace node {
namespace {

// The place where replaying begins moves a few times a second at most, and reading takes
// milliseconds: a second attempt is rare already.
constexpr int kAttempts = 20;

constexpr WriteBehind::Limits kUnlimited{std::numeric_limits<std::size_t>::max(),
                                         std::numeric_limits<std::uint64_t>::max()};

}  // namespace

StoreReader::StoreReader(std::unique_ptr<LmdbSnapshot> snapshot, const std::string& dir)
    : snapshot_(std::move(snapshot)),
      journal_(dir, JournalFile::Access::kBystander),
      front_(*snapshot_, journal_, kUnlimited) {}

crdt::Result<std::unique_ptr<StoreReader>> StoreReader::open(const std::string& dir) {
  for (int attempt = 1;; ++attempt) {
    auto snapshot = LmdbSnapshot::open(dir);
    if (!snapshot) return snapshot.error();
    std::unique_ptr<StoreReader> reader(new StoreReader(std::move(*snapshot), dir));
    const auto opened = reader->front_.open();
    const auto whole = reader->is_whole();
    if (!whole) return whole.error();
    if (*whole && opened) return reader;
    if (*whole) return opened.error();
    if (attempt == kAttempts) {
      return crdt::Error("the store in " + dir + " changes faster than it can be read; try again");
    }
  }
}

crdt::Result<bool> StoreReader::is_whole() const {
  const auto newest = snapshot_->newest(WriteBehind::kFirstKey);
  if (!newest) return newest.error();
  if (!*newest) return true;  // There is no journal yet.
  const auto place = decode_place(**newest);
  if (!place) return true;  // Damaged: opening has said so.
  return *place == front_.journal_begin();
}

crdt::Result<void> StoreReader::end() {
  if (const auto read = front_.commit(); !read) return crdt::Error(read.error().message);
  return {};
}

}  // namespace node
