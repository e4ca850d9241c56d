#include "node/driver.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"

namespace node {
namespace {

// A row of the driver's own, behind every row of a Replica (crdt/keyspace.h). Written only to learn
// whether a write holds.
constexpr crdt::BytesView kProbeKey = "~probe";

bool is_about_a_link(const Event& event) {
  return std::holds_alternative<LinkOpened>(event) || std::holds_alternative<LinkBytes>(event) ||
         std::holds_alternative<LinkClosed>(event) || std::holds_alternative<DialFailed>(event);
}

bool is_about_an_exchange(const Event& event) {
  return std::holds_alternative<HttpRequest>(event) || std::holds_alternative<HttpGone>(event);
}

// What a Replica may still cause when its writes were not committed: answers, but no gossip. It
// closes the links that others open.
Effects answers_of(Effects effects) {
  effects.sends.clear();
  effects.dials.clear();
  return effects;
}

}  // namespace

Driver::Driver(Store& store, Performer& performer, ReplicaConfig config,
               const crdt::Rng::Seed& seed, const crdt::Now& now)
    : store_(store), performer_(performer), config_(std::move(config)), rng_(seed) {
  build(now, Replica::Mode::kReadWrite);
}

bool Driver::submit(Event event) {
  const auto* request = std::get_if<HttpRequest>(&event);
  const bool is_work = request != nullptr || std::holds_alternative<LinkBytes>(event);
  if (is_work && queue_.size() >= kQueueEventsMax) return false;
  if (request != nullptr) {
    CHECK(request->exchange > newest_exchange_);
    newest_exchange_ = request->exchange;
  }
  // A Replica that is built anew must know it, too.
  if (std::holds_alternative<Draining>(event)) config_.draining = true;
  queue_.push_back(std::move(event));
  return true;
}

std::optional<crdt::Instant> Driver::wake_at() const {
  if (!probe_at_) return wake_at_;
  return wake_at_ ? std::min(*wake_at_, *probe_at_) : *probe_at_;
}

void Driver::take_batch() {
  // Nearly always all that waits: the two change places, and both keep their room.
  if (queue_.size() <= kBatchEventsMax) return batch_.swap(queue_);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(kBatchEventsMax);
  batch_.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
}

void Driver::run_batch(const crdt::Now& now) {
  if (queue_.empty()) return;
  if (probe_at_ && now.steady >= *probe_at_) probe(now);
  CHECK(batch_.empty());
  take_batch();
  crdt::Transaction& txn = store_.begin();
  Effects effects = step_all(now, txn, batch_);
  if (crdt::planted(crdt::Bug::kEffectsBeforeCommit)) {
    Effects early = std::exchange(effects, Effects{});
    effects.wake_at = early.wake_at;
    performer_.perform(std::move(early));
  }
  if (read_only()) {
    const bool sound = store_.sound();
    store_.abort();
    if (!sound) return disbelieve(now);
    effects = answers_of(std::move(effects));
  } else if (const auto committed = store_.commit(); !committed) {
    if (crdt::planted(crdt::Bug::kAnswerOfFailedCommit)) {
      batch_.clear();
      performer_.perform(answers_of(std::move(effects)));
    }
    recover(now, committed.error());
    return;
  }
  wake_at_ = effects.wake_at;
  const bool new_run = effects.new_run;
  performer_.perform(std::move(effects));
  batch_.clear();
  if (!new_run || read_only()) return;
  drop_replica();
  build(now, Replica::Mode::kReadWrite);
}

Effects Driver::step_all(const crdt::Now& now, crdt::Transaction& txn,
                         const std::vector<Event>& batch) {
  Effects effects;
  for (const Event& event : batch) effects.append(replica_->step(now, txn, event));
  effects.append(replica_->step(now, txn, BatchEnd{}));
  return effects;
}

void Driver::build(const crdt::Now& now, Replica::Mode mode) {
  crdt::Rng::Seed seed{};
  rng_.fill(seed);
  CHECK(replica_ == nullptr);
  crdt::Transaction& txn = store_.begin();
  replica_ = std::make_unique<Replica>(config_, seed, now, txn, mode);
  wake_at_ = now.steady;
  if (mode == Replica::Mode::kReadOnly) {
    store_.abort();
    if (!probe_at_) probe_at_ = now.steady + kProbeEvery;
    return;
  }
  if (const auto committed = store_.commit(); !committed) {
    replica_.reset();
    notify(Level::kError, "changes are refused: " + committed.error().message);
    build(now, Replica::Mode::kReadOnly);
    return;
  }
  probe_at_.reset();
}

void Driver::drop_replica() {
  replica_.reset();
  performer_.drop_links();
  std::erase_if(queue_, is_about_a_link);
  // What still waits in the batch or the queue will be stepped by the next Replica.
  ExchangeId first_kept{newest_exchange_.value + 1};
  const auto keep = [&first_kept](const Event& event) {
    const auto* request = std::get_if<HttpRequest>(&event);
    if (request != nullptr) first_kept = std::min(first_kept, request->exchange);
  };
  std::for_each(batch_.begin(), batch_.end(), keep);
  std::for_each(queue_.begin(), queue_.end(), keep);
  performer_.drop_exchanges(first_kept);
}

void Driver::probe(const crdt::Now& now) {
  probe_at_ = now.steady + kProbeEvery;
  store_.begin().put(kProbeKey, "can this be written?");
  if (!store_.commit()) return;
  drop_replica();
  build(now, Replica::Mode::kReadWrite);
  if (!read_only()) notify(Level::kInfo, "the store can be written again: changes are accepted");
}

void Driver::recover(const crdt::Now& now, const CommitError& error) {
  const bool full = error.kind == CommitFailure::kDiskFull;
  notify(Level::kError, std::string("a commit failed, ") +
                            (full ? "nothing of it is stored: "
                                  : "and whether any of it is stored is not known: ") +
                            error.message);
  if (crdt::planted(crdt::Bug::kMemoryKept)) return batch_.clear();
  std::erase_if(batch_, [](const Event& event) { return !is_about_an_exchange(event); });
  drop_replica();
  build(now, Replica::Mode::kReadOnly);
  if (!batch_.empty()) {
    crdt::Transaction& txn = store_.begin();
    Effects effects = step_all(now, txn, batch_);
    const bool sound = store_.sound();
    store_.abort();
    if (!sound) {
      disbelieve(now);
    } else {
      performer_.perform(answers_of(std::move(effects)));
      batch_.clear();
    }
  }
  if (full) return;
  // The store was reopened; that may already have helped.
  drop_replica();
  build(now, Replica::Mode::kReadWrite);
}

// What was read may be wrong, and the Replica may remember it: nobody gets an answer of it.
void Driver::disbelieve(const crdt::Now& now) {
  batch_.clear();
  drop_replica();
  build(now, Replica::Mode::kReadOnly);
}

void Driver::notify(Level level, std::string text) {
  Effects effects;
  effects.notices.push_back({level, Uuid{}, std::move(text)});
  performer_.perform(std::move(effects));
}

}  // namespace node
