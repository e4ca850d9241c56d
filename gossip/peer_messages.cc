// Peer's half that answers messages: what another peer's words change here.
#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "crdt/codec.h"
#include "crdt/planted.h"
#include "gossip/peer.h"
#include "gossip/wire.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::Instant;

// Wants are cut here, so that no message nears the frame's limit.
constexpr std::size_t kWantMax = 256;
constexpr std::size_t kWantBytesMax = 256 << 10;

// Whether every dot that `change` mints is of `run`: only then may the sender call it its own.
bool minted_by(const crdt::Change& change, crdt::ReplicaId run) {
  return std::all_of(change.deltas.begin(), change.deltas.end(), [&](const auto& part) {
    const auto& entries = part.delta.advance.entries();
    return entries.size() == 1 && entries.front().first == run;
  });
}

// What a change that waits takes, roughly.
std::size_t memory_of(const crdt::Change& change) {
  std::size_t bytes = sizeof(Push);
  for (const crdt::DocumentDelta& part : change.deltas) {
    const crdt::Delta& delta = part.delta;
    const std::size_t dots =
        delta.after.entries().size() + delta.advance.entries().size() + delta.killed.size();
    bytes += sizeof(part) + part.key.size() + dots * sizeof(crdt::Dot);
    for (const crdt::Leaf& leaf : delta.written) {
      bytes += sizeof(leaf) + leaf.path.size() + leaf.stamp.author.size() + leaf.value.size();
    }
  }
  for (const crdt::Record& record : change.records) {
    bytes += sizeof(record) + record.key.size() + record.value.size();
  }
  return bytes;
}

}  // namespace

Peer::Verdict Peer::on(Instant now, Link& link, const Message& message) {
  if (!link.hello && !std::holds_alternative<Hello>(message)) return "it did not begin with Hello";
  return std::visit([&](const auto& kind) { return on(now, link, kind); }, message);
}

Peer::Verdict Peer::on(Instant now, Link& link, const Hello& hello) {
  if (link.hello) return "it said Hello twice";
  if (hello.run == self_) return "it announces this process's own replica id";
  for (const auto& [id, other] : links_) {
    // Its changes would pass for the other's, and its cursor for the other's log.
    const bool same_run = other->hello && other->hello->run == hello.run;
    if (same_run && other->channel.remote_static() != link.channel.remote_static()) {
      return "it announces another peer's replica id";
    }
  }
  Target* target = target_of(link);
  CHECK(target != nullptr);
  if (target->link) {
    note(Severity::kInfo, "a newer link with " + link.name + " replaces the old one");
    Link& old = *links_.at(*target->link);
    output_.closes.push_back(old.id);
    forget(now, old);
  }
  link.hello = hello;
  link.their_head = hello.head;
  target->link = link.id;
  target->dial_at.reset();
  target->backoff = std::chrono::milliseconds{0};
  target->trouble.clear();
  target->doubt.clear();
  target->lost = false;
  membership_.link_up(now, member_of(*link.channel.remote_static()));
  note(Severity::kInfo, "linked with " + link.name);
  if (self() == nullptr && hello.letter != 0 && hello.letter == config_.letter) {
    note(Severity::kWarning, link.name + " has this peer's letter in task numbers, " +
                                 std::string(1, hello.letter) +
                                 ": give one of them another in its configuration");
  }
  announce_links();
  // Before any offer: whoever takes this one for whole must know what it is worth.
  if (!repository_.catching_up().empty()) send(link, links());
  rescan(link);
  return std::nullopt;
}

void Peer::rescan(Link& link) {
  link.parked.clear();
  link.parked_bytes = 0;
  link.parked_until.reset();
  link.stuck_at.reset();
  link.fragments.clear();
  link.fragment_bytes = 0;
  link.repaired_documents.clear();  // The peer forgets what it was asked for.
  link.repaired_records.clear();
  link.compared.clear();
  const PublicKey& key = *link.channel.remote_static();
  crdt::Cursor cursor = repository_.cursor(view_of(key.bytes));
  Resume resume = link.receiver.resume(cursor);
  if (cursor.seq == 0 && repository_.digest_known()) resume.holds = repository_.digest().hash;
  send(link, resume);
}

