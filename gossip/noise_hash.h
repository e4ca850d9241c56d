// The hash functions of the Noise protocol: BLAKE2b with 64 octets out, HMAC and HKDF over it.
//
// Source   Noise Protocol Framework, revision 34, sections 4.3 and 12.8; RFC 2104; RFC 7693. HMAC
//          is the generic construction with BLAKE2b's block of 128 octets, not BLAKE2b's own keyed
//          mode.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "crdt/bytes.h"
#include "gossip/noise_keys.h"

namespace gossip {

inline constexpr std::size_t kHashBytes = 64;  // HASHLEN of BLAKE2b in Noise.

using Hash = std::array<std::uint8_t, kHashBytes>;
using HashSecret = Secret<struct HashSecretTag, kHashBytes>;

// Both take the concatenation of `parts`.
[[nodiscard]] Hash blake2b(std::initializer_list<crdt::BytesView> parts);
[[nodiscard]] HashSecret hmac_blake2b(const HashSecret& key,
                                      std::initializer_list<crdt::BytesView> parts);

// Noise's HKDF with three outputs; where Noise asks for two, they are the first two of these.
[[nodiscard]] std::array<HashSecret, 3> hkdf_blake2b(const HashSecret& chaining_key,
                                                     crdt::BytesView input);

}  // namespace gossip
