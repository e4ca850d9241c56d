#include "gossip/peer.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "crdt/seed.h"
#include "gossip/change_wire.h"
#include "gossip/deadline.h"
#include "gossip/wire.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::draw_seed;
using crdt::Instant;

}  // namespace

Bytes link_prologue(std::string_view cluster) {
  return "muster wire " + std::to_string(kWireVersion) + " cluster " + std::string(cluster);
}

Peer::Peer(Config config, std::string name, const crdt::Rng::Seed& seed, crdt::ReplicaId self,
           crdt::Repository& repository)
    : config_(std::move(config)),
      name_(std::move(name)),
      public_key_(public_key_of(config_.identity)),
      rng_(seed),
      self_(self),
      repository_(repository),
      signing_seed_(signing_seed_of(config_.identity)),
      verify_key_(verify_key_of(signing_seed_)),
      roster_(config_.cluster, config_.operators),
      membership_(member_of(public_key_), config_.starts * Membership::kStartStep, draw_seed(rng_),
                  config_.probe_every),
      comparer_(repository) {
  CHECK(config_.peers.size() <= Config::kPeersMax);
  for (const PeerConfig& peer : config_.peers) {
    CHECK(peer.public_key != public_key_);
    add_target(Instant{}, peer);
  }
  set_back_ = !repository_.catching_up().empty();
  put_back_ = repository_.put_back_run();
  load_roster();
  for (const auto& [peer, cursor] : repository_.cursors()) covered_[cursor.run] = cursor.seq;
}

Peer::Target* Peer::target_of(const PublicKey& key) {
  const auto found = targets_.find(key);
  return found == targets_.end() ? nullptr : &found->second;
}

Peer::Target* Peer::target_of(const Link& link) {
  const auto& key = link.channel.remote_static();
  return key ? target_of(*key) : nullptr;
}

void Peer::note(Severity severity, std::string text) {
  output_.notices.push_back({severity, std::move(text)});
}

std::unique_ptr<Link> Peer::make_link(Instant now, LinkId id, const Target* dialled) {
  SecureChannelConfig channel;
  channel.role = dialled ? Role::kInitiator : Role::kResponder;
  channel.handshake.prologue = link_prologue(config_.cluster);
  channel.handshake.static_key = config_.identity;
  channel.handshake.static_public = public_key_;
  channel.payload = config_.software;
  const std::optional<PublicKey> expected =
      dialled ? std::optional(dialled->config.public_key) : std::nullopt;
  channel.allowed = [this, expected](const PublicKey& key) {
    // Who was dialled may have been removed before it showed its key.
    return target_of(key) != nullptr && (!expected || key == *expected);
  };
  return std::make_unique<Link>(id, SecureChannel(std::move(channel), rng_), now,
                                config_.offer_rows_max);
}

void Peer::link_opened(Instant now, LinkId id, const std::string& address,
                       const std::string& from) {
  Target* dialled = nullptr;
  for (auto& [key, target] : targets_) {
    if (target.dialling && target.config.address == address) dialled = &target;
  }
  // What this side dialled is no stranger's: it must not wait for room.
  if (address.empty() ? full() : dialled == nullptr) {
    output_.closes.push_back(id);
    return note(Severity::kWarning, "closed a new link: too many have not shown their key");
  }
  std::unique_ptr<Link> link = make_link(now, id, dialled);
  link->address = address;
  link->from = from;
  const Bytes first = link->channel.start();
  if (!first.empty()) output_.sends.push_back({id, first});
  links_.emplace(id, std::move(link));
}

void Peer::link_bytes(Instant now, LinkId id, crdt::BytesView bytes) {
  if (joins_.contains(id)) return join_bytes(id, bytes);
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = *found->second;
  if (!link.greeted && !greet(link, bytes)) return;
  link.asked.reset();
  // Nothing more is taken from whom an operator removed; its link ends with the batch.
  const auto& proven = link.channel.remote_static();
  if (proven && roster_.removed(*proven)) return;
  crdt::Result<Received> received = link.channel.receive(bytes);
  if (!received) return drop(now, id, received.error().message);
  if (!received->to_send.empty()) output_.sends.push_back({id, std::move(received->to_send)});
  if (received->established_now) established(link);
  for (const Bytes& frame : received->frames) {
    const auto read = read_frame(frame, link.heard_names);
    if (!read) return drop(now, id, read.error().message);
    if (read->skipped > 0) target_of(link)->skipped += read->skipped;
    for (const Message& message : read->messages) {
      if (const Verdict broken = on(now, link, message)) return drop(now, id, *broken);
    }
  }
}

