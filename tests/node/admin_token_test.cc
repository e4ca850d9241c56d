#include "node/admin_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/admin_tokens.h"

namespace {

using node::AdminRole;
using node::find_token;

TEST(AdminToken, ADrawnTokenOpensWhatItsHashWasGiven) {
  crdt::Rng rng(crdt::Rng::Seed{1});
  const std::string token = node::draw_token(rng, "grafana");
  EXPECT_THAT(token, testing::MatchesRegex("grafana\\.[0-9a-f]{64}"));
  EXPECT_NE(token, node::draw_token(rng, "grafana"));
  const std::vector<node::AdminToken> known = {
      {"grafana", AdminRole::kReader, node::hash_token(token)}};
  const node::AdminToken* found = find_token("Bearer " + token, known);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, known[0]);
}

TEST(AdminToken, TheSchemeIsReadInAnyCase) {
  const auto known = tests::admin_tokens();
  EXPECT_NE(find_token("bearer operator.0123", known), nullptr);
  EXPECT_NE(find_token("BEARER operator.0123", known), nullptr);
}

TEST(AdminToken, WhatIsNoKnownTokenOpensNothing) {
  const auto known = tests::admin_tokens();
  for (const char* header : {"", "Bearer", "Bearer ", "operator.0123", "Basic operator.0123",
                             "Bearer operator.012", "Bearer operator.01234", "Bearer reader.0123",
                             "Bearer  operator.0123", "Bearer OPERATOR.0123"}) {
    EXPECT_EQ(find_token(header, known), nullptr) << header;
  }
  EXPECT_EQ(find_token(tests::kOperator, {}), nullptr);
}

}  // namespace
