// Blocks: a Slack message made of Block Kit blocks, as Muster uses them.
//
// Shape    a fallback text for notifications and old clients, and blocks of mrkdwn
//          (slack/mrkdwn.h). Every text object is "verbatim": Slack then links and mentions only
//          what is spelled "<...>", never a word of a user's that looks like a channel or an
//          address.
// Size     kBlocksMax blocks; Sections hold whole lines and stay under Slack's limits by
//          themselves. Source   docs.slack.dev/reference/block-kit/blocks
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace slack {

enum class BlockKind { kSection, kContext, kDivider };

struct Block {
  BlockKind kind = BlockKind::kSection;
  std::string text;  // Mrkdwn; empty for a divider.

  bool operator==(const Block&) const = default;
};

struct Message {
  std::string fallback;  // Mrkdwn.
  std::vector<Block> blocks;

  bool operator==(const Message&) const = default;
};

// The body that answers a slash command: seen by its author only.
[[nodiscard]] std::string to_ephemeral_json(const Message& message);

// The message as it is kept: without the JSON around its texts, which is half of a short one.
// Inverse of each other; what was kept may come from a peer, and then may be no message.
[[nodiscard]] std::string encode(const Message& message);
[[nodiscard]] crdt::Result<Message> decode_message(std::string_view bytes);

// Collects lines into as few sections as hold them, within Slack's limits for one section and for a
// message as a whole.
class Lines {
 public:
  // `message` outlives this, and has no blocks yet.
  explicit Lines(Message& message) : message_(message) {}

  // Adds a line of mrkdwn of at most kLineCharsMax code points. False, and nothing is added, where
  // the message would become too large: `reserve` code points are left for what must come after.
  [[nodiscard]] bool add(std::string line, std::size_t reserve);

 private:
  Message& message_;
  std::size_t section_chars_ = 0;
  std::size_t total_chars_ = 0;
  bool open_ = false;  // Whether the last block takes more lines.
};

// One section holds a whole task, marks and all.
inline constexpr std::size_t kLineCharsMax = 2900;

}  // namespace slack
