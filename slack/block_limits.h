// Block limits: what Slack refuses to show, and a check of a rendered message against it.
//
// Units    characters are code points of the text on the wire, entities included.
// Source   @slack/types block-kit JSDoc; slackapi/bolt-js issue 2509 for the undocumented
//          aggregate.
#pragma once

#include <cstddef>
#include <string_view>

#include "crdt/result.h"

namespace slack {

inline constexpr std::size_t kBlocksMax = 50;          // In a message.
inline constexpr std::size_t kSectionCharsMax = 3000;  // Of a section's text.
inline constexpr std::size_t kSectionFieldsMax = 10;
inline constexpr std::size_t kFieldCharsMax = 2000;
inline constexpr std::size_t kHeaderCharsMax = 150;
inline constexpr std::size_t kContextElementsMax = 10;
inline constexpr std::size_t kContextCharsMax = 2000;  // Undocumented; the least that is claimed.
inline constexpr std::size_t kActionsMax = 25;
inline constexpr std::size_t kButtonCharsMax = 75;
inline constexpr std::size_t kButtonValueCharsMax = 2000;
inline constexpr std::size_t kIdCharsMax = 255;  // action_id, block_id.
// All block texts together: about 13,200 are refused with msg_blocks_too_long.
inline constexpr std::size_t kMessageCharsMax = 12'000;
inline constexpr std::size_t kFallbackCharsMax = 40'000;  // Slack cuts the rest.

// An Error names the first limit that the JSON of a message breaks, or what about it is not a
// message.
[[nodiscard]] crdt::Result<void> check_message(std::string_view json);

}  // namespace slack
