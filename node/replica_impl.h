// Replica::Impl: what a Replica keeps, and its parts in four files: events and effects
// (node/replica.cc), Slack's requests (node/replica_slack.cc), operators' and load balancers'
// (node/replica_operators.cc), what is forgotten (node/replica_retention.cc).
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gossip/peer.h"
#include "node/replica.h"
#include "node/replica_status.h"
#include "node/replica_vitals.h"
#include "node/replica_wait.h"
#include "slack/handler.h"
#include "slack/request.h"

namespace node {

class Replica::Impl {
 public:
  Impl(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const crdt::Now& now,
       crdt::Transaction& txn, Mode mode);

  Effects step(const crdt::Now& now, crdt::Transaction& txn, const Event& event);

 private:
  // A change whose answer waits until the linked peers hold it.
  struct Held {
    std::uint64_t seq = 0;
    crdt::Instant until;
    HttpReply reply;
  };

  void on(const crdt::Now& now, const HttpRequest& request);
  void on(const crdt::Now& now, const HttpGone& gone);
  void on(const crdt::Now& now, const LinkOpened& opened);
  void on(const crdt::Now& now, const LinkBytes& bytes);
  void on(const crdt::Now& now, const LinkClosed& closed);
  void on(const crdt::Now& now, const DialFailed& failed);
  void on(const crdt::Now& now, const Wake& wake);
  void on(const crdt::Now& now, const Draining& draining);
  void on(const crdt::Now& now, const SystemFacts& facts);
  void on(const crdt::Now& now, const BatchEnd& end);

  // An operator's change whose answer waits until enough peers hold it.
  struct Promised {
    std::uint64_t seq = 0;
    WriteConcern concern;
    crdt::Instant until;
    ExchangeId exchange;
    nlohmann::json body;
  };

  void release_promised(crdt::Instant now);
  void tend_retention(const crdt::Now& now);  // node/replica_retention.cc
  // What Slack's stamps say it is, or has been at the least; nothing where none came.
  [[nodiscard]] std::optional<crdt::WallTime> slack_now(const crdt::Now& now) const;
  void tell_horizon_limit(const crdt::Now& now);
  void move_horizon(const crdt::Now& now, crdt::WallTime before);
  void tend_forgotten(const crdt::Now& now);
  [[nodiscard]] bool purge(const crdt::Now& now, const std::string& key, crdt::WallTime before);

  void serve_slack(const crdt::Now& now, const HttpRequest& http);
  void serve_command(const crdt::Now& now, const HttpRequest& http,
                     const slack::SlashCommand& command);
  void store(const crdt::Now& now, const HttpRequest& http, const slack::SlashCommand& command,
             std::string key, slack::HandlerResult result);
  void serve_health(const crdt::Now& now, const HttpRequest& http);
  void serve_operator(const crdt::Now& now, const HttpRequest& http);
  // Whether this start is over: what happened meanwhile elsewhere is known here, or nobody says.
  void look_whether_started(crdt::Instant now);
  // Why a load balancer should send its requests elsewhere, in a word; empty while it should not.
  [[nodiscard]] std::string_view why_not_ready(const crdt::Now& now) const;
  // Takes what a request's stamp says of the clocks, where Slack signed it.
  void weigh(const crdt::Now& now, const slack::HttpRequest& request, slack::Verdict verdict);
  // As the roster has it; nothing where this node is not in it.
  [[nodiscard]] std::optional<gossip::RosterState> member_state() const;
  [[nodiscard]] char letter() const;
  // Why operators' changes are refused here; empty while they are not.
  [[nodiscard]] std::string_view why_unfit() const;
  void refuse_method(const HttpRequest& http, std::string_view allowed);

  void reply(const HttpRequest& to, int status, std::string body,
             std::string_view content_type = kJson);
  // The one hook for read models: called once for every record that is new here, whoever made it,
  // in the transaction that inserts it.
  void on_insert(const crdt::Record& record);
  // The row that will log the change at hand: it names the request record, and the handled mark
  // that leads there carries it.
  [[nodiscard]] std::uint64_t next_event() const { return repository_.head() + 1; }
  void release_held(crdt::Instant now);
  void note(Level level, const Uuid& request, std::string text);
  void collect();
  [[nodiscard]] Status status(const crdt::Now& now);
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
  crdt::Instant began_;
  bool started_ = false;
  SlackClock slack_clock_;
  LogHistory log_history_;
  crdt::Instant retention_at_;          // When to look again.
  gossip::Census census_;               // Of what records may go.
  std::vector<std::string> missing_;    // Who stood in the way at the last look,
  std::vector<std::string> waits_for_;  // and at the one before, too.
  crdt::WallTime newest_made_{};        // Of the records that came since the process began.
  bool waits_for_slack_ = false;        // By this peer's clock alone they are long due.
  std::map<std::string, std::uint64_t>
      purged_;               // Forgotten documents: the row that found all gone.
  std::string purged_last_;  // The one that was looked at last.
  std::optional<SystemFacts> system_;
  Effects effects_;
};

// Of a request's target, without its query.
[[nodiscard]] inline std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

}  // namespace node
