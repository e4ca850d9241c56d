#include "gossip/noise_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>

namespace gossip {
namespace {

// RFC 7748, section 6.1.
constexpr std::string_view kAlicePublic =
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
constexpr std::string_view kBobPrivate =
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
constexpr std::string_view kBobPublic =
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
constexpr std::string_view kShared =
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

// Points whose multiples are all zero: 0, 1, one of order 8, p - 1, p, p + 1, and 0 with the bit
// that X25519 ignores.
constexpr std::string_view kLowOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080"};

TEST(NoiseKeys, AgreeWithThePublishedExample) {
  const PrivateKey bob = private_key_from_hex(kBobPrivate).value();
  EXPECT_EQ(to_hex(public_key_of(bob)), kBobPublic);
  const auto shared = diffie_hellman(bob, public_key_from_hex(kAlicePublic).value());
  ASSERT_TRUE(shared);
  EXPECT_EQ(crdt::to_hex(view_of(shared->bytes)), kShared);
}

TEST(NoiseKeys, RefuseAPeerKeyOfLowOrder) {
  const PrivateKey bob = private_key_from_hex(kBobPrivate).value();
  for (const std::string_view point : kLowOrder) {
    EXPECT_FALSE(diffie_hellman(bob, public_key_from_hex(point).value())) << point;
  }
}

TEST(NoiseKeys, RoundTripAsHexAndAcceptNothingElse) {
  EXPECT_EQ(exposed_hex(private_key_from_hex(kBobPrivate).value()), kBobPrivate);
  EXPECT_EQ(to_hex(public_key_from_hex(kBobPublic).value()), kBobPublic);
  const std::string longer = std::string(kBobPublic) + "00";
  std::string letters(kBobPublic);
  letters[10] = 'x';
  for (const std::string_view bad : {std::string_view(), kBobPublic.substr(2), kBobPublic.substr(1),
                                     std::string_view(longer), std::string_view(letters)}) {
    EXPECT_FALSE(public_key_from_hex(bad)) << bad;
    EXPECT_FALSE(private_key_from_hex(bad)) << bad;
  }
}

TEST(NoiseKeys, AreDrawnAnewEachTimeAndAlikeFromOneSeed) {
  crdt::Rng rng{crdt::Rng::Seed{1}};
  crdt::Rng same{crdt::Rng::Seed{1}};
  const PrivateKey first = draw_private_key(rng);
  EXPECT_TRUE(first == draw_private_key(same));
  EXPECT_FALSE(first == draw_private_key(rng));
}

TEST(NoiseKeys, WipeASecretWhereItDies) {
  alignas(PrivateKey) std::array<std::byte, sizeof(PrivateKey)> memory;
  memory.fill(std::byte{0xff});
  PrivateKey* key = std::construct_at(reinterpret_cast<PrivateKey*>(memory.data()));
  key->bytes.fill(0x77);
  ASSERT_EQ(memory[kKeyBytes - 1], std::byte{0x77});
  std::destroy_at(key);
  EXPECT_TRUE(std::all_of(memory.begin(), memory.end(),
                          [](std::byte octet) { return octet == std::byte{0}; }));
}

}  // namespace
}  // namespace gossip
