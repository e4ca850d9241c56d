#include "gossip/log_receiver.h"

#include <algorithm>

#include "crdt/planted.h"
#include "gossip/log_sender.h"

namespace gossip {

Resume LogReceiver::resume(const crdt::Cursor& durable) {
  ++scan_;
  live_ = false;
  position_ = durable.seq;
  offered_ = durable.seq;
  open_.clear();
  awaited_.reset();
  arrived_.clear();
  ahead_.clear();
  return Resume{scan_, durable, LogSender::kOffersMax};
}

bool LogReceiver::open(const Offer& offer) {
  // A sender may know less of this receiver than it claims (a cursor cut to where a run ended), so
  // an offer may begin earlier than expected, never later.
  const std::uint64_t expected = open_.empty() ? offered_ : std::max(offered_, open_.back().to);
  if (open_.size() == LogSender::kOffersMax || offer.from > expected) return false;
  if (!live_ && open_.empty()) {
    // What lies above is another run's numbers: to keep them would vouch for rows not written yet.
    offered_ = offer.from;
    if (!crdt::planted(crdt::Bug::kCursorOfAnotherRun)) position_ = std::min(position_, offer.from);
  }
  open_.push_back({offer.to, offer.tail, {}, {}});
  opened_ = offer.from;
  awaited_.reset();
  return true;
}

void LogReceiver::await_expansion() {
  open_.pop_back();
  awaited_ = opened_;
}

bool LogReceiver::wants_document(const std::string& key) const {
  return std::any_of(open_.begin(), open_.end(),
                     [&](const Open& open) { return open.documents.contains(key); });
}

void LogReceiver::got_document(const std::string& key) {
  for (Open& open : open_) {
    if (open.documents.erase(key) > 0) return;
  }
}

bool LogReceiver::got_record(const crdt::Bytes& key) {
  return std::any_of(open_.begin(), open_.end(),
                     [&](Open& open) { return open.records.erase(key) > 0; });
}

bool LogReceiver::waiting() const {
  return std::any_of(open_.begin(), open_.end(), [](const Open& open) { return open.wanting(); });
}

std::optional<Resolved> LogReceiver::settle() {
  if (open_.empty()) return std::nullopt;
  const Open& oldest = open_.front();
  if (oldest.wanting() && !crdt::planted(crdt::Bug::kChitchat121)) return std::nullopt;
  offered_ = std::max(offered_, oldest.to);
  if (oldest.tail || crdt::planted(crdt::Bug::kCursorBeforeTail)) {
    position_ = std::max(position_, oldest.to);
    live_ = true;
  }
  const Resolved resolved{scan_, oldest.to};
  open_.pop_front();
  if (live_ && open_.empty()) catch_up();
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
  if (live_ && open_.empty()) catch_up();
  return true;
}

void LogReceiver::cover(std::uint64_t seq) {
  if (seq <= position_ && live_) return;
  if (ahead_.size() < kAheadMax) ahead_.insert(seq);  // Else the next scan moves the position.
  if (crdt::planted(crdt::Bug::kCursorOverGap)) position_ = std::max(position_, seq);
  if (live_ && open_.empty()) catch_up();
}

}  // namespace gossip
