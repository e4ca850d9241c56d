#include "simulation/network.h"

#include <algorithm>
#include <utility>

#include "simulation/diagram.h"

namespace simulation {
namespace {

constexpr std::size_t kRecordedMax = 64;           // Pieces kept for replays, for each receiver.
constexpr std::size_t kRecordedBytesMax = 16'384;  // Of one piece.
constexpr std::uint64_t kMillion = 1'000'000;

}  // namespace

Network::Network(Scheduler& scheduler, NetworkUser& user, Coverage& coverage,
                 const Options& options)
    : scheduler_(scheduler),
      user_(user),
      coverage_(coverage),
      nodes_(options.nodes),
      calm_{options.delay_min, options.delay_mean, 0, 0, Weather{}.piece_max},
      weather_(nodes_ * nodes_, calm_),
      blocks_(nodes_ * nodes_, 0),
      records_(options.faults.contains(FaultKind::kReplay)),
      recorded_(nodes_) {
  for (std::uint64_t i = 0; i < nodes_ * nodes_; ++i) {
    dice_.emplace_back(options.seed, "network", i);
  }
}

Duration Network::draw_delay(NodeIndex from, NodeIndex to) {
  const Weather& now = weather(from, to);
  return now.delay_min + dice(from, to).exponential(now.delay_mean);
}

void Network::clear_weather() { std::fill(weather_.begin(), weather_.end(), calm_); }

// --- connecting ---

void Network::dial(NodeIndex from, NodeIndex to, const std::string& address) {
  const auto fail = [this, from, address](const std::string& reason) {
    if (user_.listens(from)) user_.dial_failed(from, address, reason);
  };
  if (blocked(from, to) || blocked(to, from) || !user_.powered(to)) {
    coverage_.reach(Mark::kDialTimedOut);
    return scheduler_.after(kConnectTimeout, [fail] { fail("no answer in time"); });
  }
  const Duration there = draw_delay(from, to);
  const Duration back = draw_delay(to, from);
  scheduler_.after(there + back, [this, from, to, address, fail] {
    if (!user_.listens(to)) {
      coverage_.reach(Mark::kDialRefused);
      return fail("connection refused");
    }
    if (user_.listens(from)) open(from, to, address);
  });
}

void Network::open(NodeIndex from, NodeIndex to, const std::string& address) {
  const ConnectionId id = next_connection_++;
  Connection& connection = connections_[id];
  for (const NodeIndex node : {from, to}) {
    End end;
    end.node = node;
    end.link = {next_link_++};
    by_link_[{node, end.link}] = {id, connection.ends.size()};
    connection.ends.push_back(std::move(end));
  }
  const gossip::LinkId accepted = connection.ends[1].link;
  const gossip::LinkId dialled = connection.ends[0].link;
  user_.link_opened(to, accepted, "");
  user_.link_opened(from, dialled, address);
}

bool Network::linked(NodeIndex a, NodeIndex b) const {
  return std::any_of(connections_.begin(), connections_.end(), [&](const auto& entry) {
    const auto& ends = entry.second.ends;
    const bool here = ends[0].node == a && ends[1].node == b;
    const bool there = ends[0].node == b && ends[1].node == a;
    return (here || there) && ends[0].open && ends[1].open;
  });
}

std::vector<Network::ConnectionId> Network::connections_of(NodeIndex node) const {
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : connections_) {
    const auto& ends = connection.ends;
    if ((ends[0].node == node && ends[0].open) || (ends[1].node == node && ends[1].open)) {
      ids.push_back(id);
    }
  }
  return ids;
}

// --- moving bytes ---

