// Handler: one slash command against one channel's document: the entry point of everything Slack.
//
// Shape    the caller finds the document under document_key(), and the answer of a request that it
//          handled before in its own request record; a new one goes through handle(). The caller
//          then applies the delta and stores the records in one transaction, and only then replies.
// Laws     pure: equal inputs give equal bytes. No delta means that nothing may be stored.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crdt/delta.h"
#include "crdt/document.h"
#include "crdt/dot.h"
#include "crdt/instant.h"
#include "crdt/result.h"
#include "crdt/version_vector.h"
#include "slack/incident/decide.h"
#include "slack/incident/status_set.h"
#include "slack/request.h"

namespace slack {

struct HandlerContext {
  crdt::ReplicaId self;
  crdt::VersionVector previous;  // As crdt::Edit wants it.
  crdt::WallTime now;
  char letter = 'a';
  bool split = false;       // A rostered peer is out of reach.
  std::uint64_t event = 0;  // Numbers this replica's changes; the handled mark carries it.
  const incident::StatusSet& statuses = incident::StatusSet::standard();
};

struct HandlerResult {
  std::string_view verb;  // "add", "board", "ask": for metrics and logs. Static.
  std::string reply;      // JSON of an ephemeral message, to be sent with 200.
  std::optional<crdt::Delta> delta;
  std::string answer;  // With a delta: the reply as it is kept, for reply_again().
  std::string entry;   // With a delta: the timeline record, from the request alone.
  std::string detail;  // With a delta: what this replica did.
};

// "channel/<installation>/<channel>": a channel belongs to the installation that has the bot in it.
[[nodiscard]] std::string document_key(const SlashCommand& command);

[[nodiscard]] HandlerResult handle(const SlashCommand& command, const crdt::Document& document,
                                   HandlerContext context);

// The JSON of a reply that was kept; an Error where these bytes are none.
[[nodiscard]] crdt::Result<std::string> reply_again(std::string_view answer);

// The answer to Slack's url_verification: {"challenge":"..."}.
[[nodiscard]] std::string challenge_reply(const UrlVerification& verification);

// An ephemeral message of plain text: for refusals that happen outside of handle(), such as a full
// disk.
[[nodiscard]] std::string plain_reply(std::string_view text);

}  // namespace slack
