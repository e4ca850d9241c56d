// LogSender: what this node has told one peer of its log.
//
// Shape    told()   every row up to here was pushed or resolved: the peer's cursor may stand there.
//          pushed_  rows beyond told() that were pushed already.
//          open_    the offer that the peer has not resolved yet; at most one.
// Size     kUnackedMax pushes without an acknowledgement; then rows wait for offers, which the peer
//          paces: a slow peer costs no memory.
// Source   the design's cursors: "a scan goes up until the tail is empty and only then sets the
//          cursor; a push moves it only from n to n + 1".
#pragma once

#include <cstdint>
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
  static constexpr std::size_t kUnackedMax = 4'096;      // Some 2 MB of pushes on their way.
  static constexpr std::size_t kOfferRowsMax = 512;      // A few tens of KB an offer.
  static constexpr std::size_t kOfferDocumentsMax = 64;  // Bounds the fragments it may cause: 1 MB.
  static constexpr std::size_t kOfferRecordsMax =
      1'024;  // 256 KB of keys; a row may hold hundreds.

  // The peer says how far it covers this log. A new scan begins at `told`.
  void resume(std::uint32_t scan, std::uint64_t told);

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

  // Whether an offer should be made: at once while scanning, and late when live.
  [[nodiscard]] bool behind(std::uint64_t head) const { return resumed_ && !open_ && told_ < head; }
  [[nodiscard]] bool scanning() const { return resumed_ && !open_ && !live_; }

  // Whether the last offer did not reach the log's end, so that the next one need not wait.
  [[nodiscard]] bool cut() const { return cut_; }

  // The next rows, to be sent; opens it. `receiver` is the peer's run: what came from it is left
  // out. REQUIRES no offer is open.
  [[nodiscard]] crdt::Result<Offer> next_offer(crdt::Repository& repository,
                                               crdt::ReplicaId receiver);

  // The peer lacks a source of the open offer: the same rows, spelt out. Nothing for an old scan.
  [[nodiscard]] crdt::Result<std::optional<Offer>> expand(crdt::Repository& repository,
                                                          crdt::ReplicaId receiver,
                                                          const Expand& expand);

  // What the offers since the last call left out, because it cannot be read here: it is not held,
  // and must not hold up the rest. Repaired, it gets a row of its own.
  [[nodiscard]] std::vector<crdt::Error> take_damaged() { return std::exchange(damaged_, {}); }

  // True if it closes the open offer.
  bool resolved(const Resolved& resolved);

 private:
  crdt::Result<Offer> build(crdt::Repository& repository, crdt::ReplicaId receiver, bool by_source);
  void catch_up();

  bool resumed_ = false;
  bool live_ = false;
  bool cut_ = false;
  std::uint32_t scan_ = 0;
  std::uint64_t told_ = 0;
  std::optional<Offer> open_;  // Without its lists.
  std::set<std::uint64_t> pushed_;
  std::set<std::uint64_t> unacked_;
  std::vector<crdt::Error> damaged_;
};

}  // namespace gossip
