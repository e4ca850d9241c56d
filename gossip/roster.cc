#include "gossip/roster.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "crdt/check.h"

namespace gossip {
namespace {

std::string short_key(const VerifyKey& key) { return to_hex(key).substr(0, 16); }

std::string signer_of(const RosterEntry& entry) {
  if (const auto* by = std::get_if<OperatorProof>(&entry.proof)) {
    return "operator " + short_key(by->key);
  }
  if (const auto* token = std::get_if<TokenProof>(&entry.proof)) {
    return "token " + short_id(token->permit.id) + ", sponsor " + short_key(token->sponsor);
  }
  return "itself";
}

// What a node may not change about itself.
auto identity_of(const Member& member) {
  return std::tie(member.node_key, member.signing_key, member.name, member.letter);
}

// `removed` absorbs, whatever the versions.
auto rank_of(const Member& member) {
  return std::tuple(member.state == RosterState::kRemoved, member.version, member.state);
}

}  // namespace

Roster::Roster(std::string cluster, std::set<VerifyKey> operators)
    : cluster_(std::move(cluster)), operators_(std::move(operators)) {}

bool Roster::concerns(const crdt::Record& record) {
  const char kind = record.key.empty() ? '\0' : crdt::kind_of(record.key);
  return kind == kRosterKind || kind == kInvitationKind;
}

std::optional<std::string> Roster::judge(const crdt::Record& record) const {
  if (!concerns(record)) return std::nullopt;
  if (crdt::kind_of(record.key) == kInvitationKind) {
    const auto invitation = read_invitation(cluster_, record);
    if (!invitation) return "an invitation was refused: " + invitation.error().message;
    return judge(*invitation);
  }
  const auto entry = read_entry(cluster_, record);
  if (!entry) return "a roster entry was refused: " + entry.error().message;
  return judge(*entry);
}

std::optional<std::string> Roster::judge(const RosterEntry& entry) const {
  const std::string about = "a roster entry about " + entry.member.name + " (" +
                            gossip::short_key(entry.member.node_key) + ") was refused: ";
  const auto* by = std::get_if<OperatorProof>(&entry.proof);
  const auto* token = std::get_if<TokenProof>(&entry.proof);
  if (by != nullptr && !is_operator(by->key)) {
    return about + "its signer " + short_key(by->key) + " is no operator here";
  }
  if (token != nullptr && !is_operator(token->permit.operator_key)) {
    return about + "its token is signed by " + short_key(token->permit.operator_key) +
           ", who is no operator here";
  }
  return std::nullopt;
}

std::optional<std::string> Roster::judge(const Invitation& invitation) const {
  return std::visit(
      [&](const auto& kind) -> std::optional<std::string> {
        if (is_operator(kind.operator_key)) return std::nullopt;
        return "an invitation was refused: its signer " + short_key(kind.operator_key) +
               " is no operator here";
      },
      invitation);
}

void Roster::insert_invitation(const crdt::Record& record) {
  const auto invitation = read_invitation(cluster_, record);
  if (!invitation || judge(*invitation)) return;
  if (const auto* permit = std::get_if<Permit>(&*invitation)) {
    permits_.insert_or_assign(permit->id, *permit);
  } else {
    withdrawn_.insert(std::get<Withdrawal>(*invitation).id);
  }
}

void Roster::insert(const crdt::Record& record) {
  if (crdt::kind_of(record.key) == kInvitationKind) return insert_invitation(record);
  const auto entry = read_entry(cluster_, record);
  // Stored under other operators than today's: it no longer counts.
  if (!entry || judge(*entry)) return;
  if (!entries_[entry->member.node_key].emplace(record.key, *entry).second) return;
  ++revision_;
  fold();
}

const Standing* Roster::find(const PublicKey& key) const {
  const auto found = members_.find(key);
  return found == members_.end() ? nullptr : &found->second;
}

bool Roster::removed(const PublicKey& key) const {
  const Standing* standing = find(key);
  return standing != nullptr && standing->member.state == RosterState::kRemoved;
}

bool Roster::admits(const RosterEntry& entry) const {
  if (std::holds_alternative<OperatorProof>(entry.proof)) return true;
  const auto* token = std::get_if<TokenProof>(&entry.proof);
  return token != nullptr && signers_.contains(token->sponsor);
}

// To its fixed point: a sponsor may itself have been let in by a token.
void Roster::fold() {
  signers_.clear();
  for (std::size_t before = 0;; before = signers_.size()) {
    for (const auto& [node, entries] : entries_) {
      for (const auto& [key, entry] : entries) {
        if (admits(entry)) signers_.insert(entry.member.signing_key);
      }
    }
    if (signers_.size() == before) break;
  }
  members_.clear();
  for (const auto& [node, entries] : entries_) {
    if (auto standing = standing_of(entries)) members_.emplace(node, std::move(*standing));
  }
  flag_shared();
}

// Those that say how the node stands, in the order of hashes.
std::vector<const RosterEntry*> Roster::counting(const Entries& entries) const {
  std::set<std::uint64_t> versions;
  std::multimap<std::uint64_t, const RosterEntry*> own;
  std::set<const RosterEntry*> counted;
  const auto count = [&](const RosterEntry& entry) {
    versions.insert(entry.member.version);
    counted.insert(&entry);
  };
  for (const auto& [key, entry] : entries) {
    if (admits(entry)) {
      count(entry);
    } else if (std::holds_alternative<SelfProof>(entry.proof)) {
      own.emplace(entry.member.version, &entry);
    }
  }
  const auto agrees = [&](const RosterEntry& entry) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& other) {
      return admits(other.second) && identity_of(other.second.member) == identity_of(entry.member);
    });
  };
  for (const auto& [version, entry] : own) {
    const bool follows = versions.contains(version) || versions.contains(version - 1);
    if (follows && agrees(*entry)) count(*entry);
  }
  std::vector<const RosterEntry*> ordered;
  for (const auto& [key, entry] : entries) {
    if (counted.contains(&entry)) ordered.push_back(&entry);
  }
  return ordered;
}