void Peer::established(Link& link) {
  const Target* target = target_of(link);
  CHECK(target != nullptr);
  link.name = target->config.name;
  send(link,
       Hello{kWireVersion, self_, repository_.head(), name_, config_.letter, config_.keep_days});
}

void Peer::forget(Instant now, Link& link) {
  const auto lost = links_.find(link.id);
  CHECK(lost != links_.end());
  const bool linked = link.hello.has_value();
  for (auto& [key, target] : targets_) {
    const bool was_dialled = !link.address.empty() && target.config.address == link.address;
    if (target.link == link.id) {
      target.link.reset();
      target.their_head = link.their_head;
      if (link.sender.resumed()) target.told = link.sender.told();
      target.lost = true;
      membership_.link_down(now, member_of(key));
    }
    if (was_dialled) target.dialling = false;
    if (!target.dials || target.link || target.dialling || target.dial_at) continue;
    if (linked) target.backoff = config_.redial_min;
    target.dial_at = now + jittered(target.backoff);
    target.backoff = std::clamp(2 * target.backoff, config_.redial_min, config_.redial_max);
  }
  comparer_.lost(now, link.id);
  links_.erase(lost);
  if (linked) announce_links();
}

void Peer::drop(Instant now, LinkId id, const std::string& reason) {
  Link& link = *links_.at(id);
  if (link.name.empty() && link.address.empty()) {
    note_stranger(now, link, reason);
  } else {
    const std::string who = link.name.empty() ? "the peer at " + link.address : link.name;
    note(Severity::kWarning, "dropped the link with " + who + ": " + reason);
  }
  output_.closes.push_back(id);
  forget(now, link);
}

void Peer::link_closed(Instant now, LinkId id, const std::string& reason) {
  joins_.erase(id);
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  Link& link = *found->second;
  if (link.hello) note(Severity::kInfo, "link with " + link.name + " closed: " + reason);
  for (auto& [key, target] : targets_) {
    if (link.hello || link.address.empty() || target.config.address != link.address) continue;
    unreached(target, reason + " before the handshake was over; does it list this node's key?");
  }
  forget(now, link);
}

// Dials go on for as long as a peer is away: the same reason is noted once, and another one when
// it is given twice in a row, for two may take turns.
void Peer::unreached(Target& target, const std::string& why) {
  if (target.trouble == why) return target.doubt.clear();
  if (!target.trouble.empty() && std::exchange(target.doubt, why) != why) return;
  target.trouble = why;
  target.doubt.clear();
  note(Severity::kInfo,
       "not linked with " + target.config.name + " at " + target.config.address + ": " + why);
}

// A little less, so that those who lost a peer at once do not all come back at once.
std::chrono::milliseconds Peer::jittered(std::chrono::milliseconds backoff) {
  return backoff - std::chrono::milliseconds(rng_.below(backoff.count() / 4 + 1));
}

void Peer::dial_failed(Instant now, const std::string& address, const std::string& reason) {
  for (auto& [key, target] : targets_) {
    if (!target.dialling || target.config.address != address || target.link) continue;
    unreached(target, reason);
    target.dialling = false;
    target.backoff = std::clamp(2 * target.backoff, config_.redial_min, config_.redial_max);
    target.dial_at = now + jittered(target.backoff);
    // Once for each link that was lost: a way that stays barred says nothing about who is behind.
    if (std::exchange(target.lost, false)) membership_.unreachable(now, member_of(key));
  }
}

void Peer::announce_links() {
  for (const auto& [id, link] : links_) link->links_changed = true;
}

Linked Peer::links() const {
  Linked linked;
  linked.catching_up = !repository_.catching_up().empty();
  for (const auto& [id, link] : links_) {
    if (link->hello) linked.runs.push_back(link->hello->run);
  }
  std::sort(linked.runs.begin(), linked.runs.end());
  return linked;
}

void Peer::send(Link& link, const Message& message) {
  const Swim* swim = std::get_if<Swim>(&message);
  link.asks =
      link.asks || std::holds_alternative<Offer>(message) ||
      std::holds_alternative<Expand>(message) || std::holds_alternative<Want>(message) ||
      std::holds_alternative<Ping>(message) ||
      (swim != nullptr && (swim->kind == SwimKind::kProbe || swim->kind == SwimKind::kProbeFor));
  link.outbox.push_back(encode(message));
}

