// Ksuid: an identifier that sorts by the second it was made in.
//
// Shape    20 octets: seconds since kKsuidEpochSeconds as 4 big-endian octets, then 16 of payload,
//          here a RequestId, so that every peer that handles a request makes the same Ksuid.
//          As text 27 base-62 digits (0-9A-Za-z), which sort as the octets do.
// Units    whole seconds, from May 2014 to 2150; what lies outside is moved to the nearer end.
// Source   segmentio/ksuid, README and base62.go.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/bytes.h"
#include "crdt/instant.h"
#include "crdt/request_id.h"
#include "crdt/result.h"

namespace crdt {

inline constexpr std::int64_t kKsuidEpochSeconds = 1'400'000'000;  // As the source has it.
inline constexpr std::size_t kKsuidBytes = 20;
inline constexpr std::size_t kKsuidTextBytes = 27;  // 62^27 is the first power above 256^20.

struct Ksuid {
  std::uint32_t seconds = 0;  // Since kKsuidEpochSeconds.
  RequestId payload;

  auto operator<=>(const Ksuid&) const = default;
};

[[nodiscard]] Ksuid ksuid_at(WallTime time, const RequestId& payload);
[[nodiscard]] WallTime time_of(const Ksuid& id);

[[nodiscard]] Bytes to_bytes(const Ksuid& id);
[[nodiscard]] Result<Ksuid> ksuid_from_bytes(BytesView bytes);

[[nodiscard]] std::string to_string(const Ksuid& id);
[[nodiscard]] Result<Ksuid> parse_ksuid(std::string_view text);

}  // namespace crdt
