// ReplicaCluster: some Drivers with MemoryStores, joined by byte pipes in virtual time; signed
// slash commands in, answers out.
//
// Shape    nothing moves by itself: submit() queues, deliver_one() moves one piece of bytes,
//          run_batch() runs one transaction, pass() lets time go by. pump() does what needs no
//          time.
// Laws     two clusters of one seed that are told the same do the same, to the byte.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/rng.h"
#include "node/driver.h"
#include "node/journal_rows.h"
#include "node/memory_store.h"
#include "node/write_behind.h"

namespace tests {

// A store that lets effects out before they are durable: each commit holds only once the next
// transaction begins. To the outside this is a driver that performs before it commits.
class LateStore final : public node::Store {
 public:
  explicit LateStore(node::MemoryStore& store) : store_(store) {}

  crdt::Transaction& begin() override;
  [[nodiscard]] boost::system::result<void, node::CommitError> commit() override;
  void abort() override { store_.abort(); }
  [[nodiscard]] node::StoreSize size() const override { return store_.size(); }
  [[nodiscard]] std::optional<node::CommitError> refusal() const override {
    return store_.refusal();
  }

 private:
  node::MemoryStore& store_;
  bool owed_ = false;
};

struct SignedCommand {
  std::string body;
  std::string timestamp;
  std::string signature;
};

class ReplicaCluster {
 public:
  struct Options {
    bool late_commits = false;                              // Plants the bug of LateStore.
    std::optional<node::WriteBehind::Limits> write_behind;  // In front of each store, as a node's.
    std::chrono::milliseconds reply_hold_max{25};
    node::RetentionConfig retention;
    std::chrono::milliseconds walk_after = gossip::Config{}.walk_after;
    std::chrono::milliseconds compare_every = gossip::Config{}.compare_every;
  };

  ReplicaCluster(std::size_t nodes, std::uint64_t seed);
  ReplicaCluster(std::size_t nodes, std::uint64_t seed, Options options);

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] crdt::Rng& rng() { return rng_; }
  [[nodiscard]] const crdt::Now& now() const { return now_; }

  // `/ir <text>` as `user` types it now in `channel`, with a trigger of its own.
  [[nodiscard]] SignedCommand command(const std::string& text, const std::string& user = "U1",
                                      const std::string& channel = "C1");

  [[nodiscard]] node::HttpRequest request(const SignedCommand& command) const;
  [[nodiscard]] static node::HttpRequest get(const std::string& target,
                                             node::Listener listener = node::Listener::kAdmin);

  // Queues it at `node`; the exchange id is filled in and returned.
  node::ExchangeId submit(std::size_t node, node::HttpRequest request);
  [[nodiscard]] const node::HttpReply* reply(std::size_t node, node::ExchangeId exchange) const;
  // The client of this exchange was told to try again: it will get no answer.
  [[nodiscard]] bool given_up(std::size_t node, node::ExchangeId exchange) const;

  // Submits it and lets up to a second go by until it is answered.
  node::HttpReply ask(std::size_t node, node::HttpRequest request);
  std::string ask(std::size_t node, const SignedCommand& command);
  std::string type(std::size_t node, const std::string& text, const std::string& user = "U1",
                   const std::string& channel = "C1");

  bool deliver_one();
  bool run_batch(std::size_t node);  // False where nothing is queued.
  void pump();                       // Until nothing moves without time.
  void pass(std::chrono::milliseconds time);
  // Until every pair that can is linked and has told each other everything, a minute at most.
  bool settle();

  // From now on the wall clock of `node` is so far ahead of the others'.
  void set_ahead(std::size_t node, std::chrono::seconds time) { nodes_[node]->ahead = time; }

  void stall(bool stalled) { stalled_ = stalled; }  // Links stand, and nothing comes through.
  void cut(std::size_t a, std::size_t b);
  void heal();

  // The power of `node` goes: what was not synced is gone, and so are links and open exchanges.
  void crash(std::size_t node);
  void start(std::size_t node);
  [[nodiscard]] bool running(std::size_t node) const { return nodes_[node]->driver != nullptr; }
  // The power goes in the next batch of `node`, after its commit and before any effect.
  void crash_before_effects(std::size_t node) { nodes_[node]->mute = true; }

  [[nodiscard]] node::MemoryStore& store(std::size_t node) { return nodes_[node]->store; }
  // A copy in which no change waits: what a checker can read. REQUIRES no open transaction.
  [[nodiscard]] node::MemoryStore placed(std::size_t node) const;
  [[nodiscard]] node::Driver& driver(std::size_t node) { return *nodes_[node]->driver; }
  [[nodiscard]] const std::vector<std::string>& notices(std::size_t node) const {
    return nodes_[node]->notices;
  }
  [[nodiscard]] std::size_t links(std::size_t node) const;
  // Everything that any node performed, in order.
  [[nodiscard]] const std::vector<std::pair<std::size_t, node::Effects>>& effects() const {
    return effects_;
  }

 private:
  struct Node;
  using End = std::pair<std::size_t, gossip::LinkId>;

  void perform(Node& node, node::Effects effects);
  void dial(Node& node, const std::string& address);
  void close(const End& end, bool tell_both);
  void close_all(std::size_t node);
  [[nodiscard]] bool quiet();

  struct Node final : node::Performer {
    void perform(node::Effects&& effects) override { cluster->perform(*this, std::move(effects)); }
    void drop_links() override { cluster->close_all(index); }
    void drop_exchanges(node::ExchangeId first_kept) override { this->first_kept = first_kept; }

    ReplicaCluster* cluster = nullptr;
    std::size_t index = 0;
    node::ReplicaConfig config;
    node::MemoryStore store;
    std::unique_ptr<LateStore> late;
    std::unique_ptr<node::JournalRows> journal;
    std::unique_ptr<node::WriteBehind> front;
    std::unique_ptr<node::Driver> driver;
    bool mute = false;
    std::chrono::seconds ahead{0};
    std::map<node::ExchangeId, node::HttpReply> replies;
    node::ExchangeId first_kept;
    std::vector<std::string> notices;
  };

  Options options_;
  crdt::Rng rng_;
  crdt::Now now_{crdt::Instant(std::chrono::seconds(100)),
                 crdt::WallTime(std::chrono::seconds(1'790'000'000))};
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<End, End> ends_;
  std::map<End, std::deque<crdt::Bytes>> inbox_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  bool stalled_ = false;
  std::uint64_t next_link_ = 1;
  std::uint64_t next_exchange_ = 1;
  std::uint64_t next_trigger_ = 1;
  std::vector<std::pair<std::size_t, node::Effects>> effects_;
};

}  // namespace tests