template <class Takes>
void Peer::spread(std::uint64_t seq, bool firsthand, const crdt::Change& change, Takes takes) {
  const bool fits = fits_push(change);
  std::optional<Bytes> encoded;  // One encoding serves every link.
  for (const auto& [id, link] : links_) {
    if (!link->hello || !takes(*link)) continue;
    const bool may_push = fits && link->sender.may_push();
    if (may_push && !encoded) encoded = encode_push(seq, firsthand, change, names_);
    if (!may_push || encoded->size() > kFrameBytesMax) {
      link->unpushed = true;  // Offered by name, and fetched in parts.
      continue;
    }
    link->sender.pushed(seq);
    const Bytes definitions = link->told.tell(names_);
    if (!definitions.empty()) link->outbox.push_back(encode_names(definitions));
    link->outbox.push_back(*encoded);
    link->asks = true;
  }
}

void Peer::push(std::uint64_t seq, const crdt::Change& change) {
  spread(seq, true, change, [](const Link&) { return true; });
}

void Peer::relay(std::uint64_t seq, const crdt::Change& change) {
  take_entries(change);
  spread(seq, false, change, [](const Link&) { return true; });
}

void Peer::forward(const Link& source, std::uint64_t seq, const crdt::Change& change) {
  spread(seq, false, change, [&](const Link& link) {
    // What has its own link to where this came from gets it there.
    return link.id != source.id && !source.their_links.contains(link.hello->run);
  });
}

// One dial after another; and every peer begins with the one that comes after itself.
void Peer::begin(Instant now) {
  begun_ = true;
  Instant at = now;
  for (auto& [key, target] : targets_) {
    if (!target.dial_at) continue;
    target.dial_at = at;
    at += kDialStagger;
  }
}

void Peer::wake(Instant now) {
  if (!begun_) begin(now);
  membership_.tick(now);
  for (auto& [key, target] : targets_) {
    if (!target.dial_at || *target.dial_at > now) continue;
    target.dial_at.reset();
    if (target.link || target.dialling) continue;
    target.dialling = true;
    output_.dials.push_back(target.config.address);
  }
  walk(now);
  compare(now);
  tend_links(now);
}

// Of a version that does not know membership: nobody probes it.
bool Peer::mute(const Link& link) const {
  const Membership::Member* member = membership_.find(member_of(*link.channel.remote_static()));
  return member != nullptr && member->incarnation == 0;
}

void Peer::tend_links(Instant now) {
  std::vector<LinkId> ids;
  for (const auto& [id, join] : joins_) ids.push_back(id);
  for (const LinkId id : std::exchange(ids, {})) {
    if (joins_.at(id).opened + kHandshakeMax <= now) end_join(id, "it did not join in time");
  }
  for (const auto& [id, link] : links_) ids.push_back(id);
  for (const LinkId id : ids) {
    Link& link = *links_.at(id);
    if (!link.hello && link.opened + kHandshakeMax <= now) {
      drop(now, id, "no handshake within " + std::to_string(kHandshakeMax.count()) + " s");
    } else if (link.asked && *link.asked + 2 * config_.ping_after <= now) {
      drop(now, id, "nothing heard in answer to a ping");
    } else if (link.stuck_at && *link.stuck_at <= now) {
      drop(now, id, "what it offered does not come");
    } else if (link.hello) {
      tend_link(now, link);
    }
  }
}

void Peer::tend_link(Instant now, Link& link) {
  if (link.rekeyed + kRekeyAfter <= now) {
    output_.sends.push_back({link.id, link.channel.rekey()});
    link.rekeyed = now;
  }
  const bool unanswered = link.asked && *link.asked + config_.ping_after <= now;
  if ((unanswered && link.pinged < *link.asked) ||
      (mute(link) && link.sent + config_.ping_after <= now)) {
    link.pinged = now;
    ping(link);
  }
  if (link.offer_at && *link.offer_at <= now) offer(now, link);
  if (link.parked_until && *link.parked_until <= now) rescan(link);
}