void Network::send(NodeIndex node, gossip::LinkId link, crdt::Bytes bytes) {
  const auto found = by_link_.find({node, link});
  if (found == by_link_.end() || bytes.empty()) return;
  const auto [id, end] = found->second;
  const std::size_t to = 1 - end;
  End& receiver = connections_.at(id).ends[to];
  bytes_sent_ += bytes.size();
  if (receiver.incoming_bytes + bytes.size() > kBacklogBytesMax) {
    leave(id, end, PieceKind::kReset, "reset by peer");
    return user_.link_closed(node, link, "the peer does not read what it is sent");
  }
  const std::uint64_t drawn =
      diagram_ == nullptr ? 0
                          : diagram_->on_send(scheduler_.now(), node, receiver.node, bytes.size());
  const Weather& now = weather(node, receiver.node);
  Dice& draws = dice(node, receiver.node);
  if (now.reset_per_million > 0 && draws.chance(now.reset_per_million, kMillion)) {
    coverage_.reach(Mark::kFrameBroken);
    bytes.resize(draws.below(bytes.size()));
    const Time due = scheduler_.now() + draw_delay(node, receiver.node);
    if (!bytes.empty()) put(id, to, {due, PieceKind::kBytes, std::move(bytes), ""});
    return break_off(id, "connection reset");
  }
  if (now.flip_per_million > 0 && draws.chance(now.flip_per_million, kMillion)) {
    coverage_.reach(Mark::kBitFlippedOnTheWay);
    const std::uint64_t bit = draws.below(bytes.size() * 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  }
  if (records_) record(receiver.node, bytes);
  put(id, to,
      {scheduler_.now() + draw_delay(node, receiver.node), PieceKind::kBytes, std::move(bytes), "",
       0, drawn});
}

void Network::put(ConnectionId id, std::size_t to, Piece piece) {
  End& end = connections_.at(id).ends[to];
  piece.due = std::max(piece.due, end.last);  // In order.
  end.last = piece.due;
  end.incoming_bytes += piece.bytes.size();
  backlog_max_ = std::max(backlog_max_, end.incoming_bytes);
  end.incoming.push_back(std::move(piece));
  schedule(id, to);
}

void Network::schedule(ConnectionId id, std::size_t to) {
  End& end = connections_.at(id).ends[to];
  if (end.due || end.incoming.empty()) return;
  end.due = true;
  const std::uint64_t arrival = ++end.arrivals;
  scheduler_.at(end.incoming.front().due, [this, id, to, arrival] { arrive(id, to, arrival); });
}

void Network::arrive(ConnectionId id, std::size_t to, std::uint64_t arrival) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  End& end = found->second.ends[to];
  if (end.arrivals != arrival || end.incoming.empty()) return;
  end.due = false;
  const NodeIndex from = found->second.ends[1 - to].node;
  if (blocked(from, end.node)) return coverage_.reach(Mark::kBytesHeldBack);  // unblock() goes on.
  Piece piece = std::move(end.incoming.front());
  end.incoming.pop_front();
  end.incoming_bytes -= piece.bytes.size();
  const std::size_t piece_max = weather(from, end.node).piece_max;
  if (piece.bytes.size() > piece_max && piece.drips < kDripsMax) {
    Piece rest = piece;
    rest.bytes.erase(0, piece_max);
    ++rest.drips;
    piece.bytes.resize(piece_max);
    end.incoming_bytes += rest.bytes.size();
    end.incoming.push_front(std::move(rest));
  }
  schedule(id, to);
  deliver(id, to, std::move(piece));
}

void Network::deliver(ConnectionId id, std::size_t to, Piece piece) {
  End& end = connections_.at(id).ends[to];
  if (piece.kind != PieceKind::kBytes) return end_at(id, to, piece.reason);
  if (end.open && piece.drawn != 0) diagram_->on_arrival(scheduler_.now(), piece.drawn);
  if (end.open) return user_.link_bytes(end.node, end.link, std::move(piece.bytes));
  // Its end is gone. A host that runs says so; one without power says nothing.
  if (!user_.powered(end.node)) return;
  End& sender = connections_.at(id).ends[1 - to];
  if (!sender.open) return forget_if_over(id);
  put(id, 1 - to,
      {scheduler_.now() + draw_delay(end.node, sender.node),
       PieceKind::kReset,
       {},
       "reset by peer"});
}

// The other side closed or reset the connection, and this end hears of it.
void Network::end_at(ConnectionId id, std::size_t end, const std::string& reason) {
  End& here = connections_.at(id).ends[end];
  if (!here.open) return forget_if_over(id);
  here.open = false;
  const NodeIndex node = here.node;
  const gossip::LinkId link = here.link;
  by_link_.erase({node, link});
  forget_if_over(id);
  if (user_.listens(node)) user_.link_closed(node, link, reason);
}

// This end is given up by its own side; what it sent before still arrives.
void Network::leave(ConnectionId id, std::size_t end, PieceKind kind, const std::string& reason) {
  Connection& connection = connections_.at(id);
  End& here = connection.ends[end];
  here.open = false;
  by_link_.erase({here.node, here.link});
  End& other = connection.ends[1 - end];
  if (!other.open) return forget_if_over(id);
  put(id, 1 - end, {scheduler_.now() + draw_delay(here.node, other.node), kind, {}, reason});
}

void Network::forget_if_over(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (!found->second.ends[0].open && !found->second.ends[1].open) connections_.erase(found);
}

