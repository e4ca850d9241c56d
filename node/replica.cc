#include "node/replica.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "crdt/handled_set.h"
#include "crdt/keyspace.h"
#include "crdt/planted.h"
#include "gossip/peer.h"
#include "node/admin_api.h"
#include "node/replica_records.h"
#include "node/replica_status.h"
#include "node/replica_vitals.h"
#include "slack/handler.h"
#include "slack/incident/tasks.h"
#include "slack/request.h"

namespace node {
namespace {

using crdt::Instant;
using crdt::Now;

// Counting conflicts reads every document; beyond this the status would hold up commands.
constexpr std::uint64_t kCountConflictsMax = 1'000;

// Operators' requests, and there are at most as many connections (node/server.cc).
constexpr std::size_t kPromisedMax = 256;

// Requests are ranked by Slack's stamps and refused beyond five minutes: a clock so far off is
// about to fail people.
constexpr std::chrono::seconds kClockAheadMax{60};

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

// Between two runs that damage ends: each drops all links, and one serves all documents that were
// found before it.
constexpr std::chrono::seconds kRunMin{5};

crdt::Rng::Seed draw_seed(crdt::Rng& rng) {
  crdt::Rng::Seed seed;
  rng.fill(seed);
  return seed;
}

crdt::ReplicaId draw_replica_id(crdt::Rng& rng) {
  crdt::ReplicaId id;
  while (id.value == 0) id.value = rng.next();
  return id;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

class Replica::Impl {
 public:
  Impl(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const Now& now,
       crdt::Transaction& txn, Mode mode);

  Effects step(const Now& now, crdt::Transaction& txn, const Event& event);

 private:
  // A change whose answer waits until the linked peers hold it.
  struct Held {
    std::uint64_t seq = 0;
    Instant until;
    HttpReply reply;
  };

  void on(const Now& now, const HttpRequest& request);
  void on(const Now& now, const HttpGone& gone);
  void on(const Now& now, const LinkOpened& opened);
  void on(const Now& now, const LinkBytes& bytes);
  void on(const Now& now, const LinkClosed& closed);
  void on(const Now& now, const DialFailed& failed);
  void on(const Now& now, const Wake& wake);
  void on(const Now& now, const Draining& draining);
  void on(const Now& now, const SystemFacts& facts);
  void on(const Now& now, const BatchEnd& end);

  // An operator's change whose answer waits until enough peers hold it.
  struct Promised {
    std::uint64_t seq = 0;
    WriteConcern concern;
    Instant until;
    ExchangeId exchange;
    nlohmann::json body;
  };

  void release_promised(Instant now);

  void serve_slack(const Now& now, const HttpRequest& http);
  void serve_command(const Now& now, const HttpRequest& http, const slack::SlashCommand& command);
  void store(const Now& now, const HttpRequest& http, const slack::SlashCommand& command,
             std::string key, slack::HandlerResult result);
  void serve_health(const Now& now, const HttpRequest& http);
  void serve_operator(const Now& now, const HttpRequest& http);
  // Why a load balancer should send its requests elsewhere, in a word; empty while it should not.
  [[nodiscard]] std::string_view why_not_ready(const Now& now) const;
  // Takes what a request's stamp says of the clocks, where Slack signed it.
  void weigh(const Now& now, const slack::HttpRequest& request, slack::Verdict verdict);
  // As the roster has it; nothing where this node is not in it.
  [[nodiscard]] std::optional<gossip::RosterState> member_state() const;
  [[nodiscard]] char letter() const;
  void refuse_method(const HttpRequest& http, std::string_view allowed);

  void reply(const HttpRequest& to, int status, std::string body,
             std::string_view content_type = kJson);
  // The one hook for read models: called once for every record that is new here, whoever made it,
  // in the transaction that inserts it.
  void on_insert(const crdt::Record& record);
  // The row that will log the change at hand: it names the request record, and the handled mark
  // that leads there carries it.
  [[nodiscard]] std::uint64_t next_event() const { return repository_.head() + 1; }
  void release_held(Instant now);
  void note(Level level, const Uuid& request, std::string text);
  void collect();
  [[nodiscard]] Status status(const Now& now);
  [[nodiscard]] std::optional<std::uint64_t> count_conflicts();

  ReplicaConfig config_;
  Mode mode_;
  crdt::Repository repository_;
  crdt::ReplicaId self_;
  slack::Verifier verifier_;
  std::optional<gossip::Peer>
      peer_;  // Absent while read-only: a peer that cannot store has no links.
  std::vector<Promised> promised_;  // At most kPromisedMax.
  std::deque<Held> held_;           // In the order of seq, and so of `until`.
  Counters counters_;
  Instant began_;
  SlackClock slack_clock_;
  LogHistory log_history_;
  std::optional<SystemFacts> system_;
  Effects effects_;
};

Replica::Impl::Impl(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const Now& now,
                    crdt::Transaction& txn, Mode mode)
    : config_(config),
      mode_(mode),
      repository_([this](const crdt::Record& record) { on_insert(record); }),
      verifier_(config.signing_secret),
      began_(now.steady) {
  crdt::Rng rng(seed);
  self_ = draw_replica_id(rng);
  if (crdt::planted(crdt::Bug::kIdPerStore)) self_.value = config.letter;
  repository_.use(txn);
  if (const auto opened = repository_.open(); !opened) {
    note(Level::kError, {}, opened.error().message);
  }
  if (mode_ == Mode::kReadOnly) return;
  repository_.begin_run(self_);
  const auto run = txn.last_key(crdt::keyspace::runs(), crdt::keyspace::runs_end());
  config_.gossip.starts = crdt::ByteReader(crdt::keyspace::tail_of(*run)).number();
  peer_.emplace(config_.gossip, config_.name, draw_seed(rng), self_, repository_);
}

Effects Replica::Impl::step(const Now& now, crdt::Transaction& txn, const Event& event) {
  repository_.use(txn);
  if (peer_) peer_->tell_wall(now.wall);
  std::visit([&](const auto& kind) { on(now, kind); }, event);
  collect();
  return std::exchange(effects_, {});
}

// Takes over what the peer wants done, and says when to wake.
void Replica::Impl::collect() {
  effects_.wake_at.reset();
  const auto earliest = [&](const std::optional<Instant>& at) {
    if (at && (!effects_.wake_at || *at < *effects_.wake_at)) effects_.wake_at = at;
  };
  if (!held_.empty()) earliest(held_.front().until);
  for (const Promised& promised : promised_) earliest(promised.until);
  if (repository_.wants_new_run()) earliest(began_ + kRunMin);
  if (!peer_) return;
  gossip::Output output = peer_->take_output();
  for (gossip::Send& send : output.sends) {
    effects_.sends.push_back({send.link, std::move(send.bytes)});
  }
  for (const gossip::LinkId link : output.closes) effects_.closes.push_back({link});
  for (std::string& address : output.dials) effects_.dials.push_back({std::move(address)});
  for (gossip::Notice& notice : output.notices) {
    const bool warning = notice.severity == gossip::Severity::kWarning;
    if (warning) ++counters_.peer_warnings;
    note(warning ? Level::kWarning : Level::kInfo, {}, std::move(notice.text));
  }
  earliest(peer_->wake_at());
}

void Replica::Impl::note(Level level, const Uuid& request, std::string text) {
  effects_.notices.push_back({level, request, std::move(text)});
}

void Replica::Impl::reply(const HttpRequest& to, int status, std::string body,
                          std::string_view content_type) {
  effects_.replies.push_back({to.exchange, status, content_type, std::move(body), false});
}

void Replica::Impl::on_insert(const crdt::Record& record) {
  if (crdt::kind_of(record.key) == kTimelineKind) ++counters_.timeline_events;
}

void Replica::Impl::on(const Now&, const HttpGone& gone) {
  std::erase_if(held_, [&](const Held& held) { return held.reply.exchange == gone.exchange; });
  std::erase_if(promised_,
                [&](const Promised& promised) { return promised.exchange == gone.exchange; });
}

void Replica::Impl::on(const Now& now, const LinkOpened& opened) {
  if (!peer_) return effects_.closes.push_back({opened.link});
  peer_->link_opened(now.steady, opened.link, opened.address);
}

void Replica::Impl::on(const Now& now, const LinkBytes& bytes) {
  if (peer_) peer_->link_bytes(now.steady, bytes.link, bytes.bytes);
}

void Replica::Impl::on(const Now& now, const LinkClosed& closed) {
  if (peer_) peer_->link_closed(now.steady, closed.link, closed.reason);
}

void Replica::Impl::on(const Now& now, const DialFailed& failed) {
  if (peer_) peer_->dial_failed(now.steady, failed.address, failed.reason);
}

void Replica::Impl::on(const Now& now, const Wake&) {
  if (peer_) peer_->wake(now.steady);
}

void Replica::Impl::on(const Now&, const Draining&) {
  config_.draining = true;
  if (peer_) peer_->set_willing(false);
}

void Replica::Impl::on(const Now&, const SystemFacts& facts) { system_ = facts; }

void Replica::Impl::on(const Now& now, const BatchEnd&) {
  log_history_.take(now.steady, repository_.head());
  if (peer_) peer_->batch_end(now.steady);
  release_held(now.steady);
  release_promised(now.steady);
  effects_.new_run = repository_.wants_new_run() && held_.empty() && promised_.empty() &&
                     now.steady >= began_ + kRunMin;
}

void Replica::Impl::release_promised(Instant now) {
  std::erase_if(promised_, [&](Promised& promised) {
    const std::vector<gossip::Holder> others = peer_->holders(promised.seq);
    if (holders(others) < promised.concern.peers && promised.until > now) return false;
    promised.body["wait"] = wait_report(promised.concern, config_.name, others);
    effects_.replies.push_back(
        {promised.exchange, 200, kJson,
         promised.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), false});
    return true;
  });
}

void Replica::Impl::release_held(Instant now) {
  for (auto held = held_.begin(); held != held_.end();) {
    const bool waits = !crdt::planted(crdt::Bug::kReplyDoesNotWait);
    const bool awaited = waits && peer_->awaited(held->seq);
    if (awaited && held->until > now) {
      ++held;
      continue;
    }
    if (awaited) ++counters_.replies_before_every_peer_had_the_change;
    effects_.replies.push_back(std::move(held->reply));
    held = held_.erase(held);
  }
}

void Replica::Impl::on(const Now& now, const HttpRequest& request) {
  ++counters_.http_requests;
  if (request.listener == Listener::kPublic && slack::is_slack_path(request.target)) {
    return serve_slack(now, request);
  }
  const std::string_view path = path_of(request.target);
  if (path == "/healthz" || path == "/readyz") return serve_health(now, request);
  if (request.listener == Listener::kAdmin) return serve_operator(now, request);
  reply(request, 404, "There is nothing at this address.\n", "text/plain");
}

void Replica::Impl::refuse_method(const HttpRequest& http, std::string_view allowed) {
  reply(http, 405, "This address takes " + std::string(allowed) + " only.\n", "text/plain");
}

void Replica::Impl::serve_health(const Now& now, const HttpRequest& http) {
  if (http.method != "GET") return refuse_method(http, "GET");
  if (path_of(http.target) == "/healthz") return reply(http, 200, "ok\n", "text/plain");
  const std::string_view why = why_not_ready(now);
  if (why.empty()) return reply(http, 200, "ready\n", "text/plain");
  reply(http, 503, std::string(why) + "\n", "text/plain");
}

void Replica::Impl::serve_operator(const Now& now, const HttpRequest& http) {
  const auto apply = [this](crdt::Change change) -> crdt::Result<std::uint64_t> {
    if (!repository_.catching_up().empty()) {
      return crdt::Error("this peer is catching up with the others; ask another one");
    }
    const auto outcome = repository_.apply(change);
    if (!outcome) return outcome.error();
    CHECK(peer_ && outcome->applied == crdt::Applied::kApplied);
    ++counters_.changes;
    peer_->push(outcome->seq, change);
    return outcome->seq;
  };
  const auto answer_when_held = [this, &now](const AdminRequest& request, std::uint64_t seq,
                                             const WriteConcern& concern, nlohmann::json body) {
    const bool waits = promised_.size() < kPromisedMax;
    const Instant until = waits ? now.steady + concern.timeout : now.steady;
    promised_.push_back({seq, concern, until, request.http.exchange, std::move(body)});
  };
  AdminContext context{now,         config_,
                       repository_, peer_ ? &*peer_ : nullptr,
                       effects_,    [this, &now] { return status(now); },
                       apply,       answer_when_held};
  if (serve_admin(context, http)) return;
  ++counters_.admin_refused;
  note(Level::kWarning, http.uuid, "refused a request at the admin address: no known token");
}

std::optional<gossip::RosterState> Replica::Impl::member_state() const {
  const gossip::Standing* standing = peer_ ? peer_->self() : nullptr;
  return standing ? std::optional(standing->member.state) : std::nullopt;
}

char Replica::Impl::letter() const {
  const gossip::Standing* standing = peer_ ? peer_->self() : nullptr;
  return standing ? standing->member.letter : config_.letter;
}

std::string_view Replica::Impl::why_not_ready(const Now& now) const {
  if (config_.draining) return "draining";
  if (const auto state = member_state(); state && *state != gossip::RosterState::kActive) {
    return gossip::name_of(*state);
  }
  if (mode_ == Mode::kReadOnly) return "read-only";
  if (!repository_.catching_up().empty()) return "catching up";
  if (repository_.unreadable() > 0) return "damaged";
  const auto ahead = slack_clock_.ahead(now);
  if (ahead && (*ahead > kClockAheadMax || *ahead < -kClockAheadMax)) return "clock";
  return {};
}

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
      ++counters_.slack_retries;
      return reply(http, 200, (*handling)->answer);
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
  Handling handling{std::move(result.reply), std::move(result.detail)};
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
                   {http.exchange, 200, kJson, std::move(handling.answer), false}});
}

