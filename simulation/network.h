// Network: connections between nodes as TCP carries them, and everything that happens to TCP.
//
// Shape    a connection is two streams of pieces, each in order; pieces of different connections
//          overtake each other. A direction between two nodes can be blocked: what is sent waits
//          there, as TCP would send it again, and comes when the way is free; meanwhile neither end
//          learns of the other's death. Whoever sends into a connection whose other end is gone
//          gets a reset.
// Size     kBacklogBytesMax on the way in one direction of a connection, then its sender is told
//          that the peer does not read, as node's own transport does.
// Laws     bytes of one stream arrive in order, once, unaltered, unless Weather says otherwise.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "crdt/bytes.h"
#include "gossip/link_id.h"
#include "simulation/coverage.h"
#include "simulation/dice.h"
#include "simulation/plan.h"
#include "simulation/scheduler.h"

namespace simulation {

// What one direction between two nodes does to what passes.
struct Weather {
  Duration delay_min{};
  Duration delay_mean{};                // On top, exponential.
  std::uint64_t reset_per_million = 0;  // Of pieces: the connection breaks, perhaps within it.
  std::uint64_t flip_per_million = 0;   // Of pieces: one bit turns.
  std::size_t piece_max = 65'536;       // Of the first kDripsMax reads of what one send brings.
};

// Who is told. A node that is down hears nothing; the network asks first.
class NetworkUser {
 public:
  virtual ~NetworkUser() = default;
  [[nodiscard]] virtual bool listens(NodeIndex node) = 0;  // Its process runs.
  [[nodiscard]] virtual bool powered(NodeIndex node) = 0;  // Its host answers, if only "refused".
  virtual void link_opened(NodeIndex node, gossip::LinkId link, const std::string& address) = 0;
  virtual void link_bytes(NodeIndex node, gossip::LinkId link, crdt::Bytes bytes) = 0;
  virtual void link_closed(NodeIndex node, gossip::LinkId link, const std::string& reason) = 0;
  virtual void dial_failed(NodeIndex node, const std::string& address,
                           const std::string& reason) = 0;
};

class Diagram;

class Network {
 public:
  static constexpr std::size_t kBacklogBytesMax = 8 << 20;
  static constexpr Duration kConnectTimeout = 3s;
  static constexpr std::size_t kDripsMax = 40;  // Frame heads and ends; all of it would take hours.
  static constexpr Duration kResend = 200ms;    // TCP's, after which held back bytes come.

  Network(Scheduler& scheduler, NetworkUser& user, Coverage& coverage, const Options& options);

  // --- what nodes do ---
  void dial(NodeIndex from, NodeIndex to, const std::string& address);
  void send(NodeIndex node, gossip::LinkId link, crdt::Bytes bytes);
  void close(NodeIndex node, gossip::LinkId link);
  void drop_links(NodeIndex node);  // As its process does: the others are told.

  // --- what happens to them ---
  void forget_links(NodeIndex node);         // Nobody is told.
  void reset_links(NodeIndex node);          // Both ends learn of it.
  void block(NodeIndex from, NodeIndex to);  // Counted: as many unblocks free it.
  void unblock(NodeIndex from, NodeIndex to);
  void unblock_all();
  [[nodiscard]] bool blocked(NodeIndex from, NodeIndex to) const {
    return blocks_[from * nodes_ + to] > 0;
  }
  // Breaks every connection between them.
  void reset_between(NodeIndex a, NodeIndex b);
  [[nodiscard]] Weather& weather(NodeIndex from, NodeIndex to) {
    return weather_[from * nodes_ + to];
  }
  [[nodiscard]] const Weather& calm() const { return calm_; }
  void clear_weather();
  // Sends what was recorded on the way to `node` again: within a live connection, or in a new one.
  void replay(NodeIndex node, Dice& dice);

  // Tells `diagram`, which outlives it, what is sent and when it arrives.
  void draw(Diagram& diagram) { diagram_ = &diagram; }

  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }
  [[nodiscard]] std::size_t backlog_max() const { return backlog_max_; }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  [[nodiscard]] bool linked(NodeIndex a, NodeIndex b) const;

 private:
  enum class PieceKind { kBytes, kClose, kReset };
  struct Piece {
    Time due{};
    PieceKind kind = PieceKind::kBytes;
    crdt::Bytes bytes;
    std::string reason;       // Of kClose and kReset.
    std::size_t drips = 0;    // How often a part of it was taken off.
    std::uint64_t drawn = 0;  // Its name in the Diagram, if there is one.
  };
  struct End {
    NodeIndex node = 0;
    gossip::LinkId link;
    bool open = true;            // The node holds this end.
    std::deque<Piece> incoming;  // Towards it.
    std::size_t incoming_bytes = 0;
    bool due = false;            // An arrival is scheduled.
    Time last{};                 // The newest piece's due time.
    std::uint64_t arrivals = 0;  // Tells a stale scheduled arrival from the one meant.
  };
  struct Connection {
    std::vector<End> ends;  // Two; the first dialled. A stranger's has one that is never open.
  };
  using ConnectionId = std::uint64_t;

  void open(NodeIndex from, NodeIndex to, const std::string& address);
  void put(ConnectionId id, std::size_t to, Piece piece);
  void schedule(ConnectionId id, std::size_t to);
  void arrive(ConnectionId id, std::size_t to, std::uint64_t arrival);
  void deliver(ConnectionId id, std::size_t to, Piece piece);
  void end_at(ConnectionId id, std::size_t end, const std::string& reason);
  void leave(ConnectionId id, std::size_t end, PieceKind kind, const std::string& reason);
  void forget_if_over(ConnectionId id);
  void break_off(ConnectionId id, const std::string& reason);
  Duration draw_delay(NodeIndex from, NodeIndex to);
  [[nodiscard]] Dice& dice(NodeIndex from, NodeIndex to) { return dice_[from * nodes_ + to]; }
  void record(NodeIndex to, const crdt::Bytes& bytes);
  [[nodiscard]] std::vector<ConnectionId> connections_of(NodeIndex node) const;

  Scheduler& scheduler_;
  NetworkUser& user_;
  Coverage& coverage_;
  std::uint64_t nodes_;
  Weather calm_;
  std::vector<Weather> weather_;
  std::vector<Dice> dice_;
  std::vector<std::uint32_t> blocks_;
  std::map<ConnectionId, Connection> connections_;
  std::map<std::pair<NodeIndex, gossip::LinkId>, std::pair<ConnectionId, std::size_t>> by_link_;
  Diagram* diagram_ = nullptr;
  bool records_;
  std::vector<std::deque<crdt::Bytes>> recorded_;  // By receiver, newest last.
  ConnectionId next_connection_ = 1;
  std::uint64_t next_link_ = 1;
  std::uint64_t bytes_sent_ = 0;
  std::size_t backlog_max_ = 0;
};

}  // namespace simulation
