// Peer's half that keeps this store sound: it reads what is stored again, and asks others for what
// is damaged.
#include <algorithm>
#include <utility>

#include "gossip/peer.h"

namespace gossip {

using crdt::Bytes;
using crdt::Instant;

crdt::Bytes key_of(const Link& link) { return Bytes(view_of(link.channel.remote_static()->bytes)); }

std::set<Bytes> Peer::peer_keys() const {
  std::set<Bytes> keys;
  for (const auto& [key, target] : targets_) keys.emplace(view_of(key.bytes));
  return keys;
}

void Peer::ask_for_repair(Link& link) {
  if (repository_.damages().empty() && repository_.damaged_records().empty()) return;
  const Bytes peer = key_of(link);
  Want want;
  for (const auto& [key, damage] : repository_.damages()) {
    if (link.repaired_documents.size() == kRepairsMax) break;
    if (damage.asked.contains(peer) || link.repaired_documents.contains(key)) continue;
    crdt::VersionVector context;  // Damaged, nothing of it is held for sure.
    if (damage.healed) {
      const auto document = repository_.document(key);
      if (!document) continue;  // Damaged once more: asked for with the next batch.
      context = (*document)->context();
    }
    want.documents.push_back({key, std::move(context)});
  }
  for (const auto& [key, without] : repository_.damaged_records()) {
    if (without.contains(peer) || link.repaired_records.contains(key)) continue;
    want.records.push_back(key);
  }
  for (const DocumentContext& document : want.documents) {
    link.repaired_documents.insert(document.key);
  }
  link.repaired_records.insert(want.records.begin(), want.records.end());
  if (!want.documents.empty() || !want.records.empty()) send(link, want);
}

// What `link` answered when it was asked for damaged `key`; nullptr where it has no sound copy.
void Peer::heal(Link& link, const std::string& key, const crdt::Fragment* fragment) {
  link.repaired_documents.erase(key);
  const auto healed = repository_.heal(key, key_of(link), peer_keys(), fragment);
  if (!healed)
    note(Severity::kWarning, "cannot heal document " + key + ": " + healed.error().message);
  changed_ = true;
}

Peer::Verdict Peer::merge(Link& link, const std::string& key, const crdt::Fragment& fragment) {
  const auto damage = repository_.damages().find(key);
  if (damage != repository_.damages().end() && !damage->second.healed) {
    heal(link, key, &fragment);
    link.receiver.got_document(key);  // A scan that wants it: this store asks for it by itself.
    return std::nullopt;
  }
  const auto merged = repository_.merge(key, fragment, link.hello->run);
  if (!merged) {
    // Found damaged just now, after it was wanted.
    repository_.owe(key, key_of(link));
    link.receiver.got_document(key);
    return std::nullopt;
  }
  if (merged->refused) {
    rescan(link);
    return std::nullopt;
  }
  link.receiver.got_document(key);
  unite(link, key, fragment);
  if (link.repaired_documents.contains(key)) heal(link, key, &fragment);
  if (merged->seq == 0) return std::nullopt;
  changed_ = true;
  forward(link, merged->seq, merged->brought);
  return std::nullopt;
}

Peer::Verdict Peer::on(Instant, Link& link, const Lacking& lacking) {
  // What is damaged there gets a new row of its log once it is healed: a scan need not wait for it.
  for (const std::string& key : lacking.documents) {
    link.receiver.got_document(key);
    link.compared.erase(key);
    if (link.repaired_documents.contains(key)) heal(link, key, nullptr);
  }
  for (const Bytes& key : lacking.records) {
    link.receiver.got_record(key);
    if (link.repaired_records.erase(key) == 0) continue;
    repository_.heal_record_without(key, key_of(link), peer_keys());
  }
  return std::nullopt;
}

void Peer::walk(Instant now) {
  if (!walk_at_ || *walk_at_ > now) return;
  const bool compares = comparer_.walks();
  const auto meet = [this](const crdt::Repository::Item& item) { comparer_.meet(item); };
  const bool ended = repository_.walk(kWalkRowsMax, compares ? meet : crdt::Repository::OnItem());
  walk_at_ = now + (ended ? config_.walk_every : kWalkStep);
  if (!ended) return;
  if (compares) comparer_.walked(now);
  if (!compare_at_) compare_at_ = now;
}

}  // namespace gossip
