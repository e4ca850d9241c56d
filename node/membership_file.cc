#include "node/membership_file.h"

#include <sstream>

#include "gossip/roster_entry.h"

namespace node {
namespace {

crdt::Result<void> read_line(const std::string& kind, const std::string& hex,
                             const std::string& cluster, Membership& membership) {
  if (kind == "operator") {
    const auto key = gossip::verify_key_from_hex(hex);
    if (!key) return key.error();
    membership.operators.insert(*key);
    return {};
  }
  if (kind != "entry") return crdt::Error("expected \"operator\" or \"entry\"");
  auto record = gossip::to_record(crdt::from_hex(hex));
  if (!record) return record.error();
  const auto entry = gossip::read_entry(cluster, *record);
  if (!entry) return crdt::Error("this entry cannot be used: " + entry.error().message);
  membership.entries.push_back(std::move(*record));
  return {};
}

}  // namespace

std::string membership_text(const Membership& membership) {
  std::string text = "# Who may say who belongs to this cluster, and what is known of it so far.\n";
  for (const gossip::VerifyKey& key : membership.operators) {
    text += "operator " + gossip::to_hex(key) + "\n";
  }
  for (const crdt::Record& entry : membership.entries) {
    text += "entry " + crdt::to_hex(entry.value) + "\n";
  }
  return text;
}

crdt::Result<Membership> read_membership(std::string_view text, const std::string& cluster) {
  Membership membership;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string kind;
    std::string hex;
    std::string more;
    if (!(words >> kind) || kind.front() == '#') continue;
    words >> hex;
    const auto read = words >> more ? crdt::Result<void>(crdt::Error("expected two words"))
                                    : read_line(kind, hex, cluster, membership);
    if (!read) return crdt::Error("line " + std::to_string(number) + ": " + read.error().message);
  }
  if (membership.operators.empty()) return crdt::Error("it names no operator");
  return membership;
}

}  // namespace node
