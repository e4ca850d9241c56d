// Messages as they are kept in the record of their request.
#include "slack/blocks.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "slack/block_limits.h"
#include "slack/handler.h"

namespace slack {
namespace {

const Message kMessage{"Changed #1",
                       {{BlockKind::kSection, "*#1* disk full"},
                        {BlockKind::kDivider, ""},
                        {BlockKind::kContext, "said before"}}};

RC_GTEST_PROP(MessageKept, ComesBackAsItWas, (const std::string& fallback)) {
  Message message{fallback, {}};
  const auto texts = *rc::gen::arbitrary<std::vector<std::string>>();
  for (std::size_t i = 0; i < texts.size() && i < kBlocksMax; ++i) {
    message.blocks.push_back({static_cast<BlockKind>(i % 3), texts[i]});
  }
  const auto again = decode_message(encode(message));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == message);
}

TEST(MessageKept, IsSentAgainToTheByte) {
  const auto again = reply_again(encode(kMessage));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, to_ephemeral_json(kMessage));
}

TEST(MessageKept, TakesLittleMoreThanItsTexts) {
  std::size_t texts = kMessage.fallback.size();
  for (const Block& block : kMessage.blocks) texts += block.text.size();
  EXPECT_LE(encode(kMessage).size(), texts + 2 + 2 * kMessage.blocks.size());
}

TEST(MessageKept, ThatIsCutShortIsNone) {
  const std::string whole = encode(kMessage);
  const std::size_t first_whole = 2 + kMessage.fallback.size();  // A message without blocks.
  for (std::size_t size = 0; size < first_whole; ++size) {
    EXPECT_FALSE(decode_message(whole.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_message(whole.substr(0, whole.size() - 1)).has_value());
}

TEST(MessageKept, OfAnotherFormOrOfTooManyBlocksIsNone) {
  EXPECT_FALSE(decode_message(R"({"response_type":"ephemeral"})").has_value());
  std::string unknown_kind = encode(Message{"text", {{BlockKind::kSection, "a"}}});
  unknown_kind[unknown_kind.size() - 3] = 9;
  EXPECT_FALSE(decode_message(unknown_kind).has_value());
  Message message{"text", std::vector<Block>(kBlocksMax + 1)};
  EXPECT_FALSE(decode_message(encode(message)).has_value());
  message.blocks.pop_back();
  EXPECT_TRUE(decode_message(encode(message)).has_value());
}

}  // namespace
}  // namespace slack