Peer::Verdict Peer::on(Instant now, Link& link, const Resume& resume) {
  if (repository_.lost(resume.cursor)) fell_behind(link, resume.cursor);
  // Heard before anything that was written since has reached anybody.
  if (resume.cursor.run == self_ && resume.cursor.seq > repository_.head()) {
    if (Verdict lie = went_back(now, link)) return lie;
  }
  const bool same =
      resume.holds != 0 && repository_.digest_known() && resume.holds == repository_.digest().hash;
  link.sender.resume(resume.scan, repository_.usable(resume.cursor), resume.offers_max,
                     same ? repository_.head() : 0);
  link.answers.clear();
  link.offer_at.reset();
  return std::nullopt;
}

Peer::Verdict Peer::on(Instant now, Link& link, const Linked& linked) {
  const auto held = std::exchange(link.their_links, {linked.runs.begin(), linked.runs.end()});
  // What was on its way between two peers that lost each other may not have come: neither waits.
  for (const auto& [id, other] : links_) {
    if (!other->hello || !held.contains(other->hello->run)) continue;
    if (link.their_links.contains(other->hello->run)) continue;
    for (Link* const end : {&link, other.get()}) {
      if (end->offer_at) end->offer_at = now;
    }
  }
  link.catching_up = linked.catching_up;
  return std::nullopt;
}

// A store goes back in time while its process is down, so this is heard in the first moments after
// a start. Later, when all that a sound peer holds is here, it is worth a line of the log and no
// more: a liar cannot silence this peer for longer than one session.
void Peer::fell_behind(const Link& link, const crdt::Cursor& cursor) {
  const std::string found = link.name + " covers row " + std::to_string(cursor.seq) +
                            " of a former run of this store, which holds " +
                            std::to_string(repository_.usable(cursor)) + " of them";
  if (set_back_) return note(Severity::kInfo, found + ", as of any that was restored or copied");
  ++rollbacks_found_;
  note(Severity::kWarning,
       "this store went back in time, or its disk is new: " + found +
           (had_session_ ? "; what sound peers hold is here already" : "; it is catching up"));
  if (had_session_ || !repository_.catching_up().empty()) return;
  repository_.set_catching_up(found);
  announce_standing();
}

// Whether all that this peer's log holds is here, and that is worth something: a joiner may hold
// next to nothing.
bool Peer::vouches(const Link& link) const {
  if (!link.hello || !link.receiver.live() || link.catching_up) return false;
  const Standing* standing = roster_.find(*link.channel.remote_static());
  return standing == nullptr || standing->member.state != RosterState::kJoining;
}

void Peer::announce_standing() {
  for (const auto& [id, link] : links_) {
    if (link->hello) send(*link, links());
  }
}

// Caught up: all that a peer of good standing held is here; or all that there is, because every
// peer is linked and brought what it held. `live` says so of a link, durably with this transaction.
void Peer::judge_standing() {
  if (had_session_ && repository_.catching_up().empty()) return;
  bool sound = false;
  for (const auto& [id, link] : links_) {
    sound = sound || vouches(*link);
  }
  if (!sound && (targets_.empty() || !has_heard_all())) return;
  had_session_ = true;
  if (repository_.catching_up().empty()) return;
  repository_.set_catching_up("");
  note(Severity::kInfo, "caught up: this peer serves again");
  announce_standing();
}

crdt::Applied Peer::apply(Link& link, const Push& push) {
  const crdt::Cursor source =
      push.firsthand ? crdt::Cursor{link.hello->run, push.seq} : crdt::Cursor{};
  const auto outcome = repository_.apply(push.change, source);
  if (!outcome) {
    // This store is damaged where the change belongs: the peer is not to blame, and its log offers
    // the rest of the change.
    return crdt::Applied::kGap;
  }
  if (outcome->applied == crdt::Applied::kGap) return outcome->applied;
  link.receiver.cover(push.seq);
  link.acknowledge.push_back(push.seq);
  if (outcome->applied == crdt::Applied::kApplied) {
    changed_ = true;
    take_entries(push.change);
    forward(link, outcome->seq, push.change);
  }
  return outcome->applied;
}

