// Peer's half that knows who belongs to the cluster: targets that follow the roster, and joiners.
#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "gossip/peer.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Error;
using crdt::Instant;
using crdt::Result;

void Peer::add_target(Instant now, const PeerConfig& peer) {
  Target target;
  target.config = peer;
  target.dials = public_key_ < peer.public_key;
  if (target.dials) target.dial_at = now;
  targets_.emplace(peer.public_key, std::move(target));
  membership_.add(now, member_of(peer.public_key));
}

void Peer::load_roster() {
  // What was refused under other operators' keys is offered again.
  const OperatorsHash hash = hash_of(config_.operators);
  if (!config_.operators.empty() && repository_.judged_by(view_of(hash))) {
    note(Severity::kInfo,
         "the operators' keys are others than at the last start: every peer is "
         "asked again for what it holds");
  }
  for (const char kind : {kRosterKind, kInvitationKind}) {
    const auto scanned =
        repository_.scan_records(BytesView(&kind, 1), [&](BytesView key, BytesView value) {
          roster_.insert({Bytes(key), Bytes(value)});
          return true;
        });
    if (!scanned) {
      note(Severity::kWarning, "cannot read all of the roster: " + scanned.error().message);
    }
  }
  for (const crdt::Record& entry : config_.roster) {
    const auto held = repository_.record(entry.key);
    if (held && *held) continue;
    if (const auto taken = publish(entry); !taken) {
      note(Severity::kWarning,
           "cannot use what this node was set up with: " + taken.error().message);
    }
  }
  follow_roster(Instant{});
  leave_removed(Instant{});
}

// Brings the targets up to date. Whom the roster removed stays until leave_removed().
void Peer::follow_roster(Instant now) {
  if (std::exchange(followed_, roster_.revision()) == roster_.revision()) return;
  if (roster_.removed(public_key_)) return;
  for (const auto& [key, standing] : roster_.members()) {
    const Member& member = standing.member;
    if (key == public_key_ || member.state == RosterState::kRemoved) continue;
    const PeerConfig peer{member.name, member.address, key};
    Target* target = target_of(key);
    if (target == nullptr) {
      if (targets_.size() < Config::kPeersMax) add_target(now, peer);
      continue;
    }
    const bool moved = target->config.address != peer.address;
    target->config = peer;
    if (!moved || !target->dials || target->link) continue;
    target->dialling = false;  // What answers at the old address is not waited for.
    target->backoff = std::chrono::milliseconds{0};
    target->dial_at = now;
  }
}

void Peer::leave_removed(Instant now) {
  if (std::exchange(left_, roster_.revision()) == roster_.revision()) return;
  std::vector<LinkId> ended;
  for (const auto& [id, link] : links_) {
    const auto& key = link->channel.remote_static();
    if (key && roster_.removed(*key)) ended.push_back(id);
  }
  // Nobody takes its links any more, so it dials nobody.
  const bool left = roster_.removed(public_key_);
  if (left && !targets_.empty()) {
    note(Severity::kWarning,
         "an operator removed this node from the cluster: it links with nobody "
         "any more");
    for (const auto& [id, link] : links_) ended.push_back(id);
  }
  for (const LinkId id : ended) {
    if (links_.contains(id)) drop(now, id, "an operator removed it from the cluster");
  }
  std::erase_if(targets_, [&](const auto& entry) {
    const bool removed = left || roster_.removed(entry.first);
    if (removed) membership_.remove(member_of(entry.first));
    return removed;
  });
}

// What this node says of itself: that it has caught up, and where it is.
void Peer::tend_self() {
  const Standing* standing = self();
  if (standing == nullptr || standing->member.signing_key != verify_key_) return;
  const Member& member = standing->member;
  if (member.state == RosterState::kRemoved) return;
  const bool active = member.state == RosterState::kJoining && repository_.catching_up().empty() &&
                      std::any_of(links_.begin(), links_.end(),
                                  [&](const auto& entry) { return vouches(*entry.second); });
  const bool moved = !config_.address.empty() && config_.address != member.address;
  if (!active && !moved) return;
  Member next = roster_.successor(public_key_);
  if (next.version > kSelfVersionMax) return;  // An operator's word alone goes further.
  if (active) next.state = RosterState::kActive;
  if (moved) next.address = config_.address;
  const RosterEntry entry = sign_as_self(config_.cluster, next, signing_seed_);
  if (const auto told = publish(to_record(config_.cluster, entry)); !told) {
    note(Severity::kWarning, "cannot say how this node stands: " + told.error().message);
  }
}

void Peer::take_entries(const crdt::Change& change) {
  for (const crdt::Record& record : change.records) {
    if (Roster::concerns(record)) roster_.insert(record);
  }
}

void Peer::refuse(std::string what) {
  ++refusals_;
  note(Severity::kWarning, what);
  last_refusals_.push_back(std::move(what));
  if (last_refusals_.size() > kRefusalsMax) last_refusals_.pop_front();
}

bool Peer::holds_forged(const Link& link, const crdt::Change& change) {
  bool forged = false;
  for (const crdt::Record& record : change.records) {
    if (const auto fault = roster_.judge(record)) {
      refuse(*fault + "; " + link.name + " passed it on");
      forged = true;
    }
  }
  return forged;
}

crdt::Change Peer::without_forged(const crdt::Change& change) const {
  crdt::Change kept = change;
  std::erase_if(kept.records,
                [&](const crdt::Record& record) { return roster_.judge(record).has_value(); });
  return kept;
}

