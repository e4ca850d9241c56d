// LogReceiver: how far this node covers one peer's log.
//
// Shape    position()  everything the peer's store held when its log stood there is covered here,
//                      once the transaction of the moment is durable.
//          ahead_      later rows that were pushed and applied.
//          open_       the offers that are being settled, in order; the first one is, when nothing
//                      of it is wanted any more.
// Size     LogSender::kOffersMax offers; kAheadMax rows ahead; beyond them a new scan is cheaper
//          than the bookkeeping.
// Laws     the position moves at the end of a scan that reached the log's tail, or by a push from n
//          to n + 1, never over a gap; models broke each looser rule.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "crdt/bytes.h"
#include "crdt/log_row.h"
#include "gossip/message.h"

namespace gossip {

class LogReceiver {
 public:
  static constexpr std::size_t kAheadMax = 8'192;

  // Begins a new scan from `durable`, the peer's run and what is covered of it.
  [[nodiscard]] Resume resume(const crdt::Cursor& durable);

  [[nodiscard]] bool current(std::uint32_t scan) const { return scan == scan_; }

  // Whether an offer of the current scan was on its way behind one that comes again: so does this.
  [[nodiscard]] bool passes_over(const Offer& offer) const {
    return awaited_ && offer.from > *awaited_;
  }
  // Takes an offer of the current scan. False where it skips rows that were never pushed, or too
  // many are not settled: scan anew.
  [[nodiscard]] bool open(const Offer& offer);
  // The last open offer will come again, spelt out.
  void await_expansion();

  // Of the last open offer.
  void want_document(const std::string& key) { open_.back().documents.insert(key); }
  void want_record(const crdt::Bytes& key) { open_.back().records.insert(key); }
  [[nodiscard]] bool wants_document(const std::string& key) const;
  // Of the oldest offer that wants it: each that does has asked.
  void got_document(const std::string& key);
  // False where it was not wanted.
  bool got_record(const crdt::Bytes& key);

  // The answer to the oldest open offer, once nothing of it is wanted. REQUIRES that every push
  // that arrived is covered: the position it moves vouches for them too.
  [[nodiscard]] std::optional<Resolved> settle();

  // Row `seq` arrived as a push, covered or not. False when too many are ahead: scan anew.
  [[nodiscard]] bool arrived(std::uint64_t seq);

  // The change that was pushed as row `seq` is covered. REQUIRES arrived(seq).
  void cover(std::uint64_t seq);

  // Whether the position is worth storing: a scan has reached the tail.
  [[nodiscard]] bool live() const { return live_; }
  [[nodiscard]] std::uint64_t position() const { return position_; }

  // Offers waiting for documents or records.
  [[nodiscard]] bool waiting() const;

 private:
  struct Open {
    std::uint64_t to = 0;
    bool tail = false;
    std::set<std::string> documents;  // Wanted.
    std::set<crdt::Bytes> records;

    [[nodiscard]] bool wanting() const { return !documents.empty() || !records.empty(); }
  };

  void catch_up();

  std::uint32_t scan_ = 0;
  bool live_ = false;
  std::uint64_t position_ = 0;  // Durable while live; the floor of the next offer otherwise.
  std::uint64_t offered_ = 0;   // Where the next offer begins, at the latest: all rows up to here
                                // were settled or arrived as pushes.
  std::deque<Open> open_;
  std::optional<std::uint64_t> awaited_;  // Where the offer begins that comes again.
  std::uint64_t opened_ = 0;              // Where the last open offer began.
  std::set<std::uint64_t> arrived_;       // Pushes beyond offered_.
  std::set<std::uint64_t> ahead_;         // Covered pushes beyond position_.
};

}  // namespace gossip
