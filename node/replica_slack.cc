#include <utility>

#include "crdt/check.h"
#include "crdt/handled_set.h"
#include "crdt/planted.h"
#include "node/replica_impl.h"
#include "node/replica_records.h"

namespace node {
namespace {

using crdt::Now;

constexpr const char* kReadOnlyText =
    "This peer cannot store changes at the moment (its disk is full or failing), so nothing was "
    "changed. Please try again: the next attempt may reach another peer.";
constexpr const char* kCatchingUpText =
    "This peer came back with an older copy of its data and is still fetching what it missed, so "
    "nothing was changed. Please try again: the next attempt may reach another peer.";
constexpr const char* kRemovedText =
    "This peer was removed from its cluster, so nothing was changed. Please tell whoever operates "
    "Muster, and try again: the next attempt may reach another peer.";
constexpr const char* kJoiningText =
    "This peer is joining its cluster and does not hold all of it yet, so nothing was changed. "
    "Please try again: the next attempt may reach another peer.";
constexpr const char* kDamagedText =
    "This peer's copy of the channel is damaged, so nothing was changed. It is being fetched from "
    "the other peers: please try again in a moment.";

}  // namespace

void Replica::Impl::serve_slack(const Now& now, const HttpRequest& http) {
  const slack::HttpRequest request{http.method,
                                   http.target,
                                   http.content_type,
                                   slack::header_of(http.timestamps),
                                   slack::header_of(http.signatures),
                                   http.body};
  const slack::Request parsed = slack::parse_request(request, verifier_, now.wall);
  if (const auto* rejection = std::get_if<slack::Rejection>(&parsed)) {
    ++counters_.slack_rejected;
    if (rejection->verdict) weigh(now, request, *rejection->verdict);
    note(Level::kWarning, http.uuid, "refused a request: " + rejection->reason);
    if (rejection->status == 405) return refuse_method(http, "POST");
    return reply(http, rejection->status, "Refused: " + rejection->reason + ".\n", "text/plain");
  }
  // An ssl_check alone comes unsigned.
  const bool is_signed = !std::holds_alternative<slack::SslCheck>(parsed);
  if (is_signed) weigh(now, request, slack::Verdict::kGenuine);
  if (const auto* command = std::get_if<slack::SlashCommand>(&parsed)) {
    return serve_command(now, http, *command);
  }
  if (const auto* verification = std::get_if<slack::UrlVerification>(&parsed)) {
    return reply(http, 200, slack::challenge_reply(*verification));
  }
  // Everything else is accepted and counted: Slack disables apps that refuse its events.
  if (is_signed) ++counters_.slack_events;
  reply(http, 200, "", "text/plain");
}

void Replica::Impl::weigh(const Now& now, const slack::HttpRequest& request,
                          slack::Verdict verdict) {
  using slack::Verdict;
  if (verdict == Verdict::kForged) ++counters_.slack_forged;
  const bool untimely = verdict == Verdict::kStale || verdict == Verdict::kFuture;
  const auto stamp = slack::parse_timestamp(request.timestamp.value);
  if (!stamp || !(verdict == Verdict::kGenuine || untimely)) return;
  const crdt::WallTime stamped(*stamp);
  if (untimely) {
    ++counters_.slack_untimely;
    const Verdict then =
        verifier_.check(request.timestamp, request.signature, request.body, stamped);
    if (then != Verdict::kGenuine) return;
  }
  slack_clock_.take(now, stamped);
}

void Replica::Impl::serve_command(const Now& now, const HttpRequest& http,
                                  const slack::SlashCommand& command) {
  ++counters_.slack_commands;
  if (!repository_.catching_up().empty()) {
    return reply(http, 200, slack::plain_reply(kCatchingUpText));
  }
  const auto standing = member_state();
  if (standing == gossip::RosterState::kRemoved || standing == gossip::RosterState::kJoining) {
    const bool removed = standing == gossip::RosterState::kRemoved;
    return reply(http, 200, slack::plain_reply(removed ? kRemovedText : kJoiningText));
  }
  std::string key = slack::document_key(command);
  const auto document = repository_.document(key);
  if (!document) {
    note(Level::kError, http.uuid, document.error().message);
    return reply(http, 200, slack::plain_reply(kDamagedText));
  }
  if (crdt::is_handled(**document, command.id)) {
    const auto handling = find_handling(repository_, **document, command.id);
    if (handling && *handling) {
      // Peers write records: what is no answer counts as not there.
      if (auto again = slack::reply_again((*handling)->answer)) {
        ++counters_.slack_retries;
        return reply(http, 200, *std::move(again));
      }
    }
  }
  slack::HandlerContext context;
  context.self = self_;
  context.previous = repository_.previous_context(key);
  context.now = now.wall;
  context.letter = letter();
  context.split = peer_ && !peer_->complete();
  context.event = next_event();
  slack::HandlerResult result = slack::handle(command, **document, std::move(context));
  if (!result.delta) return reply(http, 200, std::move(result.reply));
  if (mode_ == Mode::kReadOnly) return reply(http, 200, slack::plain_reply(kReadOnlyText));
  store(now, http, command, std::move(key), std::move(result));
}

void Replica::Impl::store(const Now& now, const HttpRequest& http,
                          const slack::SlashCommand& command, std::string key,
                          slack::HandlerResult result) {
  if (crdt::planted(crdt::Bug::kCanary)) return reply(http, 200, std::move(result.reply));
  const bool by_clock = crdt::planted(crdt::Bug::kTimelineByLocalClock);
  const crdt::WallTime asked = by_clock ? now.wall : command.signed_at;
  crdt::Change change;
  change.records.reserve(2);
  change.records.push_back(timeline_record(key, asked, command.id, std::move(result.entry)));
  const Handling handling{std::move(result.answer),
                          std::move(result.detail),
                          {command.signed_at, crdt::document_id(key)}};
  change.records.push_back(request_record(self_, next_event(), handling));
  change.deltas.push_back({std::move(key), std::move(*result.delta)});
  const auto outcome = repository_.apply(change);
  if (!outcome) {
    note(Level::kError, http.uuid, outcome.error().message);
    return reply(http, 200, slack::plain_reply(kDamagedText));
  }
  CHECK(outcome->applied == crdt::Applied::kApplied);
  ++counters_.changes;
  if (config_.debug_notices) {
    std::string text("stored ");
    note(Level::kDebug, http.uuid, text.append(result.verb) + " in " + change.deltas.front().key);
  }
  peer_->push(outcome->seq, change);
  held_.push_back({outcome->seq,
                   now.steady + config_.reply_hold_max,
                   {http.exchange, 200, kJson, std::move(result.reply), false}});
}

}  // namespace node
