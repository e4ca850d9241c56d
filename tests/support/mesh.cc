#include "tests/support/mesh.h"

#include <algorithm>
#include <tuple>

#include "crdt/check.h"
#include "crdt/keyspace.h"
#include "tests/support/seed.h"

namespace test {

using tests::draw_seed;
using tests::seed_of;

Mesh::Mesh(std::size_t nodes, std::uint64_t seed)
    : Mesh(nodes, seed, [](std::size_t, gossip::Config&) {}) {}

Mesh::Mesh(std::size_t nodes, std::uint64_t seed, const Configure& configure)
    : rng_(seed_of(seed)) {
  std::vector<gossip::PrivateKey> keys;
  for (std::size_t i = 0; i < nodes; ++i) keys.push_back(gossip::draw_private_key(rng_));
  for (std::size_t i = 0; i < nodes; ++i) {
    auto node = std::make_unique<Node>();
    node->index = i;
    node->config.cluster = "test";
    node->config.identity = keys[i];
    for (std::size_t j = 0; j < nodes; ++j) {
      if (j == i) continue;
      node->config.peers.push_back(
          {std::string(1, static_cast<char>('a' + j)), std::to_string(j), public_key_of(keys[j])});
    }
    configure(i, node->config);
    nodes_.push_back(std::move(node));
  }
  for (const auto& node : nodes_) start(*node);
}

std::size_t Mesh::add(gossip::Config config) {
  auto node = std::make_unique<Node>();
  node->index = nodes_.size();
  node->config = std::move(config);
  nodes_.push_back(std::move(node));
  start(*nodes_.back());
  return nodes_.size() - 1;
}

crdt::Result<gossip::JoinAnswer> Mesh::join(std::size_t sponsor, const gossip::Token& token,
                                            const gossip::PrivateKey& identity,
                                            const gossip::JoinRequest& request) {
  Node& node = *nodes_[sponsor];
  joining_ = gossip::LinkId{next_link_++};
  run(node, [&] {
    node.peer->tell_wall(crdt::WallTime(now_.time_since_epoch()));
    node.peer->link_opened(now_, *joining_, "");
  });
  gossip::Joiner joiner(token, token.sponsors.at(0), identity, request, rng_);
  crdt::Bytes out = joiner.start();
  while (!out.empty() && !joiner.answer()) {
    run(node, [&] { node.peer->link_bytes(now_, *joining_, out); });
    auto next = joiner.receive(std::exchange(to_joiner_, {}));
    if (!next) return next.error();
    out = std::move(*next);
  }
  joining_.reset();
  if (!joiner.answer()) return crdt::Error("the sponsor closed the link");
  return *joiner.answer();
}

crdt::Result<void> Mesh::submit(std::size_t index, const crdt::Record& entry) {
  Node& node = *nodes_[index];
  crdt::Result<void> outcome;
  run(node, [&] { outcome = node.peer->submit(entry); });
  return outcome;
}

void Mesh::start(Node& node) {
  node.self = crdt::ReplicaId{rng_.next() | 1};
  begin(node);
}

void Mesh::begin(Node& node) {
  node.repository = std::make_unique<crdt::Repository>();
  node.repository->use(node.store.begin());
  std::ignore = node.repository->open();  // A damaged log is repaired.
  node.repository->begin_run(node.self);
  node.peer = std::make_unique<gossip::Peer>(node.config, std::string(1, 'a' + node.index),
                                             draw_seed(rng_), node.self, *node.repository);
  CHECK(node.store.commit());
}

template <class Body>
void Mesh::run(Node& node, Body body) {
  node.repository->use(node.store.begin());
  body();
  node.peer->batch_end(now_);
  CHECK(node.store.commit());
  perform(node, node.peer->take_output());
  if (node.repository->wants_new_run()) restart(node.index);
}

void Mesh::perform(Node& node, gossip::Output output) {
  for (gossip::Send& send : output.sends) {
    if (joining_ == send.link) to_joiner_ += send.bytes;
    if (ends_.contains({node.index, send.link})) {
      carry({node.index, send.link}, std::move(send.bytes));
    }
  }
  for (const gossip::Notice& notice : output.notices) notices_.push_back(notice.text);
  for (const gossip::LinkId link : output.closes) close({node.index, link});
  for (const std::string& address : output.dials) dial(node.index, address);
}

void Mesh::carry(const End& from, crdt::Bytes bytes) {
  const End to = ends_.at(from);
  bytes_sent_ += bytes.size();
  const auto tap = taps_.find(from);
  if (tap == taps_.end()) return inbox_[to].push_back(std::move(bytes));
  const bool from_dialler = tap->second.first;
  LinkTap::Out out = tap->second.second->bytes(from_dialler, bytes);
  if (!from_dialler) std::swap(out.to_dialler, out.to_accepter);  // Now `from` comes first.
  if (!out.to_dialler.empty()) inbox_[from].push_back(std::move(out.to_dialler));
  if (!out.to_accepter.empty()) inbox_[to].push_back(std::move(out.to_accepter));
}

void Mesh::put_tap(const End& dialler, const End& accepter) {
  const auto pass = [this, dialler, accepter](bool from_dialler, crdt::BytesView frame) {
    return from_dialler ? tap_(dialler.first, accepter.first, frame)
                        : tap_(accepter.first, dialler.first, frame);
  };
  const auto tap = std::make_shared<LinkTap>(nodes_[dialler.first]->config,
                                             nodes_[accepter.first]->config, rng_, pass);
  taps_[dialler] = {true, tap};
  taps_[accepter] = {false, tap};
  inbox_[accepter].push_back(tap->start().to_accepter);
}

void Mesh::dial(std::size_t from, const std::string& address) {
  const std::size_t to = std::stoul(address);
  if (to >= nodes_.size() || cuts_.contains(std::minmax(from, to))) {
    run(*nodes_[from], [&] { nodes_[from]->peer->dial_failed(now_, address, "refused"); });
    return;
  }
  const End here{from, {next_link_++}};
  const End there{to, {next_link_++}};
  ends_[here] = there;
  ends_[there] = here;
  if (tap_) put_tap(here, there);
  run(*nodes_[to], [&] { nodes_[to]->peer->link_opened(now_, there.second, ""); });
  run(*nodes_[from], [&] { nodes_[from]->peer->link_opened(now_, here.second, address); });
}

// `end` closed its side: what it sent before still arrives nowhere, as after a reset.
void Mesh::close(const End& end) {
  const auto found = ends_.find(end);
  if (found == ends_.end()) return;
  const End other = found->second;
  ends_.erase(end);
  ends_.erase(other);
  inbox_.erase(end);
  inbox_.erase(other);
  taps_.erase(end);
  taps_.erase(other);
  Node& node = *nodes_[other.first];
  run(node, [&] { node.peer->link_closed(now_, other.second, "reset"); });
}

std::uint64_t Mesh::edit(std::size_t index, const std::string& key,
                         const std::function<void(crdt::Edit&)>& body, const std::string& told) {
  Node& node = *nodes_[index];
  std::uint64_t seq = 0;
  run(node, [&] {
    const auto document = node.repository->document(key);
    if (!document) return;  // Damaged: nothing is changed.
    crdt::Edit edit(**document, node.self, {{0, next_request_++}, "U1"},
                    {now_.time_since_epoch().count()}, node.repository->previous_context(key));
    body(edit);
    const crdt::Change change{{{key, edit.finish()}},
                              {{"t" + std::to_string(next_request_), told}}};
    const auto outcome = node.repository->apply(change);
    CHECK(outcome && outcome->applied == crdt::Applied::kApplied);
    seq = outcome->seq;
    if (watch_) watch_(index, change);
    node.peer->push(seq, change);
  });
  return seq;
}

std::uint64_t Mesh::write(std::size_t node, const std::string& key, const std::string& path,
                          const std::string& value) {
  return edit(
      node, key, [&](crdt::Edit& edit) { edit.write(path, value); }, value);
}

void Mesh::remove(std::size_t node, const std::string& key, const std::string& path) {
  edit(
      node, key, [&](crdt::Edit& edit) { edit.remove(path); }, "removed " + path);
}

void Mesh::insert(std::size_t index, const std::vector<crdt::Record>& records) {
  Node& node = *nodes_[index];
  run(node, [&] {
    const crdt::Change change{{}, records};
    const auto outcome = node.repository->apply(change);
    CHECK(outcome);
    if (watch_) watch_(index, change);
    if (outcome->seq != 0) node.peer->push(outcome->seq, change);
  });
}

std::string Mesh::read(std::size_t index, const std::string& key, const std::string& path) {
  Node& node = *nodes_[index];
  node.repository->use(node.store.begin());
  const auto document = node.repository->document(key);
  CHECK(document);
  const crdt::Leaf* leaf = (*document)->winner(path);
  const std::string value = leaf == nullptr ? "" : leaf->value;
  node.store.abort();
  return value;
}

crdt::Document Mesh::document(std::size_t index, const std::string& key) {
  Node& node = *nodes_[index];
  crdt::Repository repository;
  repository.use(node.store.begin());
  const auto document = repository.document(key);
  CHECK(document);
  crdt::Document copy = **document;
  node.store.abort();
  return copy;
}

void Mesh::flip(std::size_t index, const crdt::Bytes& row) {
  node::MemoryStore& store = nodes_[index]->store;
  crdt::Transaction& txn = store.begin();
  crdt::Bytes value(txn.get(row).value());
  value.back() = static_cast<char>(value.back() ^ 1);
  txn.put(row, value);
  CHECK(store.commit());
}

void Mesh::damage(std::size_t index, const crdt::Bytes& row) {
  flip(index, row);
  restart(index);
}

void Mesh::alter(std::size_t index, const std::function<void(crdt::Transaction&)>& body) {
  node::MemoryStore& store = nodes_[index]->store;
  body(store.begin());
  CHECK(store.commit());
  restart(index);
}

void Mesh::damage_any(std::size_t index) {
  const auto& contents = nodes_[index]->store.contents();
  if (contents.empty()) return;
  const auto row =
      std::next(contents.begin(), static_cast<std::ptrdiff_t>(rng_.below(contents.size())));
  const bool log = row->first.starts_with(crdt::keyspace::log(0).front());
  if (!row->second.empty() && !log) damage(index, crdt::Bytes(row->first));
}

std::vector<gossip::PeerStatus> Mesh::status(std::size_t index) {
  Node& node = *nodes_[index];
  node.repository->use(node.store.begin());
  auto all = node.peer->status();
  node.store.abort();
  return all;
}

void Mesh::cut(std::size_t a, std::size_t b) {
  cuts_.insert(std::minmax(a, b));
  std::vector<End> closing;
  for (const auto& [end, other] : ends_) {
    if (std::minmax(end.first, other.first) == std::minmax(a, b)) closing.push_back(end);
  }
  for (const End& end : closing) {
    const auto found = ends_.find(end);
    if (found == ends_.end()) continue;
    close(end);
    Node& node = *nodes_[end.first];
    run(node, [&] { node.peer->link_closed(now_, end.second, "cut"); });
  }
}

void Mesh::heal() { cuts_.clear(); }

void Mesh::heal(std::size_t a, std::size_t b) { cuts_.erase(std::minmax(a, b)); }

void Mesh::roll_back(std::size_t index, const node::MemoryStore& snapshot) {
  nodes_[index]->store = snapshot;
  restart(index);
}

void Mesh::put_back(std::size_t index, const node::MemoryStore& snapshot) {
  const crdt::ReplicaId self = nodes_[index]->self;
  roll_back(index, snapshot);
  nodes_[index]->store = snapshot;
  nodes_[index]->self = self;
  nodes_[index]->config.run_min = {};  // It runs since before.
  begin(*nodes_[index]);
}

void Mesh::mark_catching_up(std::size_t index) {
  Node& node = *nodes_[index];
  node.repository->use(node.store.begin());
  node.repository->set_catching_up("it was restored");
  CHECK(node.store.commit());
}

void Mesh::restart(std::size_t index, const gossip::Config& config) {
  nodes_[index]->config = config;
  restart(index);
}

void Mesh::restart(std::size_t index) {
  std::vector<End> closing;
  for (const auto& [end, other] : ends_) {
    if (end.first == index) closing.push_back(end);
  }
  start(*nodes_[index]);
  for (const End& end : closing) close(end);
}

bool Mesh::deliver_one() {
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
  Node& node = *nodes_[end.first];
  run(node, [&] { node.peer->link_bytes(now_, end.second, piece); });
  return true;
}

void Mesh::pass_time() {
  std::optional<crdt::Instant> next;
  for (const auto& node : nodes_) {
    const auto at = node->peer->wake_at();
    if (at && (!next || *at < *next)) next = at;
  }
  if (next) now_ = std::max(now_ + std::chrono::milliseconds(1), *next);
  for (const auto& node : nodes_) {
    run(*node, [&] { node->peer->wake(now_); });
  }
}

bool Mesh::sound(std::size_t index) const {
  const crdt::Repository& repository = *nodes_[index]->repository;
  return repository.damages().empty() && repository.damaged_records().empty() &&
         !repository.walk_due();
}

void Mesh::pass(std::chrono::seconds time) {
  const crdt::Instant until = now_ + time;
  while (now_ < until) {
    while (deliver_one()) {
    }
    pass_time();
  }
}

bool Mesh::settle(int seconds) {
  const crdt::Instant until = now_ + std::chrono::seconds(seconds);
  while (now_ < until) {
    while (deliver_one()) {
    }
    bool quiet = true;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!sound(i)) quiet = false;
      for (const gossip::PeerStatus& status : status(i)) {
        const std::size_t other = std::stoul(status.address);
        const bool reachable = other < nodes_.size() && !cuts_.contains(std::minmax(i, other));
        if (reachable && (status.state != "linked" || status.lag != 0)) quiet = false;
      }
    }
    if (quiet) return true;
    pass_time();
  }
  return false;
}

bool Mesh::equal() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
    return node->repository->digest() == nodes_.front()->repository->digest();
  });
}

}  // namespace test
