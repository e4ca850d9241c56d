#include "simulation/traffic.h"

#include <algorithm>

#include "node/replica_records.h"
#include "simulation/store_view.h"
#include "slack/request.h"

namespace simulation {
namespace {

// Less than a Replica holds an answer back, whatever its clock's drift.
const Duration kHeldMin = node::ReplicaConfig{}.reply_hold_max * 9 / 10;
// 100 ms for which a change that came too early waits, and four round trips, where those are short.
constexpr Duration kSpreadMax = 1s;
constexpr Duration kSpreadDelayMax = 10ms;  // Of links, on average.
constexpr Duration kRedispatch = 50ms;      // A load balancer's pause before it tries another peer.

}  // namespace

Traffic::Traffic(const Plan& plan, Cluster& cluster, Scheduler& scheduler, Coverage& coverage,
                 Oracle& oracle, std::function<bool()> calm)
    : plan_(plan),
      cluster_(cluster),
      scheduler_(scheduler),
      coverage_(coverage),
      oracle_(oracle),
      calm_(std::move(calm)),
      prompt_(plan.options.delay_mean <= kSpreadDelayMax &&
              plan.options.offer_after > kSpreadMax + 500ms),
      slack_(kSigningSecret) {}

void Traffic::schedule() {
  for (std::size_t i = 0; i < plan_.commands.size(); ++i) {
    const Command& command = plan_.commands[i];
    ++open_;
    const Delivery& first = command.attempts.front();
    scheduler_.at(command.at + first.after, [this, i, &first] { deliver(i, 0, first); });
    if (first.after > 0us) {
      scheduler_.at(command.at, [this, i] { sign_at_first(i); });
    }
    for (const Delivery& twice : command.doubles) {
      ++open_;
      scheduler_.at(command.at + twice.after, [this, i, &twice] {
        coverage_.reach(Mark::kDeliveryDoubled);
        deliver(i, std::nullopt, twice);
      });
    }
  }
}

void Traffic::hurry() {
  hurried_ = true;
  for (const auto& [command, attempt] : std::exchange(paused_, {})) {
    deliver(command, attempt, plan_.commands[command].attempts[attempt]);
  }
}

// As Slack does when it is typed, however long it takes to arrive.
void Traffic::sign_at_first(std::size_t index) {
  coverage_.reach(Mark::kDeliveredLate);
  SignedRequest unused;
  static_cast<void>(sign(index, false, unused));
}

const SignedRequest& Traffic::sign(std::size_t index, bool anew, SignedRequest& fresh) {
  const Command& command = plan_.commands[index];
  const crdt::WallTime now = kRunBegins + scheduler_.now();
  const auto make = [&] {
    return slack_.sign({command.user, command.channel, command.text, command.trigger}, now);
  };
  if (anew) {
    coverage_.reach(Mark::kRetryResigned);
    fresh = make();
    return fresh;
  }
  const auto found = signed_.find(index);
  return found != signed_.end() ? found->second : signed_.emplace(index, make()).first->second;
}

void Traffic::deliver(std::size_t index, std::optional<std::size_t> attempt,
                      const Delivery& delivery) {
  SignedRequest fresh;
  // What was signed long ago is refused: Slack signs a retry after five minutes anew.
  const bool late = attempt && *attempt + 1 == kAttemptsMax;
  const SignedRequest& signature = sign(index, delivery.resigned || late, fresh);
  node::HttpRequest request;
  request.method = "POST";
  request.target = slack::kCommandsPath;
  request.content_type = "application/x-www-form-urlencoded";
  request.timestamps = {signature.timestamp};
  request.signatures = {signature.signature};
  request.body = signature.body;
  const NodeIndex node = delivery.node;
  const auto trial = std::make_shared<Try>();
  trial->sent = scheduler_.now();
  trial->calm = calm_();
  const std::int64_t second = std::stoll(signature.timestamp);
  trial->asked = crdt::WallTime(std::chrono::seconds(second));
  trial->promise = oracle_.sent(index, node, cluster_.incarnation(node), second);
  trial->promise.asks = trial->promise.first && ambiguous(index, node);
  const auto give_up = [this, trial, index, attempt] {
    if (!std::exchange(trial->over, true)) failed(index, attempt);
  };
  scheduler_.after(kAnswerMax, give_up);
  cluster_.request(node, std::move(request),
                   [this, trial, give_up, index, attempt, node](const auto& reply) {
                     if (!reply) return give_up();
                     if (std::exchange(trial->over, true)) return;  // Nobody listens any more.
                     on_answer(index, attempt, node, *trial, *reply);
                   });
}

void Traffic::observe(const node::HttpReply& reply) {
  const auto has = [&](std::string_view text) {
    return reply.body.find(text) != std::string::npos;
  };
  if (reply.status == 401) coverage_.reach(Mark::kSignatureRefused);
  if (has("cannot store changes at the moment")) coverage_.reach(Mark::kReadOnlyAnswer);
  if (has("tasks are numbered")) coverage_.reach(Mark::kTaskAsked);
  if (has(" had several values")) coverage_.reach(Mark::kConflictShown);
  const auto label = SlackWorkspace::added_label(reply.body);
  if (label && !label->empty() && label->back() >= 'a') coverage_.reach(Mark::kLetteredTask);
}

void Traffic::on_answer(std::size_t index, std::optional<std::size_t> attempt, NodeIndex node,
                        const Try& trial, const node::HttpReply& reply) {
  observe(reply);
  if (SlackWorkspace::judge(reply.status, reply.body) == Answer::kRefused) {
    coverage_.reach(Mark::kAnswerRefused);
    return failed(index, attempt);
  }
  --open_;
  ++answered_;
  coverage_.reach(Mark::kCommandAnswered);
  oracle_.answered(scheduler_.now(), index, node, cluster_.incarnation(node), trial.promise,
                   reply.body, kept(index, node, trial));
  if (trial.promise.first && trial.calm && prompt_) watch_spread(index, node, trial.asked);
}

// In calm a peer that was told of a change too early for it asks for what is missing, and has both
// within a second, without waiting for a third one's offers.
void Traffic::watch_spread(std::size_t index, NodeIndex node, crdt::WallTime asked) {
  if (!holds(node, index, asked)) return;
  scheduler_.after(kSpreadMax, [this, index, asked] {
    if (!calm_()) return;
    coverage_.reach(Mark::kSpreadLookedUp);
    for (NodeIndex other = 0; other < cluster_.size(); ++other) {
      if (!holds(other, index, asked)) oracle_.spread_late(scheduler_.now(), index, other);
    }
  });
}

// Whether the node's store has what becomes of the command there at once.
bool Traffic::holds(NodeIndex node, std::size_t index, crdt::WallTime asked) {
  const Command& command = plan_.commands[index];
  const std::string document = SlackWorkspace::document_key(command.channel);
  const crdt::RequestId request = SlackWorkspace::request_id(command.trigger);
  const crdt::Bytes key = node::timeline_record(document, asked, request, "").key;
  try {
    return holds_record(cluster_.store(node), key);
  } catch (const std::runtime_error&) {
    return true;  // A damaged store cannot be asked.
  }
}

// A reply that came sooner than the hold ends was one that everybody had acknowledged.
Oracle::Kept Traffic::kept(std::size_t index, NodeIndex node, const Try& trial) {
  Oracle::Kept kept;
  const Duration held = scheduler_.now() - trial.sent;
  if (!trial.promise.first || cluster_.incarnation(node) != trial.promise.incarnation) return kept;
  kept.here = holds(node, index, trial.asked);
  if (!trial.calm || !calm_() || held >= kHeldMin) return kept;
  coverage_.reach(Mark::kAllHadIt);
  for (NodeIndex other = 0; other < cluster_.size(); ++other) {
    if (!holds(other, index, trial.asked)) kept.missing = other;
  }
  return kept;
}

bool Traffic::ambiguous(std::size_t index, NodeIndex node) {
  const auto number = oracle_.shared_number(index);
  if (!number || !cluster_.running(node)) return false;
  const std::string document = SlackWorkspace::document_key(plan_.commands[index].channel);
  if (tasks_numbered(cluster_.store(node), document, *number) < 2) return false;
  coverage_.reach(Mark::kSharedNumberMeant);
  return true;
}

void Traffic::failed(std::size_t index, std::optional<std::size_t> attempt) {
  const std::vector<Delivery>& attempts = plan_.commands[index].attempts;
  if (!attempt || *attempt + 1 >= attempts.size()) {
    --open_;
    if (attempt) ++unanswered_;
    if (attempt) coverage_.reach(Mark::kNobodyAnswered);
    return;
  }
  const std::size_t next = *attempt + 1;
  coverage_.reach(Mark::kCommandRetried);
  const Duration longest = delivered_within(plan_.options) - 1min;
  const Duration pause =
      hurried_ ? kRedispatch : std::clamp<Duration>(pause_before(next), kRedispatch, longest);
  paused_[index] = next;
  scheduler_.after(pause, [this, index, next] {
    const auto found = paused_.find(index);
    if (found == paused_.end() || found->second != next) return;
    paused_.erase(found);
    deliver(index, next, plan_.commands[index].attempts[next]);
  });
}

}  // namespace simulation
