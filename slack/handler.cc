#include "slack/handler.h"

#include <utility>

#include "crdt/edit.h"
#include "crdt/planted.h"
#include "slack/blocks.h"
#include "slack/incident/command.h"
#include "slack/incident/grammar.h"
#include "slack/incident/render.h"
#include "slack/incident/timeline.h"
#include "slack/json_writer.h"
#include "slack/mrkdwn.h"

namespace slack {
namespace {

// Room for a refusal; what it says beyond that is for the log.
constexpr std::size_t kPlainCharsMax = 1000;

}  // namespace

std::string document_key(const SlashCommand& command) {
  return "channel/" + command.installation() + '/' + command.channel_id;
}

HandlerResult handle(const SlashCommand& command, const crdt::Document& document,
                     HandlerContext context) {
  const incident::Command parsed = incident::parse(command.text, context.statuses);
  const incident::Context situation{command.user_id, command.user_name, command.signed_at,
                                    context.now,     context.letter,    context.split,
                                    context.event};
  const auto rank_time =
      crdt::planted(crdt::Bug::kRankFromLocalClock) ? context.now : command.signed_at;
  crdt::Edit edit(document, context.self, crdt::Stamp{command.id, command.user_id},
                  crdt::Rank{rank_time.time_since_epoch().count()}, std::move(context.previous));
  incident::Decision decision =
      incident::decide(document, parsed, situation, context.statuses, edit);
  const incident::Audience audience{command.user_id, command.command, context.split};

  HandlerResult result;
  result.verb = incident::verb_of(parsed);
  const Message message = incident::render(decision, context.statuses, audience);
  result.reply = to_ephemeral_json(message);
  if (!decision.changed) return result;
  result.answer = encode(message);
  result.delta = edit.finish();
  if (crdt::planted(crdt::Bug::kCoreMissing) && context.split) {
    std::erase_if(result.delta->written,
                  [](const crdt::Leaf& leaf) { return leaf.path.ends_with("/core"); });
  }
  result.entry = incident::encode({command.id, command.signed_at, result.verb, command.text,
                                   command.user_id, command.team_id, document_key(command)});
  result.detail = incident::encode_detail(document, *result.delta, command.id, context.self);
  return result;
}

crdt::Result<std::string> reply_again(std::string_view answer) {
  const auto message = decode_message(answer);
  if (!message) return message.error();
  return {boost::system::in_place_value, to_ephemeral_json(*message)};
}

std::string challenge_reply(const UrlVerification& verification) {
  std::string out;
  JsonWriter(out).begin_object().field("challenge", verification.challenge).end_object();
  return out;
}

std::string plain_reply(std::string_view text) {
  Message message;
  append_escaped_cut(message.fallback, text, kPlainCharsMax);
  message.blocks.push_back({BlockKind::kSection, message.fallback});
  return to_ephemeral_json(message);
}

}  // namespace slack
