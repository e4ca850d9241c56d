// Driver: takes many events into one transaction, commits, and only then performs their effects.
//
// This is the group commit, and the rule that keeps a dot from being minted twice: what a crash
// takes back, nobody has seen.
//
// Shape    sans-IO: submit() queues, run_batch() steps the Replica over the queue inside one
//          transaction. The shell (node/server.h) calls run_batch once per turn of its event loop;
//          tests and the simulator call it when they please.
// Size     kBatchEventsMax events a transaction; kQueueEventsMax waiting, then submit() refuses.
// Errors   a failed commit drops the Replica, its effects and all links; a new Replica is built
//          from the store. The requests of that batch are stepped once more, read-only, in a
//          transaction that is aborted: reads are answered, changes refused with a sentence. Disk
//          full leaves the Replica read-only: links stay down, and a small write is tried every
//          kProbeEvery until one holds. Exchanges that the dropped Replica still owed an answer are
//          given up. Where a Replica wants a new run (Effects::new_run), it is replaced after its
//          effects, in the same way.
// Thread   one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crdt/instant.h"
#include "crdt/rng.h"
#include "node/effects.h"
#include "node/event.h"
#include "node/replica.h"
#include "node/store.h"

namespace node {

// What performs effects: sockets in production, queues in tests.
class Performer {
 public:
  virtual ~Performer() = default;

  virtual void perform(Effects&& effects) = 0;

  // Every link is gone: the Replica that held their keys is. No LinkClosed is wanted for them.
  virtual void drop_links() = 0;

  // Exchanges below this id that are unanswered or streamed will get nothing more from a Replica:
  // tell those clients to try again. No HttpGone is wanted for them.
  virtual void drop_exchanges(ExchangeId first_kept) = 0;
};

class Driver {
 public:
  static constexpr std::size_t kBatchEventsMax = 512;  // A commit of more gains nothing measurable.
  static constexpr std::size_t kQueueEventsMax =
      65'536;  // Far above what open connections can hold.
  static constexpr std::chrono::seconds kProbeEvery{2};

  // Throws what Store::begin throws.
  Driver(Store& store, Performer& performer, ReplicaConfig config, const crdt::Rng::Seed& seed,
         const crdt::Now& now);

  // False when the queue is full: the caller refuses the request or closes the link. Only what
  // carries new work is ever refused; that something has gone always fits. REQUIRES exchange ids
  // that grow in the order of submission.
  [[nodiscard]] bool submit(Event event);

  [[nodiscard]] bool idle() const { return queue_.empty(); }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

  // One transaction over what is queued, up to kBatchEventsMax events. Does nothing when idle.
  void run_batch(const crdt::Now& now);

  // When a Wake should be submitted, at the latest.
  [[nodiscard]] std::optional<crdt::Instant> wake_at() const;

  // Changes are refused, because the disk is full or the store fails.
  [[nodiscard]] bool read_only() const { return probe_at_.has_value(); }

 private:
  void take_batch();
  void build(const crdt::Now& now, Replica::Mode mode);
  void drop_replica();
  void probe(const crdt::Now& now);
  Effects step_all(const crdt::Now& now, crdt::Transaction& txn, const std::vector<Event>& batch);
  void recover(const crdt::Now& now, const CommitError& error);
  void disbelieve(const crdt::Now& now);
  void notify(Level level, std::string text);

  Store& store_;
  Performer& performer_;
  ReplicaConfig config_;
  crdt::Rng rng_;
  std::unique_ptr<Replica> replica_;
  std::vector<Event> queue_;
  std::vector<Event> batch_;  // Out of the queue, not yet committed; empty between batches.
  ExchangeId newest_exchange_;
  std::optional<crdt::Instant> wake_at_;
  std::optional<crdt::Instant> probe_at_;  // Set while read-only.
};

}  // namespace node
