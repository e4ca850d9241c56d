// Repository's half that forgets: records below the horizon.
//
// Laws     what is below the horizon is not held from the moment it moves, on every peer alike;
//          erasing rows is the walk's work and changes nothing that anybody can tell:
//          tests/crdt/repository_retention_test.cc.
#include <algorithm>

#include "crdt/repository.h"

namespace crdt {

void Repository::follow_horizon(const std::string& key, const Document& document) {
  if (key != kHorizonKey || !horizon_.join(Horizon(document))) return;
  // What is hidden now was counted. Before the first walk nothing was, and a walk that is under way
  // has counted a part.
  walk_due_ = walk_due_ || counted_ || walk_;
}

bool Repository::hidden(BytesView key, BytesView value) const {
  if (horizon_.empty() || !origin_of_) return false;
  const std::optional<Origin> origin = origin_of_(key, value);
  return origin && horizon_.hides(*origin);
}

void Repository::note_age(BytesView key, BytesView value, std::optional<WallTime>& oldest) const {
  const auto origin = origin_of_ ? origin_of_(key, value) : std::nullopt;
  if (origin) oldest = std::min(oldest.value_or(origin->made), origin->made);
}

// The walk left them out of its sum, so the digest is right once it ends, as before.
void Repository::erase_hidden() {
  for (const Bytes& row : walk_->hidden) txn_->erase(row);
  purged_records_ += walk_->hidden.size();
  walk_->hidden.clear();
}

}  // namespace crdt
