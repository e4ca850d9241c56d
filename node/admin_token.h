// AdminToken: what opens the admin API, and what each token may do there. Some lie beside a peer's
// store and open that peer (node/local_access.h), others were granted to open all of them
// (node/admin_grants.h).
//
// Shape    a token is text, "name.secret": whoever shows it has the role that its name was given.
//          A peer keeps hashes, so neither its memory nor its store tells a token.
// Size     a secret is 64 hexadecimal digits: 256 bits, beyond guessing, so a plain hash will do.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/rng.h"

namespace node {

// In the order of what they may do.
enum class AdminRole : std::uint8_t { kNobody, kReader, kOperator };

[[nodiscard]] std::string_view to_string(AdminRole role);

using TokenHash = std::array<std::uint8_t, 32>;

struct AdminToken {
  std::string name;
  AdminRole role = AdminRole::kNobody;
  TokenHash hash{};

  bool operator==(const AdminToken&) const = default;
};

[[nodiscard]] std::string draw_token(crdt::Rng& rng, std::string_view name);

[[nodiscard]] TokenHash hash_token(std::string_view token);

// The token in an Authorization header; empty where it holds none.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);

// What an Authorization header ("Bearer <token>") opens; nullptr where it is none of `tokens`.
// Takes the same time for whichever of them it is, and whatever they have in common.
[[nodiscard]] const AdminToken* find_token(std::string_view authorization,
                                           const std::vector<AdminToken>& tokens);

}  // namespace node
