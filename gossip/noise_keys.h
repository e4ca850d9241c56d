// The keys of the Noise protocol: X25519 key pairs, the pre-shared key, and Secret, which wipes
// itself.
//
// Shape    32 octets each. PublicKey is a peer's identity: it is compared, ordered, shown.
// Laws     a Secret's octets are zeroed where it dies; its == takes the same time for any content.
// Errors   a point of low order (a Diffie-Hellman result of zeros) is refused: with it a peer could
//          force the session's keys.
// Source   Noise Protocol Framework, revision 34, sections 4.1 and 12.1; RFC 7748.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crdt/bytes.h"
#include "crdt/result.h"
#include "crdt/rng.h"

namespace gossip {

// X25519 scalars and points, ChaCha20 keys and Noise's pre-shared keys all have this size.
inline constexpr std::size_t kKeyBytes = 32;

// Overwrites secrets in a way that the optimiser keeps.
void wipe(std::span<std::uint8_t> bytes);

[[nodiscard]] bool equal_in_constant_time(std::span<const std::uint8_t> a,
                                          std::span<const std::uint8_t> b);

template <class Tag, std::size_t kSize>
struct Secret {
  std::array<std::uint8_t, kSize> bytes{};

  ~Secret() { wipe(bytes); }
  bool operator==(const Secret& other) const { return equal_in_constant_time(bytes, other.bytes); }
};

using PrivateKey = Secret<struct PrivateKeyTag, kKeyBytes>;
using PreSharedKey = Secret<struct PreSharedKeyTag, kKeyBytes>;
using SharedSecret = Secret<struct SharedSecretTag, kKeyBytes>;

struct PublicKey {
  std::array<std::uint8_t, kKeyBytes> bytes{};

  auto operator<=>(const PublicKey&) const = default;
};

template <std::size_t kSize>
[[nodiscard]] crdt::BytesView view_of(const std::array<std::uint8_t, kSize>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), kSize};
}

// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const PublicKey& key);

// For a key file. The string is not wiped, and has another name so that no log line takes it.
[[nodiscard]] std::string exposed_hex(const PrivateKey& key);

[[nodiscard]] crdt::Result<PublicKey> public_key_from_hex(std::string_view text);
[[nodiscard]] crdt::Result<PrivateKey> private_key_from_hex(std::string_view text);

[[nodiscard]] PrivateKey draw_private_key(crdt::Rng& rng);
[[nodiscard]] PublicKey public_key_of(const PrivateKey& key);

// X25519. Equal for (a, public_key_of(b)) and (b, public_key_of(a)).
[[nodiscard]] crdt::Result<SharedSecret> diffie_hellman(const PrivateKey& mine,
                                                        const PublicKey& theirs);

}  // namespace gossip