Result<void> Peer::submit(const crdt::Record& entry) {
  if (!Roster::concerns(entry)) return Error("this is no roster entry");
  if (auto fault = roster_.judge(entry)) {
    refuse(*fault);
    return Error(*fault);
  }
  return publish(entry);
}

Result<void> Peer::publish(const crdt::Record& entry) {
  if (const auto fault = roster_.judge(entry)) return Error(*fault);
  const crdt::Change change{{}, {entry}};
  const auto outcome = repository_.apply(change);
  if (!outcome) return outcome.error();
  roster_.insert(entry);
  if (outcome->seq != 0) push(outcome->seq, change);
  return {};
}

// Whoever is no member tries again and again, each time from another port.
void Peer::note_stranger(Instant now, const Link& link, const std::string& reason) {
  const std::string host = link.from.substr(0, link.from.rfind(':'));
  const std::uint64_t times = strangers_.due(now, host + " " + reason);
  if (times == 0) return;
  std::string text = "dropped the link with a peer that is not known yet";
  if (!link.from.empty()) text += ", from " + link.from;
  text += ": " + reason;
  if (times > 1) text += " (" + std::to_string(times) + " times since this was last said)";
  note(Severity::kWarning, std::move(text));
}

bool Peer::full() const {
  const auto unproven = std::count_if(links_.begin(), links_.end(), [](const auto& entry) {
    return !entry.second->hello && entry.second->address.empty();
  });
  return static_cast<std::size_t>(unproven) + joins_.size() >= kUnprovenMax;
}

// Looks whether who dialled is a peer or a joiner. True where it is a peer: `bytes` is then all
// that it said so far.
bool Peer::greet(Link& link, BytesView& bytes) {
  if (link.address.empty()) {
    link.first += bytes;
    if (link.first.size() < 2) return false;
    bytes = link.first;
    if (begins_hail(bytes.substr(0, 2))) {
      const LinkId id = link.id;
      const Bytes said = std::move(link.first);
      joins_[id] = JoinLink{link.opened, {}, {}, {}};
      links_.erase(id);
      join_bytes(id, said);
      return false;
    }
  }
  link.greeted = true;
  return true;
}

void Peer::end_join(LinkId id, const std::string& refusal) {
  refuse("let nobody in on a joining link: " + refusal);
  output_.closes.push_back(id);
  joins_.erase(id);
}

// Takes what comes before the handshake, and makes the channel once it is whole.
Result<void> Peer::hail(JoinLink& join, BytesView& bytes) {
  const std::size_t size = std::min(kJoinHailBytes - join.hail.size(), bytes.size());
  join.hail += bytes.substr(0, size);
  bytes.remove_prefix(size);
  if (join.hail.size() < kJoinHailBytes) return {};
  const auto id = read_hail(join.hail);
  if (!id) return id.error();
  if (!config_.cluster_secret || config_.operators.empty()) {
    return Error("this cluster has no operator: its configurations list who belongs to it");
  }
  join.token = *id;
  join.channel.emplace(joining_channel(Role::kResponder, config_.cluster, *id, config_.identity,
                                       joining_key(*config_.cluster_secret, *id)),
                       rng_);
  static_cast<void>(join.channel->start());
  return {};
}

void Peer::join_bytes(LinkId id, BytesView bytes) {
  JoinLink& join = joins_.at(id);
  if (!join.channel) {
    if (const auto hailed = hail(join, bytes); !hailed) return end_join(id, hailed.error().message);
    if (!join.channel) return;
  }
  Result<Received> received = join.channel->receive(bytes);
  if (!received) return end_join(id, received.error().message);
  if (!received->to_send.empty()) output_.sends.push_back({id, std::move(received->to_send)});
  if (received->frames.empty()) return;
  const JoinAnswer answer = answer_join(received->frames.front(), *join.channel->remote_static());
  output_.sends.push_back({id, join.channel->seal(encode(answer))});
  if (!answer.refusal.empty()) return end_join(id, answer.refusal);
  output_.closes.push_back(id);
  joins_.erase(id);
}

JoinAnswer Peer::answer_join(const Bytes& bytes, const PublicKey& node) {
  const auto refusal = [](std::string why) {
    JoinAnswer answer;
    answer.refusal = std::move(why);
    return answer;
  };
  const Standing* sponsor = self();
  if (sponsor == nullptr || (sponsor->member.state != RosterState::kActive &&
                             sponsor->member.state != RosterState::kDraining)) {
    return refusal("this peer is no active member itself; ask another one");
  }
  // It may not know that the token was used, or who was removed.
  if (!repository_.catching_up().empty()) {
    return refusal("this peer is catching up with the others; ask another one");
  }
  const auto request = decode_join_request(bytes);
  if (!request) return refusal(request.error().message);
  const auto entry = judge_join(roster_, *request, node, wall_, signing_seed_);
  if (!entry) return refusal(entry.error().message);
  const crdt::Record record = to_record(config_.cluster, *entry);
  if (const auto stored = publish(record); !stored) return refusal(stored.error().message);
  note(Severity::kInfo, "let " + entry->member.name + " at " + entry->member.address + " in");
  JoinAnswer answer;
  std::size_t size = 0;
  for (crdt::Record& known : roster_.records(node)) {
    size += known.key.size() + known.value.size();
    if (size > kJoinEntriesBytesMax) break;
    answer.entries.push_back(std::move(known));
  }
  answer.operators.assign(config_.operators.begin(), config_.operators.end());
  answer.cluster_secret = *config_.cluster_secret;
  answer.secrets = config_.member_secrets;
  return answer;
}

}  // namespace gossip
