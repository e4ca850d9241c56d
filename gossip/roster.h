// Roster: who belongs to the cluster, folded from signed entries (gossip/roster_entry.h), and who
// was invited to (gossip/invitation.h).
//
// Shape    a node is admitted by an operator's entry, or by a token's whose sponsor is admitted.
//          Its own entries count from then on, where they agree with what admitted it and come
//          right after a version that counts: a node cannot leap ahead of its operators. Of all
//          that count, the greatest (removed, version, state, hash) is how the node stands.
// Size     a few entries a node, one for each change of its state or address. Only members write
//          them: there is no other bound.
// Laws     the fold depends on the set of entries, not on their order, so peers with the same
//          records have the same roster. `removed` absorbs for ever. judge() depends on the record
//          alone, or stores would differ: tests/gossip/roster_test.cc.
// Errors   a record that judge() names is not to be stored. What is odd but lawful (two keys under
//          one token, two entries of one version) stays, flagged until an operator decides.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crdt/record.h"
#include "gossip/invitation.h"
#include "gossip/roster_entry.h"

namespace gossip {

// How one node stands.
struct Standing {
  Member member;
  std::string signed_by;           // For people: "operator 1f2e...", "token ... by ...", "itself".
  std::vector<std::string> flags;  // What an operator should look at.

  bool operator==(const Standing&) const = default;
};

class Roster {
 public:
  // Without operators it is empty for ever: all peers are in configurations.
  Roster(std::string cluster, std::set<VerifyKey> operators);

  // Whether records of this kind say who belongs to the cluster, or may.
  [[nodiscard]] static bool concerns(const crdt::Record& record);

  // Why a record may not be stored; nothing where it may, or does not concern the roster.
  [[nodiscard]] std::optional<std::string> judge(const crdt::Record& record) const;

  // Takes a record that is stored and concerns it.
  void insert(const crdt::Record& record);

  // Counts up with every insert that brought something.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  [[nodiscard]] const std::map<PublicKey, Standing>& members() const { return members_; }
  [[nodiscard]] const Standing* find(const PublicKey& key) const;
  [[nodiscard]] bool removed(const PublicKey& key) const;

  [[nodiscard]] bool is_operator(const VerifyKey& key) const { return operators_.contains(key); }

  // The entry by which `key` stands now, with its next version. REQUIRES a member.
  [[nodiscard]] Member successor(const PublicKey& key) const;

  // All entries, those about `first` before the others.
  [[nodiscard]] std::vector<crdt::Record> records(const PublicKey& first) const;

  // The nodes that joined with this token, and their entries.
  [[nodiscard]] std::vector<RosterEntry> joined_with(const TokenId& token) const;

  // The permits of tokens that may still be used: given out, not used, neither withdrawn nor
  // expired.
  [[nodiscard]] std::vector<Permit> outstanding(crdt::WallTime now) const;
  [[nodiscard]] bool withdrawn(const TokenId& token) const { return withdrawn_.contains(token); }

  // Nodes whose entry is stored here and whose sponsor is not known here (yet).
  [[nodiscard]] std::vector<std::string> waiting() const;

  [[nodiscard]] const std::string& cluster() const { return cluster_; }
  [[nodiscard]] const std::set<VerifyKey>& operators() const { return operators_; }

 private:
  // A node's entries, by their record's key, which ends with the content's hash.
  using Entries = std::map<crdt::Bytes, RosterEntry>;

  [[nodiscard]] std::optional<std::string> judge(const RosterEntry& entry) const;
  [[nodiscard]] std::optional<std::string> judge(const Invitation& invitation) const;
  void insert_invitation(const crdt::Record& record);
  void fold();
  [[nodiscard]] bool admits(const RosterEntry& entry) const;
  [[nodiscard]] std::vector<const RosterEntry*> counting(const Entries& entries) const;
  [[nodiscard]] std::optional<Standing> standing_of(const Entries& entries) const;
  void flag_shared();

  std::string cluster_;
  std::set<VerifyKey> operators_;
  std::map<PublicKey, Entries> entries_;
  std::map<PublicKey, Standing> members_;
  std::set<VerifyKey> signers_;
  std::map<TokenId, Permit> permits_;
  std::set<TokenId> withdrawn_;
  std::uint64_t revision_ = 0;
};

}  // namespace gossip
