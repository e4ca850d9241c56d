#include "crdt/compact_names.h"

namespace crdt {

void SentNames::begin_message() {
  ++message_;
  used_.clear();
}

SentNames::Names::iterator SentNames::define(BytesView name) {
  if (names_.size() < kNameSlots) {
    const auto slot = static_cast<std::uint32_t>(names_.size());
    names_.emplace_front().slot = slot;
  } else {
    const auto oldest = std::prev(names_.end());
    if (oldest->message == message_) return names_.end();
    by_octets_.erase(oldest->octets);
    names_.splice(names_.begin(), names_, oldest);
  }
  const auto made = names_.begin();
  made->octets = name;
  made->version = ++versions_;
  by_octets_.emplace(made->octets, made);
  return made;
}

void SentNames::refer(ByteWriter& out, BytesView name) {
  auto known = names_.end();
  if (name.size() >= kNameOctetsMin && name.size() <= kNameOctetsMax) {
    const auto found = by_octets_.find(name);
    known = found != by_octets_.end() ? found->second : define(name);
  }
  if (known == names_.end()) {
    out.varint(2 * name.size()).octets(name);
    return;
  }
  if (known->message != message_) {
    known->message = message_;
    used_.push_back(known);
    names_.splice(names_.begin(), names_, known);
  }
  out.varint(2 * std::uint64_t{known->slot} + 1);
}

Bytes ToldNames::tell(const SentNames& sent) {
  ByteWriter out;
  for (const auto& name : sent.used_) {
    if (name->slot >= versions_.size()) versions_.resize(name->slot + 1);
    if (versions_[name->slot] == name->version) continue;
    versions_[name->slot] = name->version;
    out.varint(name->slot).varint(name->octets.size()).octets(name->octets);
  }
  return out.take();
}

bool HeardNames::define(BytesView definitions) {
  ByteReader in(definitions);
  while (!in.at_end()) {
    const std::uint64_t slot = in.varint();
    const BytesView octets = in.octets(in.varint());
    if (in.bad() || slot >= kNameSlots) return false;
    if (octets.size() < kNameOctetsMin || octets.size() > kNameOctetsMax) return false;
    if (slot >= names_.size()) names_.resize(slot + 1);
    names_[slot] = octets;
  }
  return true;
}

BytesView HeardNames::name(ByteReader& in) const {
  const std::uint64_t reference = in.varint();
  const std::uint64_t half = reference / 2;
  if (reference % 2 == 0) return in.octets(half);
  if (half < names_.size() && !names_[half].empty()) return names_[half];
  in.fail();
  return {};
}

}  // namespace crdt
