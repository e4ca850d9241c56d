#include "slack/field_write.h"

#include <chrono>
#include <utility>

#include "crdt/planted.h"
#include "slack/signature.h"

namespace slack {
namespace {

// A peer whose clock is slow still takes a request that is kSignatureAgeMax ahead of it, or a retry
// that comes that much later; a change asked for between the two is as far ahead as both together.
constexpr std::chrono::seconds kRankAheadMax = 2 * kSignatureAgeMax;

}  // namespace

std::chrono::seconds second_of(crdt::Rank rank) {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(rank.micros));
}

bool asked_later(const crdt::Leaf& leaf, const crdt::Edit& edit, crdt::WallTime now) {
  if (crdt::planted(crdt::Bug::kLateRequestWins)) return false;
  const auto latest = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  if (second_of(leaf.rank) > latest + kRankAheadMax) return false;
  return second_of(leaf.rank) > second_of(edit.time());
}

Written write_field(crdt::Edit& edit, std::string_view path, std::string value,
                    std::string_view initial, bool contested, crdt::WallTime now) {
  const crdt::Leaf* current = edit.document().winner(path);
  const std::string_view shown = current == nullptr ? initial : std::string_view(current->value);
  const bool later = current != nullptr && asked_later(*current, edit, now);
  if (shown == value && (later || !contested)) return Written::kSame;
  if (later) return Written::kKeptNewer;
  edit.write(path, std::move(value));
  return Written::kWritten;
}

}  // namespace slack