void Network::close(NodeIndex node, gossip::LinkId link) {
  const auto found = by_link_.find({node, link});
  if (found == by_link_.end()) return;
  const auto [id, end] = found->second;
  leave(id, end, PieceKind::kClose, "the peer closed the connection");
}

// --- what happens to connections ---

void Network::drop_links(NodeIndex node) {
  for (const ConnectionId id : connections_of(node)) {
    const std::size_t end = connections_.at(id).ends[0].node == node ? 0 : 1;
    leave(id, end, PieceKind::kReset, "reset by peer");
  }
}

void Network::forget_links(NodeIndex node) {
  for (const ConnectionId id : connections_of(node)) {
    Connection& connection = connections_.at(id);
    End& end = connection.ends[connection.ends[0].node == node ? 0 : 1];
    end.open = false;
    by_link_.erase({node, end.link});
    coverage_.reach(Mark::kHalfOpenLink);
    forget_if_over(id);
  }
}

// Something between the two ends breaks it: both learn of it, each when what is on its way came.
void Network::break_off(ConnectionId id, const std::string& reason) {
  coverage_.reach(Mark::kLinkReset);
  for (const std::size_t to : {0, 1}) {
    const Connection& connection = connections_.at(id);
    const NodeIndex from = connection.ends[1 - to].node;
    const Duration delay = draw_delay(from, connection.ends[to].node);
    put(id, to, {scheduler_.now() + delay, PieceKind::kReset, {}, reason});
  }
}

void Network::reset_links(NodeIndex node) {
  for (const ConnectionId id : connections_of(node)) break_off(id, "connection reset");
}

void Network::reset_between(NodeIndex a, NodeIndex b) {
  for (const ConnectionId id : connections_of(a)) {
    const auto& ends = connections_.at(id).ends;
    if (ends[0].node == b || ends[1].node == b) break_off(id, "connection reset");
  }
}

void Network::block(NodeIndex from, NodeIndex to) { ++blocks_[from * nodes_ + to]; }

void Network::unblock(NodeIndex from, NodeIndex to) {
  std::uint32_t& count = blocks_[from * nodes_ + to];
  if (count == 0 || --count > 0) return;
  for (auto& [id, connection] : connections_) {
    for (const std::size_t end : {0, 1}) {
      End& receiver = connection.ends[end];
      if (receiver.node != to || connection.ends[1 - end].node != from) continue;
      if (receiver.incoming.empty() || receiver.due) continue;
      Time& due = receiver.incoming.front().due;
      due = std::max(due, scheduler_.now() + kResend);
      receiver.last = std::max(receiver.last, due);
      schedule(id, end);
    }
  }
}

void Network::unblock_all() {
  for (NodeIndex from = 0; from < nodes_; ++from) {
    for (NodeIndex to = 0; to < nodes_; ++to) {
      blocks_[from * nodes_ + to] = std::min<std::uint32_t>(blocks_[from * nodes_ + to], 1);
      unblock(from, to);
    }
  }
}

// --- replays ---

void Network::record(NodeIndex to, const crdt::Bytes& bytes) {
  std::deque<crdt::Bytes>& kept = recorded_[to];
  if (kept.size() >= kRecordedMax) kept.pop_front();
  kept.push_back(bytes.substr(0, kRecordedBytesMax));
}

void Network::replay(NodeIndex node, Dice& dice) {
  if (recorded_[node].empty() || !user_.listens(node)) return;
  const crdt::Bytes bytes = recorded_[node][dice.below(recorded_[node].size())];
  const std::vector<ConnectionId> live = connections_of(node);
  if (!live.empty() && dice.chance(1, 2)) {
    coverage_.reach(Mark::kBytesReplayed);
    const ConnectionId id = dice.pick(live);
    const std::size_t to = connections_.at(id).ends[0].node == node ? 0 : 1;
    return put(id, to, {scheduler_.now(), PieceKind::kBytes, bytes, ""});
  }
  coverage_.reach(Mark::kStrangerReplayed);
  const ConnectionId id = next_connection_++;
  Connection& connection = connections_[id];
  connection.ends.resize(2);
  connection.ends[0].node = (node + 1) % nodes_;
  connection.ends[0].open = false;
  connection.ends[1].node = node;
  connection.ends[1].link = {next_link_++};
  const gossip::LinkId link = connection.ends[1].link;
  by_link_[{node, link}] = {id, 1};
  user_.link_opened(node, link, "");
  put(id, 1, {scheduler_.now(), PieceKind::kBytes, bytes, ""});
}

}  // namespace simulation
