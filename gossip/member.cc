#include "gossip/member.h"

namespace gossip {

MemberId member_of(const PublicKey& key) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i) value = value << 8 | key.bytes[i];
  return {value};
}

std::string_view name_of(Liveness state) {
  switch (state) {
    case Liveness::kAlive:
      return "alive";
    case Liveness::kSuspect:
      return "suspect";
    case Liveness::kDead:
      return "dead";
  }
  return "";
}

}  // namespace gossip
