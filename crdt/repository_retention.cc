// Repository's half that forgets: records below the horizon, and rows of the log that say nothing
// that later ones do not.
//
// Laws     what is below the horizon is not held from the moment it moves, on every peer alike;
//          erasing rows is the walk's work and changes nothing that anybody can tell:
//          tests/crdt/repository_retention_test.cc.
#include <algorithm>

#include "crdt/keyspace.h"
#include "crdt/repository.h"

namespace crdt {

void Repository::follow_horizon(const std::string& key, const Document& document) {
  if (key != kHorizonKey || !horizon_.join(Horizon(document))) return;
  doubt_digest();  // What is hidden now was counted, and a walk that is under way has counted it.
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

// Whether `row` is of no use to any scan: no record that it names is there, and of each document a
// later row offers all by name. A row that came from a peer speaks for its own change alone.
bool Repository::stale(std::uint64_t seq, const LogRow& row) {
  if (seq == head_) return false;  // It holds the digest, and where the log ends.
  const auto told_later = [&](const std::string& key) {
    const Result<std::uint64_t> last = last_touched(key);
    if (!last || *last <= seq) return last && *last == 0;
    const Result<LogRow> later = log_row(*last);
    return later && later->source.seq == 0;
  };
  const auto held = [&](const Bytes& key) { return txn_->get(keyspace::record(key)).has_value(); };
  return std::none_of(row.records.begin(), row.records.end(), held) &&
         std::all_of(row.documents.begin(), row.documents.end(), told_later);
}

// The walk's work, too: once it has passed, the log has one row for each document and record at
// most, and those that were written since.
void Repository::sweep(const std::vector<std::pair<std::uint64_t, LogRow>>& rows) {
  for (const auto& [seq, row] : rows) {
    if (stale(seq, row)) txn_->erase(keyspace::log(seq));
  }
}

}  // namespace crdt
