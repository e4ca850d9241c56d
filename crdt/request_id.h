// RequestId: the identity of one Slack request, equal on every peer that handles it or its retry.
//
// Shape    128 bits of BLAKE2b over (api_app_id, team or enterprise, trigger_id or event_id), each
//          with its length before it. Everything a request creates takes its name from here.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace crdt {

struct RequestId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const RequestId&) const = default;
};

// The id that names `parts`. Parts are length-prefixed, so ("ab","c") and ("a","bc") differ.
[[nodiscard]] RequestId request_id_of(std::initializer_list<std::string_view> parts);

// 32 lower-case hexadecimal digits.
[[nodiscard]] std::string to_string(const RequestId& id);

}  // namespace crdt