std::optional<std::uint64_t> Replica::Impl::count_conflicts() {
  if (repository_.digest().documents > kCountConflictsMax) return std::nullopt;
  std::uint64_t count = 0;
  const auto scanned =
      repository_.scan_documents([&](const std::string&, const crdt::Document& document) {
        const slack::incident::TaskList list = slack::incident::read_tasks(document);
        count += std::count_if(list.tasks.begin(), list.tasks.end(),
                               [](const auto& task) { return task.in_conflict(); });
      });
  if (!scanned) return std::nullopt;
  return count;
}

Status Replica::Impl::status(const Now& now) {
  Status status;
  status.name = config_.name;
  status.run = self_;
  status.read_only = mode_ == Mode::kReadOnly;
  status.complete = peer_ && peer_->complete();
  status.damage = repository_.damage_counts();
  status.unreadable = repository_.unreadable();
  status.log_head = repository_.head();
  status.digest = repository_.digest();
  status.conflicts = count_conflicts();
  status.catching_up = repository_.catching_up();
  if (peer_) {
    status.peers = peer_->status();
    status.roster_refused = {peer_->last_refusals().begin(), peer_->last_refusals().end()};
  }
  if (const auto state = member_state()) status.member_state = gossip::name_of(*state);
  if (peer_) status.rollbacks_found = peer_->rollbacks_found();
  for (gossip::PeerStatus& peer : status.peers) {
    if (peer.lag > 0) peer.lag_age = log_history_.age_beyond(peer.their_cursor, now.steady);
  }
  status.clock_ahead = slack_clock_.ahead(now);
  status.not_ready = why_not_ready(now);
  status.system = system_;
  status.counters = counters_.by_name();
  status.counters["roster_refused"] = peer_ ? peer_->roster_refusals() : 0;
  return status;
}

Replica::Replica(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const Now& now,
                 crdt::Transaction& txn, Mode mode)
    : impl_(std::make_unique<Impl>(config, seed, now, txn, mode)) {}

Replica::~Replica() = default;

Effects Replica::step(const Now& now, crdt::Transaction& txn, const Event& event) {
  return impl_->step(now, txn, event);
}

}  // namespace node
