#include "crdt/edit.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"

namespace crdt {
namespace {

// One more, but never around the end: a peer may send the greatest rank there is, and a write still
// replaces it, because it kills what it saw.
Rank next_after(Rank rank) {
  if (rank.micros == std::numeric_limits<std::int64_t>::max()) return rank;
  return Rank{rank.micros + 1};
}

}  // namespace

Edit::Edit(const Document& document, ReplicaId self, Stamp stamp, Rank time, VersionVector previous)
    : document_(document),
      self_(self),
      stamp_(std::move(stamp)),
      time_(time),
      previous_(std::move(previous)) {
  CHECK(self.value != 0);
  CHECK(stamp_.author.size() <= kAuthorBytesMax);
  CHECK(document_.context().covers(previous_));
}

Dot Edit::mint(std::string_view path) {
  CHECK(!path.empty() && path.size() <= kPathBytesMax);
  for (const Leaf& leaf : document_.at(path)) {
    if (planted(Bug::kOnlyWinnerKilled) && &leaf != document_.winner(path)) continue;
    killed_.push_back(leaf.dot);
  }
  if (const auto request = handled_request(path)) {
    for (const HandledMark& mark : document_.marks_of(*request)) killed_.push_back(mark.dot);
  }
  return Dot{self_, document_.context().of(self_) + ++minted_};
}

void Edit::write(std::string_view path, Bytes value) {
  Rank rank = time_;
  for (const Leaf& leaf : document_.at(path)) rank = std::max(rank, next_after(leaf.rank));
  write_ranked(path, std::move(value), rank, stamp_);
}

void Edit::write_ranked(std::string_view path, Bytes value, Rank rank, Stamp stamp) {
  CHECK(value.size() <= kValueBytesMax && stamp.author.size() <= kAuthorBytesMax);
  const Dot dot = mint(path);
  std::string name(path);
  Leaf leaf{name, dot, rank, std::move(stamp), std::move(value)};
  written_.insert_or_assign(std::move(name), std::move(leaf));
}

void Edit::remove(std::string_view path) {
  mint(path);
  if (const auto found = written_.find(path); found != written_.end()) written_.erase(found);
}

void Edit::remove(const HandledMark& mark) {
  killed_.push_back(mark.dot);
  ++minted_;
}

const Leaf* Edit::written(std::string_view path) const {
  const auto found = written_.find(path);
  return found == written_.end() ? nullptr : &found->second;
}

Delta Edit::finish() {
  if (empty()) return Delta{};
  Delta delta;
  const VersionVector& context = document_.context();
  const std::uint64_t before = context.of(self_);
  delta.after = previous_.empty() ? context : context.ahead_of(previous_);
  if (!planted(Bug::kOwnPastLeftOut)) delta.after.advance(self_, before);
  delta.advance.advance(self_, before + minted_);
  delta.written.reserve(written_.size());
  for (auto& [path, leaf] : written_) delta.written.push_back(std::move(leaf));
  std::sort(delta.written.begin(), delta.written.end(),
            [](const Leaf& a, const Leaf& b) { return a.dot < b.dot; });
  delta.killed = std::move(killed_);
  std::sort(delta.killed.begin(), delta.killed.end());
  delta.killed.erase(std::unique(delta.killed.begin(), delta.killed.end()), delta.killed.end());
  return delta;
}

}  // namespace crdt
