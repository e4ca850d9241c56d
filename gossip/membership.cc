// Membership's half that acts by itself: probes, verdicts, rounds of news.
#include "gossip/membership.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "gossip/deadline.h"

namespace gossip {
namespace {

using crdt::Instant;
using std::chrono::milliseconds;

}  // namespace

Membership::Membership(MemberId self, std::uint64_t incarnation, const crdt::Rng::Seed& seed,
                       milliseconds period)
    : self_(self), incarnation_(incarnation), rng_(seed), period_(period) {
  CHECK(incarnation > 0);
}

void Membership::add(Instant now, MemberId id) {
  if (id == self_ || !members_.try_emplace(id).second) return;
  members_.at(id).since = now;
  order_.clear();  // Drawn anew, with it.
  position_ = 0;
  if (begun_ && !silent_until_) silent_until_ = now + limits().longest;
}

void Membership::remove(MemberId id) {
  Member* member = known(id);
  if (member == nullptr) return;
  set(member->since, id, *member, 0, Liveness::kDead);  // Out of the digest and the counts.
  --dead_;
  std::erase(output_.changed, id);
  if (member->linked) --linked_;
  members_.erase(id);
  suspicions_.erase(id);
  news_.erase(id);
  std::erase(urgent_, id);
  if (probe_ && probe_->target == id) probe_.reset();
}

Membership::Member* Membership::known(MemberId id) {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

const Membership::Member* Membership::find(MemberId id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

bool Membership::alive(MemberId id) const {
  const Member* member = find(id);
  return member != nullptr && member->state == Liveness::kAlive;
}

milliseconds Membership::scaled(milliseconds time) const { return time * (health_ + 1); }

SuspicionLimits Membership::limits() const {
  const milliseconds shortest = period_ * kShortestSuspicionPermille / 1000;
  return {shortest, kLongestFactor * shortest};
}

void Membership::worsen(int by) { health_ = std::clamp(health_ + by, 0, kHealthMax); }

// --- messages ---

Swim Membership::message(SwimKind kind, std::uint32_t number) const {
  return {kind, number, {}, incarnation_, ready_, view(), {}};
}

// What it is accused of goes first: only it can refute.
Swim Membership::with_news(Swim message, MemberId to) {
  const auto accused = members_.find(to);
  if (accused != members_.end() && suspicions_.contains(to)) {
    message.news.push_back(news_of(to, accused->second));
  }
  if (news_.empty()) return message;
  for (const News& news : news_.take(kNewsMax, members_.size() + 1)) message.news.push_back(news);
  return message;
}

void Membership::send(MemberId to, Swim message) {
  const Member* member = find(to);
  if (member == nullptr || !member->linked) return;
  output_.sends.push_back({to, std::move(message)});
}

void Membership::send_all(const std::vector<News>& news) {
  Swim said = message(SwimKind::kNews);
  said.news = news;
  for (const auto& [id, member] : members_) {
    if (member.linked) output_.sends.push_back({id, said});
  }
}

void Membership::tell(Instant now, const News& news) {
  news_.put(news);
  if (!round_at_) round_at_ = now + kRoundEvery;
}

void Membership::set_ready(bool ready) {
  if (std::exchange(ready_, ready) != ready) send_all({});
}

MembershipOutput Membership::take_output() { return std::exchange(output_, {}); }

// --- links ---

void Membership::link_up(Instant now, MemberId id) {
  Member* member = known(id);
  if (member == nullptr || std::exchange(member->linked, true)) return;
  if (++linked_ == 1 && round_at_) round_at_ = now + kRoundEvery;
  Swim hello = message(SwimKind::kNews);
  if (member->incarnation > 0 && member->state != Liveness::kAlive) {
    hello.news.push_back(news_of(id, *member));
  }
  send(id, std::move(hello));
}

void Membership::link_down(Instant now, MemberId id) {
  Member* member = known(id);
  if (member == nullptr || !std::exchange(member->linked, false)) return;
  --linked_;
  member->ready = false;
  if (member->incarnation == 0 && member->state == Liveness::kSuspect) {
    member->since = now;
    if (!silent_until_) silent_until_ = now + limits().longest;
  }
  if (member->state == Liveness::kAlive) urgent_.push_back(id);
  if (probe_ && probe_->target == id && !probe_->asked_others) probe_->direct_until = now;
}

void Membership::unreachable(Instant now, MemberId id) {
  const Member* member = find(id);
  if (member != nullptr && !member->linked) accuse(now, id, true);
}

// --- time ---

void Membership::begin(Instant now) {
  begun_ = true;
  for (auto& [id, member] : members_) member.since = now;
  silent_until_ = now + limits().longest;
  // Not all members at once.
  probe_at_ = now + milliseconds(rng_.below(static_cast<std::uint64_t>(period_.count())));
  view_at_ = now + view_every_;
  tell(now, {self_, incarnation_, Liveness::kAlive, self_});
}

void Membership::tick(Instant now) {
  if (!begun_) begin(now);
  const std::optional<Instant> due = wake_at();
  if (due && now - *due > kLateMax) {
    catch_up(now - *due);
    worsen(1);
  }
  run_probe(now);
  run_relays(now);
  judge(now);
  give_up_silent(now);
  if (probe_at_ <= now) {
    probe_at_ = now + scaled(period_);
    begin_probe(now);
    // Where nobody is left to ask, each fails at once.
    while (!probe_ && !urgent_.empty()) begin_probe(now);
  }
  run_round(now);
}

// This process stood still: whoever it waited for gets that time again.
void Membership::catch_up(crdt::SteadyClock::duration late) {
  if (probe_) {
    probe_->direct_until += late;
    probe_->until += late;
  }
  for (auto& [number, relay] : relays_) relay.until += late;
  for (auto& [id, suspicion] : suspicions_) suspicion.postpone(late);
  if (silent_until_) *silent_until_ += late;
}

std::optional<Instant> Membership::wake_at() const {
  std::optional<Instant> earliest = probe_at_;
  if (probe_) keep_earliest(earliest, probe_->asked_others ? probe_->until : probe_->direct_until);
  for (const auto& [number, relay] : relays_) keep_earliest(earliest, relay.until);
  for (const auto& [id, suspicion] : suspicions_) keep_earliest(earliest, suspicion.ends(limits()));
  if (silent_until_) keep_earliest(earliest, *silent_until_);
  if (round_at_ && linked_ > 0) keep_earliest(earliest, *round_at_);
  return earliest;
}

// --- probes ---

bool Membership::probeable(MemberId id) const {
  const Member* member = find(id);
  return member != nullptr && member->incarnation > 0 && member->state != Liveness::kDead;
}

std::optional<MemberId> Membership::successor() const {
  const auto begin = members_.upper_bound(self_);
  const auto fits = [&](const auto& entry) {
    return entry.second.linked && entry.second.state != Liveness::kDead;
  };
  auto found = std::find_if(begin, members_.end(), fits);
  if (found == members_.end()) {
    found = std::find_if(members_.begin(), begin, fits);
    if (found == begin) return std::nullopt;
  }
  return found->first;
}

std::optional<MemberId> Membership::next_in_order() {
  for (int round = 0; round < 2; ++round) {
    while (position_ < order_.size()) {
      const MemberId id = order_[position_++];
      if (probeable(id)) return id;
    }
    order_.clear();
    position_ = 0;
    for (const auto& [id, member] : members_) order_.push_back(id);
    for (std::size_t left = order_.size(); left > 1; --left) {
      std::swap(order_[left - 1], order_[rng_.below(left)]);
    }
  }
  return std::nullopt;
}

// At random, for all others may have lost the same links. Of no use once others found out.
std::optional<MemberId> Membership::take_urgent() {
  std::erase_if(urgent_, [&](MemberId id) {
    const auto suspicion = suspicions_.find(id);
    const bool confirmed = suspicion != suspicions_.end() && suspicion->second.confirmed();
    return !probeable(id) || members_.at(id).linked || confirmed;
  });
  if (urgent_.empty()) return std::nullopt;
  std::swap(urgent_.back(), urgent_[rng_.below(urgent_.size())]);
  const MemberId taken = urgent_.back();
  urgent_.pop_back();
  return taken;
}

std::optional<MemberId> Membership::next_target() {
  if (const std::optional<MemberId> urgent = take_urgent()) return urgent;
  successor_next_ = !successor_next_;
  const std::optional<MemberId> next = successor_next_ ? successor() : std::nullopt;
  return next ? next : next_in_order();
}

void Membership::begin_probe(Instant now) {
  const std::optional<MemberId> target = next_target();
  if (!target) return;
  probe_ = Probe{*target, next_number_++, now + scaled(period_ / 2), now + scaled(period_)};
  probe_->linked = members_.at(*target).linked;
  if (!probe_->linked) return ask_others(now);
  send(*target, with_news(message(SwimKind::kProbe, probe_->number), *target));
}

void Membership::run_probe(Instant now) {
  if (!probe_) return;
  if (!probe_->asked_others && probe_->direct_until <= now) ask_others(now);
  if (probe_ && probe_->until <= now) fail_probe(now);
}

void Membership::ask_others(Instant now) {
  probe_->asked_others = true;
  for (const MemberId proxy : draw_linked(kProxies, probe_->target)) {
    Swim asked = message(SwimKind::kProbeFor, probe_->number);
    asked.target = probe_->target;
    send(proxy, std::move(asked));
    ++probe_->proxies;
  }
  if (!probe_->linked && probe_->proxies == 0) fail_probe(now);  // Nobody is there to answer.
}

void Membership::fail_probe(Instant now) {
  const Probe failed = *std::exchange(probe_, std::nullopt);
  // Others that do not answer either: the trouble is likely here.
  const std::size_t silent = failed.proxies - failed.nacks;
  worsen(failed.linked && failed.proxies == 0 ? 1 : static_cast<int>(silent));
  accuse(now, failed.target, false);
}

void Membership::run_relays(Instant now) {
  for (auto relay = relays_.begin(); relay != relays_.end();) {
    if (relay->second.until > now) {
      ++relay;
      continue;
    }
    const Relay failed = relay->second;
    relay = relays_.erase(relay);
    send(failed.asker, message(SwimKind::kNack, failed.asker_number));
    accuse(now, failed.target, false);
  }
}

std::vector<MemberId> Membership::draw_linked(std::size_t count, MemberId except) {
  std::vector<MemberId> candidates;
  for (const auto& [id, member] : members_) {
    if (member.linked && member.state == Liveness::kAlive && id != except) {
      candidates.push_back(id);
    }
  }
  count = std::min(count, candidates.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(candidates[i], candidates[i + rng_.below(candidates.size() - i)]);
  }
  candidates.resize(count);
  return candidates;
}

// --- verdicts and rounds ---

void Membership::judge(Instant now) {
  std::vector<MemberId> over;
  for (const auto& [id, suspicion] : suspicions_) {
    if (suspicion.ends(limits()) <= now) over.push_back(id);
  }
  for (const MemberId id : over) {
    Member& member = members_.at(id);
    set(now, id, member, member.incarnation, Liveness::kDead);
    tell(now, news_of(id, member));
  }
}

void Membership::give_up_silent(Instant now) {
  if (!silent_until_ || *silent_until_ > now) return;
  silent_until_.reset();
  for (auto& [id, member] : members_) {
    if (member.incarnation > 0 || member.linked || member.state == Liveness::kDead) continue;
    const Instant until = member.since + limits().longest;
    if (until <= now) {
      set(now, id, member, 0, Liveness::kDead);
    } else {
      keep_earliest(silent_until_, until);
    }
  }
}

void Membership::run_round(Instant now) {
  if (!round_at_ || *round_at_ > now || linked_ == 0) return;
  for (const MemberId to : draw_linked(kRoundFanout, self_)) {
    if (!news_.empty()) send(to, with_news(message(SwimKind::kNews), to));
  }
  round_at_.reset();
  if (!news_.empty()) round_at_ = now + kRoundEvery;
}

}  // namespace gossip
