#include "tests/support/replica_cluster.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crdt/check.h"
#include "node/replica_records.h"
#include "slack/form.h"
#include "slack/signature.h"
#include "tests/support/admin_tokens.h"
#include "tests/support/seed.h"

namespace tests {
namespace {

constexpr const char* kSecret = "secret";

}  // namespace

crdt::Transaction& LateStore::begin() {
  if (std::exchange(owed_, false)) {
    store_.set_lose_syncs(false);
    store_.begin();
    CHECK(store_.commit());  // Covers the commits before it.
  }
  return store_.begin();
}

boost::system::result<void, node::CommitError> LateStore::commit() {
  store_.set_lose_syncs(true);
  owed_ = true;
  return store_.commit();
}

ReplicaCluster::ReplicaCluster(std::size_t nodes, std::uint64_t seed)
    : ReplicaCluster(nodes, seed, Options{}) {}

ReplicaCluster::ReplicaCluster(std::size_t nodes, std::uint64_t seed, Options options)
    : options_(options), rng_(seed_of(seed)) {
  std::vector<gossip::PrivateKey> keys;
  for (std::size_t i = 0; i < nodes; ++i) keys.push_back(gossip::draw_private_key(rng_));
  for (std::size_t i = 0; i < nodes; ++i) {
    auto node = std::make_unique<Node>();
    node->cluster = this;
    node->index = i;
    node->config.letter = static_cast<char>('a' + i);
    node->config.name = std::string(1, node->config.letter);
    node->config.signing_secret = kSecret;
    node->config.admin_tokens = admin_tokens();
    node->config.reply_hold_max = options_.reply_hold_max;
    node->config.retention = options_.retention;
    node->config.gossip.walk_after = options_.walk_after;
    node->config.gossip.compare_every = options_.compare_every;
    node->config.gossip.cluster = "test";
    node->config.gossip.identity = keys[i];
    for (std::size_t j = 0; j < nodes; ++j) {
      if (j == i) continue;
      node->config.gossip.peers.push_back(
          {std::string(1, static_cast<char>('a' + j)), std::to_string(j), public_key_of(keys[j])});
    }
    nodes_.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < nodes; ++i) start(i);
}

void ReplicaCluster::start(std::size_t index) {
  Node& node = *nodes_[index];
  CHECK(node.driver == nullptr);
  node::Store* store = &node.store;
  if (options_.late_commits) {
    node.late = std::make_unique<LateStore>(node.store);
    store = node.late.get();
  }
  if (options_.write_behind) {
    node.journal = std::make_unique<node::JournalRows>(*store);
    node.front = std::make_unique<node::WriteBehind>(*store, *node.journal, *options_.write_behind);
    CHECK(node.front->open());
    store = node.front.get();
  }
  node.driver = std::make_unique<node::Driver>(*store, node, node.config, draw_seed(rng_), now_);
}

void ReplicaCluster::crash(std::size_t index) {
  Node& node = *nodes_[index];
  node.driver.reset();
  node.front.reset();
  node.journal.reset();
  node.late.reset();
  node.store.crash();
  node.mute = false;
  node.first_kept = {next_exchange_};
  std::vector<End> lost;
  for (const auto& [end, other] : ends_) {
    if (end.first == index) lost.push_back(end);
  }
  for (const End& end : lost) close(end, false);
}

node::MemoryStore ReplicaCluster::placed(std::size_t index) const {
  node::MemoryStore copy = nodes_[index]->store;
  // Nothing may wait: opening it moves all.
  if (options_.write_behind) {
    node::JournalRows journal(copy);
    CHECK(node::WriteBehind(copy, journal, {0, 1}).open());
  }
  return copy;
}

SignedCommand ReplicaCluster::command(const std::string& text, const std::string& user,
                                      const std::string& channel) {
  std::string body;
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"api_app_id", "A1"},
                                    {"team_id", "T1"},
                                    {"channel_id", channel},
                                    {"user_id", user},
                                    {"user_name", "name-of-" + user},
                                    {"command", "/ir"},
                                    {"text", text},
                                    {"trigger_id", std::to_string(next_trigger_++)}}) {
    body += (body.empty() ? "" : "&") + slack::form_encode(name, value);
  }
  const auto second = std::chrono::floor<std::chrono::seconds>(now_.wall.time_since_epoch());
  return {body, std::to_string(second.count()), slack::sign(kSecret, second, body)};
}

