// What a Peer answers about the others: who has what, and what operators are shown of them.
#include <algorithm>
#include <chrono>
#include <string_view>

#include "gossip/peer.h"

namespace gossip {

bool Peer::awaited(std::uint64_t seq) const {
  return std::any_of(links_.begin(), links_.end(), [&](const auto& entry) {
    const Link& link = *entry.second;
    return link.sender.awaits(seq) && believed_alive(*link.channel.remote_static());
  });
}

std::vector<Holder> Peer::holders(std::uint64_t seq) const {
  std::vector<Holder> all;
  for (const auto& [key, target] : targets_) {
    const Standing* standing = roster_.find(key);
    const bool joining = standing && standing->member.state == RosterState::kJoining;
    if (joining && !target.link) continue;
    all.push_back({target.config.name, target.link && links_.at(*target.link)->sender.holds(seq)});
  }
  return all;
}

bool Peer::complete() const {
  return std::all_of(targets_.begin(), targets_.end(), [&](const auto& entry) {
    const Standing* standing = roster_.find(entry.first);
    const bool joining = standing && standing->member.state == RosterState::kJoining;
    return joining || entry.second.link.has_value();
  });
}

bool Peer::has_heard_all() const {
  return std::all_of(targets_.begin(), targets_.end(), [&](const auto& entry) {
    const auto& link = entry.second.link;
    return link && links_.at(*link)->receiver.live();
  });
}

std::vector<std::string> Peer::missing(Census& census) const {
  std::vector<std::string> away;
  std::vector<std::string> behind;
  bool counted = true;
  std::map<PublicKey, std::uint64_t> heads;
  for (const auto& [key, target] : targets_) {
    const Standing* standing = roster_.find(key);
    const bool joining = standing && standing->member.state == RosterState::kJoining;
    if (joining && !target.link) continue;
    const Link* link = target.link ? links_.at(*target.link).get() : nullptr;
    if (link == nullptr || link->catching_up || !link->sender.live() || !link->receiver.live()) {
      away.push_back(target.config.name);
      continue;
    }
    heads[key] = link->their_head;
    const auto known = census.heads.find(key);
    counted = counted && known != census.heads.end();
    const bool here = known != census.heads.end() && link->receiver.position() >= known->second;
    if (!here || (census.ours && !link->sender.settled(*census.ours))) {
      behind.push_back(target.config.name);
    }
  }
  if (!away.empty() || !counted) {
    census = away.empty() ? Census{std::move(heads), {}} : Census{};
    return away.empty() ? behind : away;
  }
  if (census.ours || !behind.empty()) return behind;
  census.ours = repository_.head();
  return missing(census);
}

bool Peer::pushes_to_all() const {
  return std::all_of(targets_.begin(), targets_.end(), [&](const auto& entry) {
    const auto& link = entry.second.link;
    return link && links_.at(*link)->sender.live();
  });
}

std::vector<PeerStatus> Peer::status() const {
  std::vector<PeerStatus> all;
  for (const auto& [key, target] : targets_) {
    const PeerConfig& peer = target.config;
    PeerStatus status{peer.name, peer.address, target.dialling ? "dialling" : "down"};
    status.public_key = key;
    status.their_head = target.their_head;
    status.our_cursor = repository_.cursor(view_of(key.bytes)).seq;
    status.trouble = target.trouble;
    status.lies = target.lies;
    status.skipped = target.skipped;
    if (const Membership::Member* member = membership_.find(member_of(key))) {
      status.member = name_of(member->state);
      status.member_for = std::chrono::duration_cast<std::chrono::seconds>(now_ - member->since);
      status.incarnation = member->incarnation;
    }
    if (target.told) status.their_cursor = *target.told;
    if (target.link) {
      const Link& link = *links_.at(*target.link);
      status.state = "linked";
      status.their_head = link.their_head;
      if (link.sender.resumed()) status.their_cursor = link.sender.told();
      status.catching_up = link.catching_up;
      status.software = link.channel.remote_payload();
      status.letter = link.hello->letter;
      status.keep_days = link.hello->keep_days;
    }
    if (const Standing* standing = roster_.find(key)) status.letter = standing->member.letter;
    const bool resumed = target.link && links_.at(*target.link)->sender.resumed();
    status.lag_unknown = !resumed && !target.told;
    status.lag = repository_.head() - std::min(repository_.head(), status.their_cursor);
    all.push_back(std::move(status));
  }
  std::stable_sort(all.begin(), all.end(), [](const PeerStatus& a, const PeerStatus& b) {
    return std::string_view(a.name) < std::string_view(b.name);
  });
  return all;
}

}  // namespace gossip