bool Peer::knows_more(crdt::ReplicaId run, const std::string& key,
                      const crdt::VersionVector& theirs) {
  const std::uint64_t claimed = theirs.of(run);
  if (claimed == 0) return false;
  const auto document = repository_.document(key);
  return document && claimed > (*document)->context().of(run);
}

// Nothing of it is stored, so a peer that lies cannot have the others forget what is young: all of
// them refuse it, and with it the link that brought it.
Peer::Verdict Peer::judge_horizon(const Link& link, const std::string& key,
                                  const std::vector<crdt::Leaf>& leaves) {
  if (key != crdt::kHorizonKey) return std::nullopt;
  const bool beyond = std::any_of(leaves.begin(), leaves.end(), [&](const crdt::Leaf& leaf) {
    return crdt::is_beyond(leaf, horizon_limit_);
  });
  if (!beyond) return std::nullopt;
  if (Target* target = target_of(*link.channel.remote_static())) ++target->lies;
  refuse(link.name + " wanted records to be forgotten that are too young for it");
  return "it wants records to be forgotten that are too young for it";
}

Peer::Verdict Peer::on(Instant now, Link& link, const Push& push) {
  if (holds_forged(link, push.change)) {
    return on(now, link, Push{push.seq, push.firsthand, without_forged(push.change)});
  }
  link.their_head = std::max(link.their_head, push.seq);
  if (push.firsthand && !minted_by(push.change, link.hello->run)) {
    return "it sent a first-hand change under a replica id that it did not announce";
  }
  for (const crdt::DocumentDelta& part : push.change.deltas) {
    if (auto lie = judge_horizon(link, part.key, part.delta.written)) return lie;
    // What else is gone, fragments say.
    if (knows_more(self_, part.key, part.delta.advance)) return went_back(now, link);
  }
  if (!link.receiver.arrived(push.seq)) {
    rescan(link);
    return std::nullopt;
  }
  if (crdt::planted(crdt::Bug::kAckBeforeDurable)) link.acknowledge.push_back(push.seq);
  if (apply(link, push) != crdt::Applied::kGap) return std::nullopt;
  if (!crdt::planted(crdt::Bug::kGapForgotten)) park(now, link, push);
  return std::nullopt;
}

void Peer::park(Instant now, Link& link, const Push& push) {
  if (!link.parked.emplace(push.seq, push).second) return;
  link.parked_bytes += memory_of(push.change);
  if (link.parked.size() > kParkedMax || link.parked_bytes > kParkedBytesMax) return rescan(link);
  if (!link.parked_until) link.parked_until = now + config_.park_for;
}

void Peer::retry_parked(Instant) {
  while (std::exchange(changed_, false)) {
    for (const auto& [id, link] : links_) {
      for (auto parked = link->parked.begin(); parked != link->parked.end();) {
        const bool gap = apply(*link, parked->second) == crdt::Applied::kGap;
        if (!gap) link->parked_bytes -= memory_of(parked->second.change);
        parked = gap ? std::next(parked) : link->parked.erase(parked);
      }
      if (link->parked.empty()) link->parked_until.reset();
    }
  }
}

Peer::Verdict Peer::on(Instant, Link& link, const Pushed& pushed) {
  link.sender.acknowledged(pushed);
  return std::nullopt;
}

bool Peer::covers(const std::vector<crdt::Cursor>& sources) {
  return std::all_of(sources.begin(), sources.end(), [&](const crdt::Cursor& source) {
    const auto known = covered_.find(source.run);
    if (known != covered_.end()) {
      return known->second >= source.seq || crdt::planted(crdt::Bug::kSourceOnTrust);
    }
    return repository_.usable(source) >= source.seq;  // A run of this very store.
  });
}