node::HttpRequest ReplicaCluster::request(const SignedCommand& command) const {
  node::HttpRequest request;
  request.method = "POST";
  request.target = "/slack/commands";
  request.content_type = "application/x-www-form-urlencoded";
  request.timestamps = {command.timestamp};
  request.signatures = {command.signature};
  request.body = command.body;
  return request;
}

node::HttpRequest ReplicaCluster::get(const std::string& target, node::Listener listener) {
  node::HttpRequest request;
  request.listener = listener;
  request.method = "GET";
  request.target = target;
  request.authorization = kOperator;
  return request;
}

node::ExchangeId ReplicaCluster::submit(std::size_t index, node::HttpRequest request) {
  const node::ExchangeId exchange{next_exchange_++};
  request.exchange = exchange;
  CHECK(nodes_[index]->driver->submit(std::move(request)));
  return exchange;
}

const node::HttpReply* ReplicaCluster::reply(std::size_t index, node::ExchangeId exchange) const {
  const auto found = nodes_[index]->replies.find(exchange);
  return found == nodes_[index]->replies.end() ? nullptr : &found->second;
}

bool ReplicaCluster::given_up(std::size_t index, node::ExchangeId exchange) const {
  return reply(index, exchange) == nullptr && exchange < nodes_[index]->first_kept;
}

node::HttpReply ReplicaCluster::ask(std::size_t index, node::HttpRequest request) {
  const node::ExchangeId exchange = submit(index, std::move(request));
  pump();
  for (int waited = 0; waited < 1'000 && reply(index, exchange) == nullptr; ++waited) {
    pass(std::chrono::milliseconds(1));
  }
  CHECK(reply(index, exchange) != nullptr);
  return *reply(index, exchange);
}

std::string ReplicaCluster::ask(std::size_t index, const SignedCommand& command) {
  return ask(index, request(command)).body;
}

std::string ReplicaCluster::type(std::size_t index, const std::string& text,
                                 const std::string& user, const std::string& channel) {
  return ask(index, command(text, user, channel));
}

bool ReplicaCluster::run_batch(std::size_t index) {
  Node& node = *nodes_[index];
  if (node.driver == nullptr || node.driver->idle()) return false;
  node.driver->run_batch({now_.steady, now_.wall + node.ahead});
  if (node.mute) crash(index);
  return true;
}

void ReplicaCluster::perform(Node& node, node::Effects effects) {
  if (node.mute) return;
  effects_.emplace_back(node.index, effects);
  for (node::HttpReply& reply : effects.replies) {
    const node::ExchangeId exchange = reply.exchange;
    CHECK(node.replies.emplace(exchange, std::move(reply)).second);  // One answer each.
  }
  for (node::LinkSend& send : effects.sends) {
    const auto end = ends_.find({node.index, send.link});
    if (end != ends_.end()) inbox_[end->second].push_back(std::move(send.bytes));
  }
  for (const node::Notice& notice : effects.notices) node.notices.push_back(notice.text);
  for (const node::LinkClose& closing : effects.closes) close({node.index, closing.link}, false);
  for (const node::Dial& dialled : effects.dials) dial(node, dialled.address);
}

void ReplicaCluster::dial(Node& node, const std::string& address) {
  const std::size_t to = std::stoul(address);
  if (cuts_.contains(std::minmax(node.index, to)) || !running(to)) {
    static_cast<void>(node.driver->submit(node::DialFailed{address, "refused"}));
    return;
  }
  const End here{node.index, {next_link_++}};
  const End there{to, {next_link_++}};
  ends_[here] = there;
  ends_[there] = here;
  static_cast<void>(nodes_[to]->driver->submit(node::LinkOpened{there.second, ""}));
  static_cast<void>(node.driver->submit(node::LinkOpened{here.second, address}));
}

