// HMAC and HKDF over BLAKE2b against values of another implementation.
// Source   Python's hmac and hashlib.blake2b.
#include "gossip/noise_hash.h"

#include <gtest/gtest.h>

#include <numeric>

namespace gossip {
namespace {

constexpr std::string_view kHmac =
    "20200df8e22ceca46dc85e950ad08fdbf1260ccec58f0b56f01aeac663945c1d3180d1e1bd7d91f3"
    "7819d06a86964bbad82db04fee86af49e0cc7561ea8a88d2";
constexpr std::string_view kHkdf[] = {
    "854ff4e7e6074bfe92f1a96cf706260641f9ba6fca788196587193a2664aed71dba5f8f8c078f3ee"
    "df196c3af46e417d0a8c8c43f79ead81c8714d03e501eded",
    "ce5595eb115a20218998812f1f84dad889b56b766edaad0fd39d8268762d3e9f56b6507ac77dc73c"
    "a13b4c2f0e4b704ef3c3c40d98920e63df5c70239610d8ab",
    "beb822d32dd50dffe84d52733d99602527506d06113800adb0420f3a909756ef18c4ce35880d93af"
    "067921ceeca8fe90a2a6f9dcd32d831d5b69467105193f19"};

HashSecret counting_key() {
  HashSecret key;
  std::iota(key.bytes.begin(), key.bytes.end(), std::uint8_t{0});
  return key;
}

TEST(NoiseHash, HmacPadsItsKeyToTheBlockOfBlake2b) {
  const HashSecret digest = hmac_blake2b(counting_key(), {"muster", " link"});
  EXPECT_EQ(crdt::to_hex(view_of(digest.bytes)), kHmac);
}

TEST(NoiseHash, HkdfChainsItsThreeOutputs) {
  const auto outputs = hkdf_blake2b(counting_key(), "input");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(crdt::to_hex(view_of(outputs[i].bytes)), kHkdf[i]) << "output " << i + 1;
  }
}

TEST(NoiseHash, Blake2bHashesTheConcatenationOfItsParts) {
  EXPECT_EQ(blake2b({"ab", "", "c"}), blake2b({"abc"}));
  EXPECT_NE(blake2b({"abc"}), blake2b({"abd"}));
}

}  // namespace
}  // namespace gossip