void Peer::batch_end(Instant now) {
  if (!began_) began_ = now;
  retry_parked(now);
  follow_roster(now);
  tend_self();
  for (const auto& [id, link] : links_) {
    if (link->hello) settle(now, *link);
  }
  if (store_cursors_at_ && *store_cursors_at_ <= now) store_cursors_at_.reset();
  judge_standing();
  judge_put_back();
  now_ = now;
  tend_members(now);
  for (const auto& [id, link] : links_) {
    if (!link->hello) {
      flush(now, *link);
      continue;
    }
    for (std::size_t i = 0; i < kOffersABatch && offers_now(*link); ++i) offer(now, *link);
    if (!link->offer_at && link->sender.behind(repository_.head())) {
      link->offer_at = now + config_.offer_after + drawn_delay();
    }
    ask_for_repair(*link);
    answer(*link);
    gather_lingering(now, *link);
    flush(now, *link);
  }
  if (repository_.walk_due() || !walk_at_) {
    const Instant due = repository_.walk_due() ? now + kWalkStep : now + config_.walk_after;
    walk_at_ = std::min(walk_at_.value_or(due), due);
  }
  say_compared(now);
  for (std::string& news : repository_.take_news()) note(Severity::kWarning, std::move(news));
  leave_removed(now);  // After the flush: whoever is removed is told so.
}

// Whether rows are offered without waiting for more of them.
bool Peer::offers_now(const Link& link) const {
  const bool more = link.unpushed || link.sender.cut();
  const bool due = link.sender.scanning() || (link.sender.behind(repository_.head()) && more);
  return due && !link.unreadable;
}

// Into the outbox with what lingers, when it has a frame to share or has waited long enough.
void Peer::gather_lingering(Instant now, Link& link) {
  if (!link.links_changed && link.acknowledge.empty()) return;
  if (!link.lingers_until) link.lingers_until = now + config_.linger;
  const bool waits = now < *link.lingers_until && link.acknowledge.size() < kLingeringMax;
  if (link.outbox.empty() && waits) return;
  link.lingers_until.reset();
  if (std::exchange(link.links_changed, false)) send(link, links());
  if (!link.acknowledge.empty()) send(link, Pushed{std::exchange(link.acknowledge, {})});
}

void Peer::flush(Instant now, Link& link) {
  Bytes frame;
  std::size_t messages = 0;
  Bytes sealed;
  for (const Bytes& message : std::exchange(link.outbox, {})) {
    if (!frame.empty() &&
        (frame.size() + message.size() > kFrameTarget || messages == kMessagesMax)) {
      sealed += link.channel.seal(std::exchange(frame, {}));
      messages = 0;
    }
    frame += message;
    ++messages;
  }
  if (!frame.empty()) sealed += link.channel.seal(frame);
  if (sealed.empty()) return;
  link.sent = now;
  if (std::exchange(link.asks, false) && !link.asked) link.asked = now;
  output_.sends.push_back({link.id, std::move(sealed)});
}

Output Peer::take_output() { return std::exchange(output_, {}); }

std::optional<Instant> Peer::wake_at() const {
  std::optional<Instant> earliest = walk_at_;
  keep_earliest(earliest, store_cursors_at_);
  keep_earliest(earliest, compare_at_);
  keep_earliest(earliest, comparer_.wake_at());
  for (const auto& [key, target] : targets_) keep_earliest(earliest, target.dial_at);
  for (const auto& [id, join] : joins_) keep_earliest(earliest, join.opened + kHandshakeMax);
  if (!targets_.empty()) keep_earliest(earliest, membership_.wake_at());
  for (const auto& [id, link] : links_) {
    if (link->asked) {
      const bool pinged = link->pinged >= *link->asked;
      keep_earliest(earliest, *link->asked + (pinged ? 2 : 1) * config_.ping_after);
    }
    if (!link->hello) {
      keep_earliest(earliest, link->opened + kHandshakeMax);
      continue;
    }
    const Instant ping_at = link->sent + config_.ping_after;
    if ((!earliest || ping_at < *earliest) && mute(*link)) earliest = ping_at;
    keep_earliest(earliest, link->rekeyed + kRekeyAfter);
    keep_earliest(earliest, link->offer_at);
    if (may_answer(*link)) keep_earliest(earliest, now_);
    keep_earliest(earliest, link->lingers_until);
    keep_earliest(earliest, link->parked_until);
    keep_earliest(earliest, link->stuck_at);
  }
  return earliest;
}

}  // namespace gossip
