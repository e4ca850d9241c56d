#include "node/admin_token.h"

#include <sodium.h>

#include "crdt/bytes.h"
#include "crdt/check.h"
#include "gossip/noise_keys.h"
#include "slack/ascii.h"

namespace node {
namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr std::size_t kSecretBytes = 32;

}  // namespace

std::string_view to_string(AdminRole role) {
  switch (role) {
    case AdminRole::kNobody:
      return "nobody";
    case AdminRole::kReader:
      return "reader";
    case AdminRole::kOperator:
      return "operator";
  }
  CHECK(false);
}

std::string draw_token(crdt::Rng& rng, std::string_view name) {
  std::array<std::uint8_t, kSecretBytes> secret{};
  rng.fill(secret);
  return std::string(name) + "." + crdt::to_hex(gossip::view_of(secret));
}

TokenHash hash_token(std::string_view token) {
  TokenHash hash{};
  const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  CHECK(crypto_generichash(hash.data(), hash.size(), bytes, token.size(), nullptr, 0) == 0);
  return hash;
}

std::string_view bearer_token(std::string_view authorization) {
  if (authorization.size() <= kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if (slack::to_lower(authorization[i]) != kScheme[i]) return {};
  }
  return authorization.substr(kScheme.size());
}

const AdminToken* find_token(std::string_view authorization,
                             const std::vector<AdminToken>& tokens) {
  const std::string_view token_text = bearer_token(authorization);
  if (token_text.empty()) return nullptr;
  const TokenHash shown = hash_token(token_text);
  const AdminToken* found = nullptr;
  for (const AdminToken& token : tokens) {
    if (gossip::equal_in_constant_time(shown, token.hash)) found = &token;
  }
  return found;
}

}  // namespace node