Peer::Verdict Peer::on(Instant now, Link& link, const Offer& offer) {
  if (!link.receiver.current(offer.scan)) return std::nullopt;
  link.their_head = std::max(link.their_head, offer.to);
  if (link.receiver.passes_over(offer)) return std::nullopt;
  if (!link.receiver.open(offer)) {
    rescan(link);
    return std::nullopt;
  }
  if (!covers(offer.sources)) {
    link.receiver.await_expansion();
    send(link, Expand{offer.scan, offer.from});
    return std::nullopt;
  }
  Want want;
  std::size_t bytes = 0;
  const auto add_to = [&](auto& list, auto item, std::size_t size) {
    list.push_back(std::move(item));
    bytes += size;
    if (want.documents.size() + want.records.size() == kWantMax || bytes > kWantBytesMax) {
      send(link, std::exchange(want, {}));
      bytes = 0;
    }
  };
  for (const DocumentHash& offered : offer.documents) {
    const crdt::Result<crdt::VersionVector> context = repository_.context(offered.key);
    if (!context) {
      // The other documents of the offer are needed, and this one will be asked for again.
      repository_.owe(offered.key, key_of(link));
      continue;
    }
    if (context_hash(*context) == offered.hash) continue;
    link.receiver.want_document(offered.key);
    add_to(want.documents, DocumentContext{offered.key, *context}, 16 * context->entries().size());
  }
  for (const Bytes& key : offer.records) {
    const auto held = repository_.record(key);
    if (held && *held) continue;
    link.receiver.want_record(key);
    add_to(want.records, key, key.size());
  }
  if (!want.documents.empty() || !want.records.empty()) send(link, want);
  if (link.receiver.waiting()) link.stuck_at = now + kStuckAfter;
  return std::nullopt;
}

Peer::Verdict Peer::on(Instant, Link& link, const Expand& expand) {
  const crdt::Result<std::optional<Offer>> spelt =
      link.sender.expand(repository_, link.hello->run, expand);
  if (!spelt) return "cannot read the rows it asks for: " + spelt.error().message;
  if (*spelt) send(link, **spelt);
  return std::nullopt;
}

Peer::Verdict Peer::on(Instant, Link& link, const Resolved& resolved) {
  link.sender.resolved(resolved);
  return std::nullopt;
}

void Peer::offer(Instant now, Link& link) {
  link.offer_at.reset();
  if (!link.sender.behind(repository_.head()) && !link.sender.scanning()) return;
  const crdt::Result<Offer> next = link.sender.next_offer(repository_, link.hello->run);
  for (const crdt::Error& error : link.sender.take_damaged()) {
    note(Severity::kWarning, "cannot pass on to " + link.name + ": " + error.message);
  }
  link.unreadable = !next;
  link.unpushed = false;
  if (next) return send(link, *next);
  link.offer_at = now + kOfferAgainAfter;
  note(Severity::kWarning,
       "cannot pass on to " + link.name + " what is stored here: " + next.error().message);
}

std::chrono::milliseconds Peer::drawn_delay() {
  const auto rounds = (std::max<std::size_t>(links_.size(), 1) - 1) / kOffersAtOnce;
  if (rounds == 0) return {};
  const auto most = config_.offer_after * static_cast<std::int64_t>(rounds);
  return std::chrono::milliseconds(rng_.below(static_cast<std::uint64_t>(most.count())));
}

void Peer::settle(Instant now, Link& link) {
  if (link.parked.empty() || crdt::planted(crdt::Bug::kParkedVouchedFor)) {
    while (const auto resolved = link.receiver.settle()) {
      link.stuck_at = now + kStuckAfter;
      send(link, *resolved);
    }
  }
  if (!link.receiver.waiting()) link.stuck_at.reset();
  if (link.receiver.live()) store_position(now, link);
}

// With a push's own commit the cursor costs nothing. What an offer by source moves would be a
// commit of its own for each link: those wait for one another. A cursor that is behind is safe.
void Peer::store_position(Instant now, Link& link) {
  const crdt::Cursor cursor{link.hello->run, link.receiver.position()};
  const PublicKey& key = *link.channel.remote_static();
  const auto peer = view_of(key.bytes);
  if (!link.stored) link.stored = repository_.cursor(peer);
  if (*link.stored == cursor) return;
  if (link.stored->run != cursor.run) covered_.erase(link.stored->run);
  covered_[cursor.run] = cursor.seq;
  const bool at_once = link.stored->run != cursor.run || !link.acknowledge.empty();
  if (!at_once && !store_cursors_at_) store_cursors_at_ = now + kStoreCursorsAfter;
  if (!at_once && now < *store_cursors_at_) return;
  repository_.set_cursor(peer, cursor);
  link.stored = cursor;
}

