// Peer's half that knows who is alive: it carries membership's messages over the links, and draws
// what follows from its verdicts.
#include <algorithm>
#include <utility>

#include "gossip/duty.h"
#include "gossip/peer.h"

namespace gossip {

using crdt::Instant;

Peer::Target* Peer::target_of(MemberId id) {
  PublicKey least;
  for (std::size_t i = 0; i < sizeof(id.value); ++i) {
    least.bytes[i] = static_cast<std::uint8_t>(id.value >> (56 - 8 * i));
  }
  const auto found = targets_.lower_bound(least);
  return found == targets_.end() || member_of(found->first) != id ? nullptr : &found->second;
}

Peer::Verdict Peer::on(Instant now, Link& link, const Swim& swim) {
  membership_.heard(now, member_of(*link.channel.remote_static()), swim);
  return std::nullopt;
}

// Whoever says nothing of membership is of an older version: its link is all there is to go by.
bool Peer::believed_alive(const PublicKey& key) const {
  const Membership::Member* member = membership_.find(member_of(key));
  if (member == nullptr) return false;
  return member->state == Liveness::kAlive || (member->linked && member->incarnation == 0);
}

void Peer::tend_members(Instant now) {
  judge_readiness(now);
  MembershipOutput output = membership_.take_output();
  for (MembershipOutput::Send& said : output.sends) {
    const Target* target = target_of(said.to);
    if (target != nullptr && target->link) send(*links_.at(*target->link), said.message);
  }
  for (const MemberId id : output.doubted) {
    const Target* target = target_of(id);
    if (target != nullptr && target->link) ping(*links_.at(*target->link));
  }
  for (const MemberId id : output.lied) {
    Target* target = target_of(id);
    if (target == nullptr || target->lies++ > 0) continue;
    note(Severity::kWarning, "refused what " + target->config.name +
                                 " says about others: an incarnation that nobody can have");
  }
  for (const MemberId id : output.changed) follow(now, id);
}

void Peer::follow(Instant now, MemberId id) {
  Target* target = target_of(id);
  const Membership::Member* member = membership_.find(id);
  if (target == nullptr || member == nullptr) return;
  if (member->state == Liveness::kDead) {
    if (std::exchange(target->noted_dead, true)) return;
    note(Severity::kInfo, target->config.name + " is dead: nobody hears from it");
    if (target->link) drop(now, *target->link, "whoever probed it found it dead");
  } else if (member->state == Liveness::kAlive && std::exchange(target->noted_dead, false)) {
    note(Severity::kInfo, target->config.name + " is alive");
  }
}

// Caught up: everything that the living hold is here, or on its way.
bool Peer::caught_up() const {
  if (!repository_.catching_up().empty()) return false;
  return std::all_of(targets_.begin(), targets_.end(), [&](const auto& entry) {
    const auto& link = entry.second.link;
    return (link && links_.at(*link)->receiver.live()) || !believed_alive(entry.first);
  });
}

void Peer::judge_readiness(Instant now) {
  if (!willing_ || !caught_up()) {
    caught_up_since_.reset();
  } else if (!caught_up_since_) {
    caught_up_since_ = now;
  }
  membership_.set_ready(caught_up_since_ && *caught_up_since_ + kReadyAfter <= now);
}

bool Peer::on_duty(std::string_view key) const {
  if (!membership_.ready()) return false;
  const MemberId self = member_of(public_key_);
  std::vector<MemberId> fit{self};
  for (const auto& [id, member] : membership_.members()) {
    if (member.state == Liveness::kAlive && member.ready) fit.push_back(id);
  }
  return owner_of(key, fit) == self;
}

}  // namespace gossip
