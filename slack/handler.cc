#include "slack/handler.h"

#include <utility>

#include "crdt/edit.h"
#include "slack/blocks.h"
#include "slack/incident/command.h"
#include "slack/incident/grammar.h"
#include "slack/incident/render.h"
#include "slack/incident/timeline.h"
#include "slack/json_writer.h"
#include "slack/mrkdwn.h"
#include "slack/utf8.h"

namespace slack {
namespace {

// Room for a refusal; what it says beyond that is for the log.
constexpr std::size_t kPlainCharsMax = 1000;

std::string timeline_entry(const SlashCommand& command, std::string_view verb) {
  return incident::encode(incident::Entry{std::string(verb), to_valid_utf8(command.text),
                                          command.user_id, command.team_id, document_key(command),
                                          command.id, command.signed_at});
}

}  // namespace

std::string document_key(const SlashCommand& command) {
  return "channel/" + command.installation() + '/' + command.channel_id;
}

HandlerResult handle(const SlashCommand& command, const crdt::Document& document,
                     const HandlerContext& context) {
  const incident::Command parsed = incident::parse(command.text, context.statuses);
  const incident::Context situation{command.user_id, command.user_name, command.signed_at,
                                    context.now,     context.letter,    context.split,
                                    context.event};
  crdt::Edit edit(document, context.self, crdt::Stamp{command.id, command.user_id},
                  crdt::Rank{command.signed_at.time_since_epoch().count()}, context.previous);
  incident::Decision decision =
      incident::decide(document, parsed, situation, context.statuses, edit);
  const incident::Audience audience{command.user_id, command.command, context.split};

  HandlerResult result;
  result.verb = incident::verb_of(parsed);
  result.reply = to_ephemeral_json(incident::render(decision, context.statuses, audience));
  result.notices = std::move(decision.notices);
  if (!decision.changed) return result;
  result.delta = edit.finish();
  result.entry = timeline_entry(command, result.verb);
  result.detail =
      incident::encode(incident::detail_of(document, *result.delta, command.id, context.self));
  return result;
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