void ReplicaCluster::close(const End& end, bool tell_both) {
  const auto found = ends_.find(end);
  if (found == ends_.end()) return;
  const End other = found->second;
  for (const End& gone : {end, other}) {
    ends_.erase(gone);
    inbox_.erase(gone);
  }
  const auto tell = [this](const End& to) {
    if (!running(to.first)) return;
    static_cast<void>(nodes_[to.first]->driver->submit(node::LinkClosed{to.second, "reset"}));
  };
  tell(other);
  if (tell_both) tell(end);
}

void ReplicaCluster::close_all(std::size_t index) {
  std::vector<End> all;
  for (const auto& [end, other] : ends_) {
    if (end.first == index) all.push_back(end);
  }
  for (const End& end : all) close(end, false);
}

void ReplicaCluster::cut(std::size_t a, std::size_t b) {
  cuts_.insert(std::minmax(a, b));
  std::vector<End> lost;
  for (const auto& [end, other] : ends_) {
    if (end.first == a && other.first == b) lost.push_back(end);
  }
  for (const End& end : lost) close(end, true);
}

void ReplicaCluster::heal() { cuts_.clear(); }

std::size_t ReplicaCluster::links(std::size_t index) const {
  return static_cast<std::size_t>(std::count_if(
      ends_.begin(), ends_.end(), [&](const auto& entry) { return entry.first.first == index; }));
}

bool ReplicaCluster::deliver_one() {
  if (stalled_) return false;
  std::vector<End> waiting;
  for (const auto& [end, pieces] : inbox_) {
    if (!pieces.empty()) waiting.push_back(end);
  }
  if (waiting.empty()) return false;
  const End end = waiting[rng_.below(waiting.size())];
  std::deque<crdt::Bytes>& pieces = inbox_[end];
  crdt::Bytes piece = std::move(pieces.front());
  pieces.pop_front();
  if (piece.size() > 1 && rng_.below(8) == 0) {  // TCP cuts where it likes.
    const std::size_t at = 1 + rng_.below(piece.size() - 1);
    pieces.push_front(piece.substr(at));
    piece.resize(at);
  }
  if (!running(end.first)) return true;
  CHECK(nodes_[end.first]->driver->submit(node::LinkBytes{end.second, std::move(piece)}));
  return true;
}

void ReplicaCluster::pump() {
  bool moved = true;
  while (moved) {
    moved = deliver_one();
    for (std::size_t i = 0; i < nodes_.size(); ++i) moved = run_batch(i) || moved;
  }
}

void ReplicaCluster::pass(std::chrono::milliseconds time) {
  const crdt::Instant until = now_.steady + time;
  pump();
  while (now_.steady < until) {
    crdt::Instant next = until;
    for (const auto& node : nodes_) {
      if (node->driver == nullptr || !node->driver->wake_at()) continue;
      next = std::min(next, *node->driver->wake_at());
    }
    next = std::max(next, now_.steady + std::chrono::microseconds(100));
    now_.wall += next - now_.steady;
    now_.steady = next;
    for (const auto& node : nodes_) {
      if (node->driver == nullptr || !node->driver->wake_at()) continue;
      if (*node->driver->wake_at() > now_.steady) continue;
      static_cast<void>(node->driver->submit(node::Wake{}));
    }
    pump();
  }
}

// Every pair that can be is linked, and no node has anything left to tell another.
bool ReplicaCluster::quiet() {
  for (std::size_t a = 0; a < size(); ++a) {
    if (!running(a)) continue;
    std::size_t reachable = 0;
    for (std::size_t b = 0; b < size(); ++b) {
      if (b != a && running(b) && !cuts_.contains(std::minmax(a, b))) ++reachable;
    }
    const auto status = nlohmann::json::parse(ask(a, get("/status")).body);
    for (const auto& peer : status["peers"]) {
      if (peer["state"] != "linked") continue;
      --reachable;
      if (peer["lag"] != 0) return false;
    }
    if (reachable != 0) return false;
  }
  return true;
}

bool ReplicaCluster::settle() {
  for (int waited = 0; waited < 120; ++waited) {
    pass(std::chrono::milliseconds(500));
    if (quiet()) return true;
  }
  return false;
}

}  // namespace tests
