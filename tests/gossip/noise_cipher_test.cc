#include "gossip/noise_cipher.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <limits>

namespace gossip {
namespace {

constexpr std::uint64_t kLastNonce = std::numeric_limits<std::uint64_t>::max();

CipherKey key_of(std::uint8_t octet) {
  CipherKey key;
  key.bytes.fill(octet);
  return key;
}

// With libsodium called directly.
crdt::Bytes zeros_under_the_reserved_nonce(const CipherKey& key) {
  const std::array<unsigned char, 12> nonce{0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
  const std::array<unsigned char, kKeyBytes> zeros{};
  std::array<std::uint8_t, kKeyBytes + kTagBytes> sealed;
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, zeros.data(), zeros.size(),
                                            nullptr, 0, nullptr, nonce.data(), key.bytes.data());
  return crdt::Bytes(view_of(sealed));
}

TEST(CipherState, OpensWhatItsTwinSealedInOrder) {
  CipherState sender(key_of(1));
  CipherState receiver(key_of(1));
  for (const std::string_view text : {"", "one", "two"}) {
    const auto sealed = sender.encrypt("header", text);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->size(), text.size() + kTagBytes);
    EXPECT_EQ(receiver.decrypt("header", *sealed).value(), text);
  }
}

TEST(CipherState, StaysWhereItWasAfterAMessageThatDoesNotAuthenticate) {
  CipherState sender(key_of(1));
  CipherState receiver(key_of(1));
  const crdt::Bytes sealed = sender.encrypt("header", "one").value();
  crdt::Bytes bent = sealed;
  bent.back() ^= 1;
  EXPECT_FALSE(receiver.decrypt("header", bent));
  EXPECT_FALSE(receiver.decrypt("another", sealed));
  EXPECT_FALSE(receiver.decrypt("header", sealed.substr(0, kTagBytes - 1)));
  EXPECT_EQ(receiver.nonce(), 0u);
  EXPECT_EQ(receiver.decrypt("header", sealed).value(), "one");
}

TEST(CipherState, RefusesTheReservedNonceForGood) {
  CipherState sender(key_of(1), kLastNonce - 1);
  CipherState receiver(key_of(1), kLastNonce - 1);
  const crdt::Bytes last = sender.encrypt({}, "last").value();
  EXPECT_EQ(receiver.decrypt({}, last).value(), "last");
  EXPECT_FALSE(sender.encrypt({}, "one too many"));
  EXPECT_FALSE(receiver.decrypt({}, zeros_under_the_reserved_nonce(key_of(1))));
  sender.rekey();
  EXPECT_FALSE(sender.encrypt({}, "one too many"));
}

// Section 4.2 of the specification.
TEST(CipherState, RekeysToTheSealOfZerosUnderTheReservedNonceAndCountsOn) {
  const CipherKey old_key = key_of(7);
  const crdt::Bytes sealed = zeros_under_the_reserved_nonce(old_key);
  CipherKey new_key;
  std::copy_n(sealed.begin(), kKeyBytes, new_key.bytes.begin());

  CipherState cipher(old_key, 41);
  cipher.rekey();
  EXPECT_EQ(cipher.nonce(), 41u);
  EXPECT_EQ(cipher.encrypt({}, "text").value(),
            CipherState(new_key, 41).encrypt({}, "text").value());
}

}  // namespace
}  // namespace gossip