std::optional<Standing> Roster::standing_of(const Entries& entries) const {
  const std::vector<const RosterEntry*> counting = this->counting(entries);
  const RosterEntry* best = nullptr;
  for (const RosterEntry* entry : counting) {  // Of equals the last wins.
    if (best == nullptr || rank_of(entry->member) >= rank_of(best->member)) best = entry;
  }
  if (best == nullptr) return std::nullopt;
  const bool contested = std::any_of(counting.begin(), counting.end(), [&](const auto* entry) {
    return entry->member.version == best->member.version && entry->member != best->member;
  });
  Standing standing{best->member, signer_of(*best), {}};
  if (contested && best->member.state != RosterState::kRemoved) {
    standing.flags.push_back("two entries of version " + std::to_string(best->member.version) +
                             " differ; sign a later one to settle it");
  }
  return standing;
}

// What two nodes share that each should have for itself.
void Roster::flag_shared() {
  std::map<TokenId, std::set<PublicKey>> tokens;
  std::map<std::string, std::set<PublicKey>> names;
  std::map<std::string, std::set<PublicKey>> addresses;
  std::map<char, std::set<PublicKey>> letters;
  for (const auto& [node, standing] : members_) {
    if (standing.member.state == RosterState::kRemoved) continue;
    names[standing.member.name].insert(node);
    addresses[standing.member.address].insert(node);
    letters[standing.member.letter].insert(node);
    for (const auto& [key, entry] : entries_.at(node)) {
      const auto* token = std::get_if<TokenProof>(&entry.proof);
      if (token != nullptr && admits(entry)) tokens[token->permit.id].insert(node);
    }
  }
  const auto flag = [&](const auto& shared, const std::string& text) {
    for (const auto& [what, nodes] : shared) {
      if (nodes.size() < 2) continue;
      for (const PublicKey& node : nodes) members_.at(node).flags.push_back(text);
    }
  };
  flag(tokens, "another key joined with the same token; remove the one that is not yours");
  flag(names, "another node has the same name; name them by key");
  flag(addresses, "another node has the same address: one of them is dialled in vain");
  flag(letters,
       "another node has the same letter: task numbers made during a split may be equal; muster "
       "peers letter gives one of them another");
}

Member Roster::successor(const PublicKey& key) const {
  const Standing* standing = find(key);
  CHECK(standing != nullptr);
  Member next = standing->member;
  ++next.version;
  return next;
}

std::vector<crdt::Record> Roster::records(const PublicKey& first) const {
  std::vector<crdt::Record> all;
  const auto add = [&](const Entries& entries) {
    for (const auto& [key, entry] : entries) all.push_back(to_record(cluster_, entry));
  };
  if (entries_.contains(first)) add(entries_.at(first));
  for (const auto& [node, entries] : entries_) {
    if (node != first) add(entries);
  }
  return all;
}

std::vector<RosterEntry> Roster::joined_with(const TokenId& id) const {
  std::vector<RosterEntry> found;
  for (const auto& [node, entries] : entries_) {
    for (const auto& [key, entry] : entries) {
      const auto* token = std::get_if<TokenProof>(&entry.proof);
      if (token != nullptr && token->permit.id == id) found.push_back(entry);
    }
  }
  return found;
}

std::vector<Permit> Roster::outstanding(crdt::WallTime now) const {
  std::vector<Permit> found;
  for (const auto& [id, permit] : permits_) {
    if (permit.expires <= now || withdrawn(id) || !joined_with(id).empty()) continue;
    found.push_back(permit);
  }
  return found;
}

std::vector<std::string> Roster::waiting() const {
  std::vector<std::string> names;
  for (const auto& [node, entries] : entries_) {
    if (!members_.contains(node)) names.push_back(entries.begin()->second.member.name);
  }
  return names;
}

}  // namespace gossip
