#include "gossip/letters.h"

#include <algorithm>
#include <map>
#include <set>

namespace gossip {
namespace {

constexpr std::size_t kLetters = 26;

bool gone(const Standing& standing) { return standing.member.state == RosterState::kRemoved; }

}  // namespace

char free_letter(const Roster& roster, crdt::WallTime now) {
  std::map<char, int> taken;
  for (char letter = 'a'; letter <= 'z'; ++letter) taken[letter] = 0;
  for (const auto& [key, standing] : roster.members()) ++taken[standing.member.letter];
  for (const Permit& permit : roster.outstanding(now)) ++taken[permit.letter];
  return std::min_element(taken.begin(), taken.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

std::optional<std::string> member_with(const Roster& roster, char letter) {
  std::set<char> taken;
  std::optional<std::string> owner;
  for (const auto& [key, standing] : roster.members()) {
    if (gone(standing)) continue;
    taken.insert(standing.member.letter);
    if (standing.member.letter == letter && !owner) owner = standing.member.name;
  }
  return taken.size() < kLetters ? owner : std::nullopt;
}

std::optional<std::string> owner_of(const Roster& roster, char letter, crdt::WallTime now) {
  std::set<char> taken;
  std::optional<std::string> owner;
  for (const auto& [key, standing] : roster.members()) {
    if (gone(standing)) continue;
    taken.insert(standing.member.letter);
    if (standing.member.letter == letter) owner = standing.member.name;
  }
  for (const Permit& permit : roster.outstanding(now)) {
    taken.insert(permit.letter);
    if (permit.letter == letter && !owner)
      owner = "whoever joins with token " + short_id(permit.id);
  }
  return taken.size() < kLetters ? owner : std::nullopt;
}

}  // namespace gossip
