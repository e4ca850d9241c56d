// Ed25519 keys and signatures: what operators, tokens and nodes sign the roster with.
//
// Shape    a SigningSeed is the secret, a VerifyKey what everybody may know. A node's seed is
//          derived from its identity, so that a node has one secret to keep.
//          Every signature names what it is for (`purpose`), so that none passes for another.
// Laws     signing is deterministic: the same bytes under the same seed have one signature.
// Source   RFC 8032; libsodium.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "crdt/rng.h"
#include "gossip/noise_keys.h"

namespace gossip {

inline constexpr std::size_t kSignatureBytes = 64;

using SigningSeed = Secret<struct SigningSeedTag, kKeyBytes>;

struct VerifyKey {
  std::array<std::uint8_t, kKeyBytes> bytes{};

  auto operator<=>(const VerifyKey&) const = default;
};

struct Signature {
  std::array<std::uint8_t, kSignatureBytes> bytes{};

  bool operator==(const Signature&) const = default;
};

[[nodiscard]] SigningSeed draw_signing_seed(crdt::Rng& rng);
[[nodiscard]] SigningSeed signing_seed_of(const PrivateKey& identity);
[[nodiscard]] VerifyKey verify_key_of(const SigningSeed& seed);

[[nodiscard]] Signature sign(const SigningSeed& seed, std::string_view purpose,
                             crdt::BytesView bytes);
[[nodiscard]] bool verifies(const VerifyKey& key, std::string_view purpose, crdt::BytesView bytes,
                            const Signature& signature);

// 64 lower-case hexadecimal digits, and back.
[[nodiscard]] std::string to_hex(const VerifyKey& key);
[[nodiscard]] std::string exposed_hex(const SigningSeed& seed);
[[nodiscard]] crdt::Result<VerifyKey> verify_key_from_hex(std::string_view text);
[[nodiscard]] crdt::Result<SigningSeed> signing_seed_from_hex(std::string_view text);

// A key of its own for `purpose` and `subject`, from a secret of the cluster.
[[nodiscard]] PreSharedKey derive_key(const PreSharedKey& secret, std::string_view purpose,
                                      crdt::BytesView subject);

}  // namespace gossip
