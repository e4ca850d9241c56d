#include "crdt/version_vector.h"

#include <algorithm>

#include "crdt/check.h"

namespace crdt {
namespace {

bool before(const VersionVector::Entry& entry, ReplicaId replica) { return entry.first < replica; }

}  // namespace

VersionVector::VersionVector(std::initializer_list<Entry> entries) {
  for (const auto& [replica, counter] : entries) advance(replica, counter);
}

std::uint64_t VersionVector::of(ReplicaId replica) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), replica, before);
  return found != entries_.end() && found->first == replica ? found->second : 0;
}

bool VersionVector::covers(const VersionVector& other) const {
  auto mine = entries_.begin();
  for (const auto& [replica, counter] : other.entries_) {
    mine = std::lower_bound(mine, entries_.end(), replica, before);
    if (mine == entries_.end() || mine->first != replica || mine->second < counter) return false;
  }
  return true;
}

void VersionVector::advance(ReplicaId replica, std::uint64_t counter) {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), replica, before);
  if (found != entries_.end() && found->first == replica) {
    CHECK(counter >= found->second);
    found->second = counter;
  } else if (counter > 0) {
    entries_.insert(found, {replica, counter});
  }
}

bool VersionVector::join(const VersionVector& other) {
  bool rose = false;
  for (const auto& [replica, counter] : other.entries_) {
    if (of(replica) >= counter) continue;
    advance(replica, counter);
    rose = true;
  }
  return rose;
}

VersionVector VersionVector::ahead_of(const VersionVector& base) const {
  VersionVector ahead;
  for (const Entry& entry : entries_) {
    if (entry.second > base.of(entry.first)) ahead.entries_.push_back(entry);
  }
  return ahead;
}

}  // namespace crdt
