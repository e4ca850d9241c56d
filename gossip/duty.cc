#include "gossip/duty.h"

#include <utility>

#include "crdt/byte_io.h"
#include "crdt/hash64.h"

namespace gossip {

std::optional<MemberId> owner_of(std::string_view key, const std::vector<MemberId>& members) {
  std::optional<std::pair<std::uint64_t, MemberId>> heaviest;
  for (const MemberId member : members) {
    const crdt::Bytes both = crdt::ByteWriter().number(member.value).octets(key).take();
    const std::pair weight{crdt::hash64(both), member};  // Equal hashes: the greater id.
    if (!heaviest || weight > *heaviest) heaviest = weight;
  }
  if (!heaviest) return std::nullopt;
  return heaviest->second;
}

}  // namespace gossip
