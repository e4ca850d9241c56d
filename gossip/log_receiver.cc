#include "gossip/log_receiver.h"

#include <algorithm>

#include "crdt/planted.h"

namespace gossip {

Resume LogReceiver::resume(const crdt::Cursor& durable) {
  ++scan_;
  live_ = false;
  position_ = durable.seq;
  offered_ = durable.seq;
  open_.reset();
  documents_.clear();
  records_.clear();
  arrived_.clear();
  ahead_.clear();
  return Resume{scan_, durable};
}

bool LogReceiver::open(const Offer& offer) {
  // A sender may know less of this receiver than it claims (a cursor cut to where a run ended), so
  // an offer may begin earlier than expected, never later.
  if (open_ || offer.from > offered_) return false;
  if (!live_) {
    // What lies above is another run's numbers: to keep them would vouch for rows not written yet.
    offered_ = offer.from;
    if (!crdt::planted(crdt::Bug::kCursorOfAnotherRun)) position_ = std::min(position_, offer.from);
  }
  open_ = Offer{offer.scan, offer.from, offer.to, offer.tail, {}, {}, {}};
  return true;
}

std::optional<Resolved> LogReceiver::settle() {
  const bool wanting = !documents_.empty() || !records_.empty();
  if (!open_ || (wanting && !crdt::planted(crdt::Bug::kChitchat121))) return std::nullopt;
  offered_ = std::max(offered_, open_->to);
  if (open_->tail || crdt::planted(crdt::Bug::kCursorBeforeTail)) {
    position_ = std::max(position_, open_->to);
    live_ = true;
  }
  const Resolved resolved{scan_, open_->to};
  open_.reset();
  if (live_) catch_up();
  return resolved;
}

void LogReceiver::catch_up() {
  const auto follow = [](std::set<std::uint64_t>& rows, std::uint64_t& end) {
    while (!rows.empty() && *rows.begin() <= end + 1) {
      end = std::max(end, *rows.begin());
      rows.erase(rows.begin());
    }
  };
  follow(ahead_, position_);
  follow(arrived_, offered_);
}

bool LogReceiver::arrived(std::uint64_t seq) {
  if (seq <= offered_) return true;
  if (arrived_.size() == kAheadMax) return false;
  arrived_.insert(seq);
  if (live_ && !open_) catch_up();
  return true;
}

void LogReceiver::cover(std::uint64_t seq) {
  if (seq <= position_ && live_) return;
  if (ahead_.size() < kAheadMax) ahead_.insert(seq);  // Else the next scan moves the position.
  if (crdt::planted(crdt::Bug::kCursorOverGap)) position_ = std::max(position_, seq);
  if (live_ && !open_) catch_up();
}

}  // namespace gossip
