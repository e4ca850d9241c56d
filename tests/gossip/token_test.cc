#include "gossip/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

using testing::HasSubstr;
using tests::kCluster;
using tests::Membership;

Token make_token(std::size_t sponsors = 2) {
  const Membership world;
  Token token{kCluster, world.permit(1), hash_of({}), tests::seed(1), {}, {}};
  PreSharedKey secret;
  secret.bytes.fill(9);
  token.pre_shared_key = joining_key(secret, token.permit.id);
  for (std::size_t i = 0; i < sponsors; ++i) {
    token.sponsors.push_back(
        {"host-" + std::to_string(i) + ":7100", public_key_of(tests::identity("a"))});
  }
  return token;
}

std::string fault_of(const std::string& text) {
  const auto token = token_from_text(text);
  return token ? "" : token.error().message;
}

TEST(Token, ComesBackFromItsTextWhateverSpaceIsAroundIt) {
  const Token token = make_token(kSponsorsMax);
  const auto read = token_from_text("  " + exposed_text(token) + "\r\n");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, token);
}

TEST(Token, ThatIsNoneOrCutOffIsRefusedWithASentence) {
  const std::string text = exposed_text(make_token());
  EXPECT_THAT(fault_of(""), HasSubstr("begins with muster-join-1."));
  EXPECT_THAT(fault_of("muster-join-1."), HasSubstr("not whole"));
  EXPECT_THAT(fault_of(text.substr(0, text.size() - 5)), HasSubstr("not whole"));
  EXPECT_THAT(fault_of(text + std::string(kTokenTextBytesMax, 'A')), HasSubstr("too long"));
}

TEST(Token, WithAnOctetThatIsNoLetterIsRefusedEvenWhereLibsodiumReadsOneIntoIt) {
  std::string text = exposed_text(make_token());
  const std::size_t at = text.find('_');
  ASSERT_NE(at, std::string::npos);
  text[at] = '\xff';
  EXPECT_THAT(fault_of(text), HasSubstr("not whole"));
}

TEST(Token, WithAPermitThatNobodySignedIsForged) {
  Token token = make_token();
  token.permit.letter = 'z';
  EXPECT_THAT(fault_of(exposed_text(token)), HasSubstr("not signed by the operator"));
  token = make_token();
  token.seed = tests::seed(2);
  EXPECT_THAT(fault_of(exposed_text(token)), HasSubstr("not signed by the operator"));
}

TEST(Token, EachHasAJoiningKeyOfItsOwn) {
  PreSharedKey secret;
  EXPECT_FALSE(joining_key(secret, TokenId{1}) == joining_key(secret, TokenId{2}));
}

TEST(Token, HoldsAHashThatAnyOtherSetOfOperatorsChanges) {
  const VerifyKey one = verify_key_of(tests::seed(1));
  const VerifyKey two = verify_key_of(tests::seed(2));
  EXPECT_NE(hash_of({one}), hash_of({two}));
  EXPECT_NE(hash_of({one}), hash_of({one, two}));
  EXPECT_EQ(hash_of({one, two}), hash_of({two, one}));
}

RC_GTEST_PROP(TokenLaw, NoChangedCharacterIsTaken, ()) {
  std::string text = exposed_text(make_token());
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  const char other = *rc::gen::arbitrary<char>();
  RC_PRE(other != text[at]);
  text[at] = other;
  RC_ASSERT(!token_from_text(text));
}

}  // namespace
}  // namespace gossip
