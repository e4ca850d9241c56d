#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "node/admin_api.h"
#include "node/replica_impl.h"
#include "node/replica_retention.h"
#include "slack/incident/tasks.h"

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

// How long a node that starts leaves requests to others while it has not heard from every peer.
// Most redials take less, and a peer that is away should not hold up a start.
constexpr std::chrono::seconds kStartMax{2};

}  // namespace

void Replica::Impl::serve_health(const Now& now, const HttpRequest& http) {
  if (http.method != "GET") return refuse_method(http, "GET");
  if (path_of(http.target) == "/healthz") return reply(http, 200, "ok\n", "text/plain");
  const std::string_view why = why_not_ready(now);
  if (why.empty()) return reply(http, 200, "ready\n", "text/plain");
  reply(http, 503, std::string(why) + "\n", "text/plain");
}

void Replica::Impl::serve_operator(const Now& now, const HttpRequest& http) {
  const auto apply = [this](crdt::Change change) -> crdt::Result<std::uint64_t> {
    if (const auto unfit = why_unfit(); !unfit.empty()) return crdt::Error(std::string(unfit));
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
  AdminContext context{now,
                       config_,
                       repository_,
                       peer_ ? &*peer_ : nullptr,
                       effects_,
                       [this, &now] { return status(now); },
                       slack_time(slack_clock_, now),
                       why_unfit(),
                       apply,
                       answer_when_held};
  if (serve_admin(context, http)) return;
  ++counters_.admin_refused;
  note(Level::kWarning, http.uuid, "refused a request at the admin address: no known token");
}

std::optional<gossip::RosterState> Replica::Impl::member_state() const {
  const gossip::Standing* standing = peer_ ? peer_->self() : nullptr;
  return standing ? std::optional(standing->member.state) : std::nullopt;
}

std::string_view Replica::Impl::why_unfit() const {
  if (!repository_.catching_up().empty()) {
    return "this peer is catching up with the others; ask another one";
  }
  const auto state = member_state();
  if (state == gossip::RosterState::kJoining) {
    return "this peer is joining its cluster and does not hold all of it yet; ask another one";
  }
  if (state == gossip::RosterState::kRemoved) {
    return "this peer was removed from its cluster, and nobody would hear of it; ask another one";
  }
  return {};
}

char Replica::Impl::letter() const {
  const gossip::Standing* standing = peer_ ? peer_->self() : nullptr;
  return standing ? standing->member.letter : config_.letter;
}

void Replica::Impl::look_whether_started(Instant now) {
  if (started_) return;
  started_ = !peer_ || peer_->has_heard_all() || now - began_ >= kStartMax;
}

std::string_view Replica::Impl::why_not_ready(const Now& now) const {
  if (config_.draining) return "draining";
  if (const auto state = member_state(); state && *state != gossip::RosterState::kActive) {
    return gossip::name_of(*state);
  }
  if (mode_ == Mode::kReadOnly) return "read-only";
  if (!repository_.catching_up().empty()) return "catching up";
  if (repository_.unreadable() > 0) return "damaged";
  if (!started_) return "starting";
  const auto ahead = slack_clock_.ahead(now);
  if (ahead && (*ahead > kClockAheadMax || *ahead < -kClockAheadMax)) return "clock";
  return {};
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
  status.letter = letter();
  if (const auto state = member_state()) status.member_state = gossip::name_of(*state);
  if (peer_) status.rollbacks_found = peer_->rollbacks_found();
  for (gossip::PeerStatus& peer : status.peers) {
    if (peer.lag > 0) peer.lag_age = log_history_.age_beyond(peer.their_cursor, now.steady);
  }
  status.clock_ahead = slack_clock_.ahead(now);
  status.not_ready = why_not_ready(now);
  const crdt::Horizon& horizon = repository_.horizon();
  status.retention = {config_.retention.keep,      horizon.before(), horizon.documents().size(),
                      repository_.oldest_record(), waits_for_,       waits_for_slack_};
  status.system = system_;
  status.counters = counters_.by_name();
  status.counters["records_purged"] = repository_.purged_records();
  status.counters["roster_refused"] = peer_ ? peer_->roster_refusals() : 0;
  if (peer_) {
    const gossip::Comparer::Counts& compared = peer_->comparer().counts();
    status.counters["compared_same"] = compared.same;
    status.counters["compared_differed"] = compared.differed;
    status.counters["compared_octets"] = peer_->compare_octets();
    status.counters["states_united"] = peer_->united();
  }
  return status;
}

}  // namespace node
