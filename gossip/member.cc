#include "gossip/member.h"

namespace gossip {

MemberId member_of(const PublicKey& key) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(value); ++i) value = value << 8 | key.bytes[i];
  return {value};
}

std::string_view name_of(MemberState state) {
  switch (state) {
    case MemberState::kAlive:
      return "alive";
    case MemberState::kSuspect:
      return "suspect";
    case MemberState::kDead:
      return "dead";
  }
  return "";
}

}  // namespace gossip
