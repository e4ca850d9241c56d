// LogSender: what this node has told one peer of its log.
//
// Shape    told()   every row up to here was pushed or resolved: the peer's cursor may stand there.
//          pushed_  rows beyond told() that were pushed already.
//          open_    the offers that the peer has not resolved yet, one behind the other. The next
//                   one does not wait for them: a peer far away, long cut off, is told as fast as
//                   it takes in, not an offer a round trip.
// Size     kOffersMax offers; kUnackedMax pushes without an acknowledgement; then rows wait for
//          offers, which the peer paces: a slow peer costs no memory.
// Source   the design's cursors: "a scan goes up until the tail is empty and only then sets the
//          cursor; a push moves it only from n to n + 1".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "crdt/repository.h"
#include "crdt/result.h"
#include "gossip/message.h"

namespace gossip {

class LogSender {
 public:
  // `offer_rows_max`: as gossip/config.h says.
  explicit LogSender(std::size_t offer_rows_max) : offer_rows_max_(offer_rows_max) {}

  static constexpr std::size_t kUnackedMax = 4'096;      // Some 2 MB of pushes on their way.
  static constexpr std::size_t kOfferDocumentsMax = 64;  // Bounds the fragments it may cause: 1 MB.
  // Some 20,000 rows a second where it is 200 ms there and back; what they may want is a fraction
  // of AnswerQueue::kWantedBytesMax.
  static constexpr std::uint8_t kOffersMax = 8;
  static constexpr std::size_t kOfferRecordsMax =
      1'024;  // 256 KB of keys; a row may hold hundreds.

  // The peer says how far it covers this log. A new scan begins at `told`, with so many offers open
  // at once as the peer settles. It holds what rows up to `held` touched: they need no naming.
  void resume(std::uint32_t scan, std::uint64_t told, std::uint8_t offers_max,
              std::uint64_t held = 0);

  // The peer has seen this log's end since its last Resume: changes are pushed to it at once.
  [[nodiscard]] bool live() const { return live_; }
  // told() is what the peer said, and what it was told since.
  [[nodiscard]] bool resumed() const { return resumed_; }
  [[nodiscard]] std::uint64_t told() const { return told_; }

  // Whether row `seq` may be pushed now.
  [[nodiscard]] bool may_push() const { return live_ && unacked_.size() < kUnackedMax; }
  void pushed(std::uint64_t seq);
  void acknowledged(const Pushed& pushed);
  // Whether the peer was sent row `seq` and has not said that it is durable.
  [[nodiscard]] bool awaits(std::uint64_t seq) const { return unacked_.contains(seq); }

  // Whether the peer has said that all it was told up to row `seq`, and that row, are durable.
  [[nodiscard]] bool holds(std::uint64_t seq) const {
    return (seq <= told_ || pushed_.contains(seq)) && !awaits(seq);
  }

  // Whether all rows up to `seq` were told, and the pushes among them are durable there.
  [[nodiscard]] bool settled(std::uint64_t seq) const {
    return told_ >= seq && (unacked_.empty() || *unacked_.begin() > seq);
  }

  // Whether an offer should be made: at once while scanning, and late when live.
  [[nodiscard]] bool behind(std::uint64_t head) const { return has_room() && offered() < head; }
  [[nodiscard]] bool scanning() const { return has_room() && !live_; }

  // Whether the last offer did not reach the log's end, so that the next one need not wait.
  [[nodiscard]] bool cut() const { return cut_; }

  // The next rows, to be sent; opens it. `receiver` is the peer's run: what came from it is left
  // out. REQUIRES behind() or scanning().
  [[nodiscard]] crdt::Result<Offer> next_offer(crdt::Repository& repository,
                                               crdt::ReplicaId receiver);

  // The peer lacks a source of an open offer: the same rows, spelt out, and so is the rest of the
  // scan, for whoever lacks one lacks more. Offers behind it are taken back. Nothing for an old
  // scan.
  [[nodiscard]] crdt::Result<std::optional<Offer>> expand(crdt::Repository& repository,
                                                          crdt::ReplicaId receiver,
                                                          const Expand& expand);

  // What the offers since the last call left out, because it cannot be read here: it is not held,
  // and must not hold up the rest. Repaired, it gets a row of its own.
  [[nodiscard]] std::vector<crdt::Error> take_damaged() { return std::exchange(damaged_, {}); }

  // True if it closes the oldest open offer.
  bool resolved(const Resolved& resolved);

 private:
  // The rows after all that is open, and opens them.
  crdt::Result<Offer> build(crdt::Repository& repository, crdt::ReplicaId receiver, bool by_source);
  // Nothing is offered behind the log's end before the peer has said that it is there.
  [[nodiscard]] bool has_room() const {
    return resumed_ && open_.size() < offers_max_ && (open_.empty() || !open_.back().tail);
  }
  [[nodiscard]] std::uint64_t offered() const { return open_.empty() ? told_ : open_.back().to; }
  void catch_up();

  std::size_t offer_rows_max_;
  bool resumed_ = false;
  bool live_ = false;
  bool cut_ = false;
  bool spelt_ = false;  // The rest of this scan is.
  std::uint8_t offers_max_ = 1;
  std::uint32_t scan_ = 0;
  std::uint64_t told_ = 0;
  std::uint64_t held_ = 0;  // See resume().
  std::deque<Offer> open_;  // Without their lists.
  std::set<std::uint64_t> pushed_;
  std::set<std::uint64_t> unacked_;
  std::vector<crdt::Error> damaged_;
};

}  // namespace gossip
