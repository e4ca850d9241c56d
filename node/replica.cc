#include "node/replica.h"

#include <algorithm>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/keyspace.h"
#include "crdt/planted.h"
#include "crdt/seed.h"
#include "node/replica_impl.h"
#include "node/replica_records.h"

namespace node {
namespace {

using crdt::Instant;
using crdt::Now;

// Between two runs that damage ends: each drops all links, and one serves all documents that were
// found before it.
constexpr std::chrono::seconds kRunMin{5};

crdt::ReplicaId draw_replica_id(crdt::Rng& rng) {
  crdt::ReplicaId id;
  while (id.value == 0) id.value = rng.next();
  return id;
}

}  // namespace

Replica::Impl::Impl(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const Now& now,
                    crdt::Transaction& txn, Mode mode)
    : config_(config),
      mode_(mode),
      repository_([this](const crdt::Record& record) { on_insert(record); }, origin_of),
      verifier_(config.signing_secret),
      began_(now.steady),
      retention_at_(now.steady + config.retention.look_every) {
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
  config_.gossip.letter = config_.letter;
  config_.gossip.keep_days = static_cast<std::uint16_t>(
      std::min<std::int64_t>(config_.retention.keep / std::chrono::hours(24), 65'535));
  // Absent where the store cannot be read: then nothing of this is ever committed.
  if (run) config_.gossip.starts = crdt::ByteReader(crdt::keyspace::tail_of(*run)).number();
  peer_.emplace(config_.gossip, config_.name, crdt::draw_seed(rng), self_, repository_);
  tell_horizon_limit(now);
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
  if (repository_.wants_new_run() && held_.empty() && promised_.empty()) {
    earliest(began_ + kRunMin);
  }
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
  earliest(retention_at_);
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
  if (const auto origin = origin_of(record.key, record.value)) {
    newest_made_ = std::max(newest_made_, origin->made);
  }
}

void Replica::Impl::on(const Now&, const HttpGone& gone) {
  std::erase_if(held_, [&](const Held& held) { return held.reply.exchange == gone.exchange; });
  std::erase_if(promised_,
                [&](const Promised& promised) { return promised.exchange == gone.exchange; });
}

void Replica::Impl::on(const Now& now, const LinkOpened& opened) {
  if (!peer_) return effects_.closes.push_back({opened.link});
  peer_->link_opened(now.steady, opened.link, opened.address, opened.from);
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
  tend_retention(now);
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
  look_whether_started(now.steady);
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
  look_whether_started(now.steady);
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

Replica::Replica(const ReplicaConfig& config, const crdt::Rng::Seed& seed, const Now& now,
                 crdt::Transaction& txn, Mode mode)
    : impl_(std::make_unique<Impl>(config, seed, now, txn, mode)) {}

Replica::~Replica() = default;

Effects Replica::step(const Now& now, crdt::Transaction& txn, const Event& event) {
  return impl_->step(now, txn, event);
}

}  // namespace node