Peer::Verdict Peer::on(Instant, Link& link, const Want& want) {
  if (!link.answers.add(want)) return "it asks for more than an offer can name";
  return std::nullopt;
}

bool Peer::may_answer(const Link& link) {
  return !link.answers.empty() && link.answer_marks.size() < kAnswerWindow / kAnswersABatch;
}

void Peer::answer(Link& link) {
  auto& marks = link.answer_marks;
  while (!marks.empty() && marks.front() <= link.pongs) marks.pop_front();
  for (std::size_t made = 0; made < kAnswersABatch && may_answer(link);) {
    send(link, link.answers.next(repository_));
    made += link.outbox.back().size();
    link.answered_bytes += link.outbox.back().size();
    if (link.answered_bytes < kAnswersABatch) continue;
    ping(link);
    link.answered_bytes -= kAnswersABatch;
    marks.push_back(link.pings);
  }
}

Peer::Verdict Peer::on(Instant now, Link& link, const FragmentPart& part) {
  // A scan that began since forgot what it wanted: late parts of the old one are of no use.
  const bool repaired =
      link.repaired_documents.contains(part.key) || link.compared.contains(part.key);
  if (!repaired && !link.receiver.wants_document(part.key)) return std::nullopt;
  Bytes& bytes = link.fragments[part.key];
  if (part.index != bytes.size() / kFragmentPartMax) {
    if (!repaired) return "it sent parts of a fragment unordered";
    // It was asked twice, the first time before a scan that began since.
    if (part.index != 0) return std::nullopt;
    link.fragment_bytes -= bytes.size();
    bytes.clear();
  }
  if (!part.last && part.bytes.size() != kFragmentPartMax) {
    return "it sent a fragment in parts that are too small";  // Or it could go on for ever.
  }
  bytes += part.bytes;
  link.fragment_bytes += part.bytes.size();
  if (link.fragment_bytes > kFragmentBytesMax) return "it sent fragments without an end";
  link.stuck_at = now + kStuckAfter;
  if (!part.last) return std::nullopt;
  const Bytes whole = std::move(bytes);
  link.fragments.erase(part.key);
  link.fragment_bytes -= whole.size();
  const crdt::Result<crdt::Fragment> fragment = crdt::decode_fragment(whole);
  if (!fragment) return "it sent a bad fragment: " + fragment.error().message;
  if (auto lie = judge_horizon(link, part.key, fragment->fresh)) return lie;
  if (knows_more(self_, part.key, fragment->context)) {
    if (Verdict lie = went_back(now, link)) return lie;
  }
  if (put_back_ && knows_more(*put_back_, part.key, fragment->context)) {
    keep_minted_again(*put_back_, part.key, *fragment);
  }
  return merge(link, part.key, *fragment);
}

Peer::Verdict Peer::on(Instant now, Link& link, const Records& records) {
  crdt::Change change;
  for (const crdt::Record& record : records.records) {
    const bool repaired = link.repaired_records.erase(record.key) > 0;
    const bool wanted = link.receiver.got_record(record.key);
    if (wanted || repaired) change.records.push_back(record);
  }
  if (holds_forged(link, change)) change = without_forged(change);
  link.stuck_at = now + kStuckAfter;
  const auto outcome = repository_.apply(change, {link.hello->run, 0});
  if (!outcome) return "cannot store its records: " + outcome.error().message;
  if (outcome->seq != 0) {
    take_entries(change);
    forward(link, outcome->seq, change);
  }
  return std::nullopt;
}

Peer::Verdict Peer::on(Instant, Link& link, const Ping&) {
  send(link, Pong{});
  return std::nullopt;
}

Peer::Verdict Peer::on(Instant, Link& link, const Pong&) {
  if (link.pongs < link.pings) ++link.pongs;
  return std::nullopt;
}

void Peer::ping(Link& link) {
  ++link.pings;
  send(link, Ping{});
}

}  // namespace gossip
