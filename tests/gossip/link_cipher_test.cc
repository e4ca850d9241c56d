#include "gossip/link_cipher.h"

#include <gtest/gtest.h>

namespace gossip {
namespace {

using crdt::Bytes;

CipherKey key() {
  CipherKey key;
  key.bytes.fill(5);
  return key;
}

struct Ends {
  LinkCipher sender{CipherState(key())};
  LinkCipher receiver{CipherState(key())};

  void pass(const Bytes& text) {
    const auto sealed = sender.encrypt(text);
    ASSERT_TRUE(sealed);
    const auto opened = receiver.decrypt(*sealed);
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_EQ(*opened, text);
  }
};

TEST(LinkCipher, RekeysBothEndsAfterTheSameMessage) {
  Ends ends;
  CipherState plain(key());  // The same direction without rekeys.
  for (std::uint64_t i = 0; i < kRekeyMessages; ++i) {
    const Bytes sealed = ends.sender.encrypt("x").value();
    ASSERT_EQ(sealed, plain.encrypt({}, "x").value()) << "message " << i;
    ASSERT_TRUE(ends.receiver.decrypt(sealed));
  }
  EXPECT_EQ(ends.sender.rekeys(), 1u);
  EXPECT_EQ(ends.receiver.rekeys(), 1u);
  const Bytes sealed = ends.sender.encrypt("x").value();
  EXPECT_FALSE(plain.decrypt({}, sealed)) << "the old key still opens what follows";
  plain.rekey();
  EXPECT_EQ(plain.decrypt({}, sealed).value(), "x");
  EXPECT_EQ(ends.receiver.decrypt(sealed).value(), "x");
}

TEST(LinkCipher, RekeysBothEndsByVolume) {
  Ends ends;
  const Bytes text(1 << 20, 'x');
  const std::uint64_t rounds = kRekeyBytes / text.size();  // Tags make up for what this cuts off.
  for (std::uint64_t i = 0; i + 1 < rounds; ++i) ends.pass(text);
  EXPECT_EQ(ends.sender.rekeys(), 0u);
  ends.pass(text);
  EXPECT_EQ(ends.sender.rekeys(), 1u);
  EXPECT_EQ(ends.receiver.rekeys(), 1u);
  ends.pass("after");
}

TEST(LinkCipher, CountsAnewAfterARekeyByTime) {
  Ends ends;
  for (std::uint64_t i = 0; i + 1 < kRekeyMessages; ++i) ends.pass("");
  ends.sender.rekey();
  ends.receiver.rekey();
  ends.pass("the message that would have reached the count");
  EXPECT_EQ(ends.sender.rekeys(), 1u);
  EXPECT_EQ(ends.receiver.rekeys(), 1u);
}

TEST(LinkCipher, LosesAnEndThatDidNotRekey) {
  Ends ends;
  ends.sender.rekey();
  EXPECT_FALSE(ends.receiver.decrypt(ends.sender.encrypt("x").value()));
}

TEST(LinkCipher, CountsNothingForAMessageThatDoesNotAuthenticate) {
  Ends ends;
  for (std::uint64_t i = 0; i < kRekeyMessages; ++i) {
    ASSERT_FALSE(ends.receiver.decrypt("not a message of this link"));
  }
  EXPECT_EQ(ends.receiver.rekeys(), 0u);
  ends.pass("x");
}

}  // namespace
}  // namespace gossip
