// Membership's half that listens: what others say, and what of it is believed.
#include <algorithm>
#include <utility>

#include "gossip/membership.h"

namespace gossip {
namespace {

using crdt::Instant;

// Every octet of the statement counts alike. As published for SplitMix64.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

// Of a statement, for the digest of a view: the xor of all of them.
std::uint64_t digest_of(MemberId id, std::uint64_t incarnation, Liveness state) {
  if (incarnation == 0) return 0;  // Not heard of: as if it were not listed.
  return mixed(id.value + mixed(4 * incarnation + static_cast<std::uint64_t>(state)));
}

}  // namespace

std::uint32_t Membership::view() const {
  const std::uint64_t all = digest_ ^ digest_of(self_, incarnation_, Liveness::kAlive);
  return static_cast<std::uint32_t>(all ^ (all >> 32));
}

News Membership::news_of(MemberId id, const Member& member) const {
  const auto suspicion = suspicions_.find(id);
  const MemberId by = suspicion == suspicions_.end() ? self_ : suspicion->second.first_accuser();
  return {id, member.incarnation, member.state, by};
}

void Membership::set(Instant now, MemberId id, Member& member, std::uint64_t incarnation,
                     Liveness state) {
  digest_ ^= digest_of(id, member.incarnation, member.state) ^ digest_of(id, incarnation, state);
  if (state != Liveness::kSuspect) suspicions_.erase(id);
  dead_ += state == Liveness::kDead ? 1 : 0;
  dead_ -= member.state == Liveness::kDead ? 1 : 0;
  if (std::exchange(member.state, state) != state) {
    member.since = now;
    output_.changed.push_back(id);
  }
  member.incarnation = incarnation;
  view_every_ = kViewAfterMin;
  view_at_ = now + view_every_;
}

// Evidence found here.
void Membership::accuse(Instant now, MemberId id, bool certain) {
  Member* member = known(id);
  if (member == nullptr || !probeable(id)) return;
  const News news{id, member->incarnation, Liveness::kSuspect, self_};
  const auto suspicion = suspicions_.find(id);
  if (suspicion == suspicions_.end()) {
    suspect(now, id, *member, news);
    send_all({news});
  } else if (suspicion->second.confirm(self_)) {
    tell(now, news);
    send_all({news});
  }
  if (certain) suspicions_.at(id).be_certain();
}

// It is suspect from now on, as `news` says.
void Membership::suspect(Instant now, MemberId id, Member& member, const News& news) {
  set(now, id, member, news.incarnation, Liveness::kSuspect);
  // Only who is linked can confirm: where no link is left, there is nothing to wait for.
  const auto is_linked = [&](MemberId other) {
    const Member* found = find(other);
    return found != nullptr && found->linked;
  };
  const std::size_t unfit = (member.linked ? 1u : 0u) + (is_linked(news.by) ? 1u : 0u);
  suspicions_.insert_or_assign(id, Suspicion(now, news.by, linked_ - std::min(linked_, unfit)));
  tell(now, news);
}

void Membership::heard(Instant now, MemberId from, const Swim& message) {
  Member* member = known(from);
  if (member == nullptr || !member->linked || message.incarnation == 0) return;
  hear_claim(now, from, *member, message);
  for (const News& news : message.news) hear_news(now, from, news);
  switch (message.kind) {
    case SwimKind::kProbe:
      send(from, with_news(this->message(SwimKind::kAck, message.number), from));
      return compare_views(now, from, message);
    case SwimKind::kAck:
      hear_ack(from, message);
      return compare_views(now, from, message);
    case SwimKind::kProbeFor:
      return hear_probe_for(now, from, message);
    case SwimKind::kNack:
      return hear_nack(now, message);
    case SwimKind::kNews:
      return;
    case SwimKind::kView:
      return answer_view(from, message);
  }
}

// What it says of itself. An accusation ends only where it was heard: with a greater incarnation.
void Membership::hear_claim(Instant now, MemberId from, Member& member, const Swim& message) {
  member.ready = message.ready;
  const std::uint64_t claimed = message.incarnation;
  if (claimed > member.incarnation || member.incarnation - claimed > kJumpMax) {
    const bool new_here = member.incarnation == 0;
    set(now, from, member, claimed, Liveness::kAlive);
    if (!new_here) tell(now, news_of(from, member));  // For those that it has no link with.
    return;
  }
  if (claimed == member.incarnation && member.state == Liveness::kAlive) return;
  Swim answer = this->message(SwimKind::kNews);
  answer.news.push_back(news_of(from, member));
  send(from, std::move(answer));
}

void Membership::hear_news(Instant now, MemberId from, const News& news) {
  if (news.member == self_) return hear_of_self(now, from, news);
  Member* member = known(news.member);
  if (member == nullptr || news.incarnation < member->incarnation) return;
  if (news.incarnation - member->incarnation > kJumpMax) return output_.lied.push_back(from);
  const bool newer = news.incarnation > member->incarnation;
  if (news.state == Liveness::kAlive) {
    if (!newer) return;
    set(now, news.member, *member, news.incarnation, Liveness::kAlive);
    tell(now, news);
    if (member->linked) output_.doubted.push_back(news.member);
    return;
  }
  if (!newer && member->state == Liveness::kDead) return;
  const bool dead = news.state == Liveness::kDead;
  if (dead && !member->linked) {
    set(now, news.member, *member, news.incarnation, Liveness::kDead);
    return tell(now, news);
  }
  const auto suspicion = suspicions_.find(news.member);
  if (newer || suspicion == suspicions_.end()) {
    suspect(now, news.member, *member,
            {news.member, news.incarnation, Liveness::kSuspect, news.by});
    // Who declared it dead has no link to tell it so.
    if (dead) send(news.member, with_news(this->message(SwimKind::kNews), news.member));
  } else if (suspicion->second.confirm(news.by) && !dead) {
    tell(now, news);
  }
  if (dead) suspicions_.at(news.member).be_certain();
}

void Membership::hear_of_self(Instant now, MemberId from, const News& news) {
  if (news.incarnation < incarnation_) {
    if (news.state != Liveness::kAlive) send(from, message(SwimKind::kNews));
    return;
  }
  if (news.incarnation == incarnation_ && news.state == Liveness::kAlive) return;
  if (news.incarnation - incarnation_ > kJumpMax) return output_.lied.push_back(from);
  if (news.state != Liveness::kAlive) worsen(1);
  refute(now, news.incarnation);
}

void Membership::refute(Instant now, std::uint64_t above) {
  incarnation_ = above + 1;
  send_all({});
  tell(now, {self_, incarnation_, Liveness::kAlive, self_});
}

void Membership::hear_probe_for(Instant now, MemberId from, const Swim& message) {
  const Member* target = find(message.target);
  if (target == nullptr || !target->linked || relays_.size() >= kRelaysMax) {
    return send(from, this->message(SwimKind::kNack, message.number));
  }
  const std::uint32_t number = next_number_++;
  // In time for a Nack before the asker's own probe ends.
  relays_[number] = {from, message.number, message.target, now + scaled(period_ * 2 / 5)};
  send(message.target, with_news(this->message(SwimKind::kProbe, number), message.target));
}

void Membership::hear_ack(MemberId from, const Swim& message) {
  if (const auto relay = relays_.find(message.number); relay != relays_.end()) {
    if (relay->second.target != from) return;
    send(relay->second.asker, this->message(SwimKind::kAck, relay->second.asker_number));
    relays_.erase(relay);
    return;
  }
  if (!probe_ || probe_->number != message.number) return;
  if (probe_->target != from && !probe_->asked_others) return;
  probe_.reset();
  worsen(-1);
}

void Membership::hear_nack(Instant now, const Swim& message) {
  if (!probe_ || probe_->number != message.number || probe_->nacks == probe_->proxies) return;
  ++probe_->nacks;
  // Nobody is left who could still bring an answer.
  if (!probe_->linked && probe_->nacks == probe_->proxies) fail_probe(now);
}

// --- views ---

void Membership::compare_views(Instant now, MemberId from, const Swim& message) {
  if (message.view == view() || !news_.empty() || view_at_ > now) return;
  Swim all = this->message(SwimKind::kView);
  all.news.push_back({self_, incarnation_, Liveness::kAlive, self_});
  for (const auto& [id, member] : members_) {
    if (member.incarnation > 0) all.news.push_back(news_of(id, member));
  }
  send(from, std::move(all));
  view_at_ = now + view_every_;
  view_every_ = std::min(2 * view_every_, kViewAfterMax);
}

void Membership::answer_view(MemberId from, const Swim& message) {
  std::map<MemberId, const News*> theirs;
  for (const News& news : message.news) theirs[news.member] = &news;
  Swim answer = this->message(SwimKind::kNews);
  for (const auto& [id, member] : members_) {
    if (member.incarnation == 0 || id == from) continue;
    const auto said = theirs.find(id);
    const bool better =
        said == theirs.end() || said->second->incarnation < member.incarnation ||
        (said->second->incarnation == member.incarnation && said->second->state < member.state);
    if (better) answer.news.push_back(news_of(id, member));
  }
  if (!answer.news.empty()) send(from, std::move(answer));
}

}  // namespace gossip
