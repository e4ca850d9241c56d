// Peer's half that compares what it holds with what others do (gossip/comparer.h).
#include <algorithm>
#include <utility>

#include "crdt/unite.h"
#include "gossip/peer.h"
#include "gossip/wire.h"

namespace gossip {

using crdt::Bytes;
using crdt::Instant;

// Of two peers the one with the smaller key begins. What scans have not brought yet would show as
// differing.
void Peer::compare(Instant now) {
  comparer_.tick(now);
  if (!compare_at_ || *compare_at_ > now) return;
  compare_at_ = now + config_.compare_every;
  std::vector<LinkId> links;
  for (const auto& [key, target] : targets_) {
    if (!target.link || key < public_key_) continue;
    const Link& link = *links_.at(*target.link);
    if (link.sender.live() && link.receiver.live()) links.push_back(*target.link);
  }
  comparer_.begin(now, std::move(links));
}

// What the comparison wants done.
void Peer::say_compared(Instant now) {
  const bool asking = std::any_of(links_.begin(), links_.end(), [](const auto& entry) {
    return !entry.second->compared.empty();
  });
  if (went_back_ && !asking) {
    went_back_ = false;
    cover_nothing();
  }
  if (comparer_.take_busy() && compare_at_) {
    compare_at_ = std::min(*compare_at_, now + kCompareAgainAfter);
  }
  if (!comparer_.take_rescans().empty()) cover_nothing();
  for (auto& [id, compare] : comparer_.take_said()) {
    const auto found = links_.find(id);
    if (found == links_.end()) continue;
    send(*found->second, compare);
    const bool names = compare.step == Compare::Step::kNames;
    if (!names) compare_octets_ += found->second->outbox.back().size();
  }
  if (!comparer_.take_walk()) return;
  repository_.begin_walk_anew();
  walk_at_ = now;
}

// So much differs that this store may have lost what any cursor vouches for, and what peers have
// of it: they leave that out for as long as it is this run.
void Peer::cover_nothing() {
  repository_.want_new_run();
  covered_.clear();
  for (const auto& [key, target] : targets_) repository_.set_cursor(view_of(key.bytes), {});
  for (const auto& [id, link] : links_) {
    if (link->hello) rescan(*link);
  }
}

Peer::Verdict Peer::on(Instant now, Link& link, const Compare& compare) {
  bool accepted = false;
  const Verdict broken = comparer_.take(now, link.id, compare, accepted);
  if (accepted) ask_for_named(link, compare);
  return broken;
}

// What the peer holds and this store does not, or not so.
void Peer::ask_for_named(Link& link, const Compare& named) {
  Want want;
  for (const DocumentHash& theirs : named.documents) {
    const auto document = repository_.document(theirs.key);
    if (!document || link.compared.size() >= 2 * Compare::kDifferMax) continue;
    const crdt::VersionVector& context = (*document)->context();
    const bool same = context_hash(context) == theirs.hash;
    // Under equal vectors all of its state must be seen; by one of both.
    if (same && *link.channel.remote_static() < public_key_) continue;
    want.documents.push_back({theirs.key, same ? crdt::VersionVector{} : context});
    link.compared.insert(theirs.key);
  }
  // One that is held is another there: one process made both, before and after its memory was put
  // back. The greater one is kept (crdt/record.h).
  for (const Bytes& key : named.records) {
    want.records.push_back(key);
    link.repaired_records.insert(key);
  }
  if (!want.documents.empty() || !want.records.empty()) send(link, want);
}

// A peer holds changes by this process that it never made: its memory was put back while it ran,
// and it mints dots a second time. It takes a new run, and covers nothing of what peers hold.
Peer::Verdict Peer::went_back(Instant now, const Link& link) {
  if (went_back_) return std::nullopt;
  if (!began_ || now - *began_ < config_.run_min) {
    return "it knows of changes by this process that were never made";
  }
  went_back_ = true;
  put_back_ = self_;
  repository_.set_put_back_run(self_);
  note(Severity::kWarning,
       "this machine's memory went back in time while it ran, or " + link.name +
           " lies: it holds changes by this process that are not here. What peers hold is " +
           "fetched, what was written since is kept, and a new run begins");
  return std::nullopt;
}

// Peers have told all that they hold of it, those that are away perhaps excepted.
void Peer::judge_put_back() {
  if (!put_back_ || *put_back_ == self_ || !has_heard_all()) return;
  put_back_.reset();
  repository_.set_put_back_run(std::nullopt);
}

// What this process wrote under a dot that is dead at the peer would die with the merge: it is
// written anew, under an id of its own.
void Peer::keep_minted_again(crdt::ReplicaId run, const std::string& key,
                             const crdt::Fragment& fragment) {
  const auto document = repository_.document(key);
  if (!document) return;
  std::set<crdt::Dot> alive(fragment.kept.begin(), fragment.kept.end());
  for (const crdt::Leaf& leaf : fragment.fresh) alive.insert(leaf.dot);
  const crdt::ReplicaId anew{rng_.next() | 1};
  crdt::Delta delta{(*document)->context(), {}, {}, {}};
  for (const crdt::Leaf& leaf : (*document)->leaves()) {
    if (leaf.dot.replica != run || alive.contains(leaf.dot)) continue;
    delta.written.push_back(leaf);
    delta.written.back().dot = {anew, delta.written.size()};
  }
  if (delta.written.empty()) return;
  delta.advance.advance(anew, delta.written.size());
  const crdt::Change change{{{key, std::move(delta)}}, {}};
  const auto outcome = repository_.apply(change);
  if (outcome && outcome->seq != 0) relay(outcome->seq, change);
}

// `fragment` is merged. Where it was asked for whole, a state that differs under the same vector is
// no work of the rules.
void Peer::unite(Link& link, const std::string& key, const crdt::Fragment& fragment) {
  if (link.compared.erase(key) == 0 || !fragment.asker.empty()) return;
  const auto document = repository_.document(key);
  if (!document || (*document)->context() != fragment.context) return;
  if (!repository_.catching_up().empty()) return;  // It mints nothing.
  crdt::Document theirs;
  theirs.merge(fragment);
  std::optional<crdt::Delta> united = crdt::unite(**document, theirs, self_);
  if (!united) return;
  const crdt::Change change{{{key, std::move(*united)}}, {}};
  const auto outcome = repository_.apply(change);
  if (!outcome || outcome->seq == 0) return;
  ++united_;
  changed_ = true;
  push(outcome->seq, change);
  note(Severity::kWarning,
       "document " + key + " was not the same at " + link.name +
           " under the same vector: a machine went back in time while it ran, " +
           "or its memory is bad; what either held is kept");
}

}  // namespace gossip
