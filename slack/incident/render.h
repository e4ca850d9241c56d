// Render: a Decision as the message that its author reads.
//
// Laws     the message is inside Slack's limits (slack/block_limits.h) whatever the tasks hold; no
//          text of a user's becomes a mention, a link or a broadcast; equal decisions give equal
//          bytes. tests/slack/incident/render_test.cc and its goldens.
#pragma once

#include "slack/blocks.h"
#include "slack/incident/decide.h"
#include "slack/incident/phrases.h"
#include "slack/incident/status_set.h"

namespace slack::incident {

[[nodiscard]] Message render(const Decision& decision, const StatusSet& statuses,
                             const Audience& audience);

}  // namespace slack::incident
