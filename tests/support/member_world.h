// MemberWorld: many Memberships, joined by links in virtual time: nothing else of a node.
//
// Shape    a link is a pair of ordered streams; the smaller index dials, and dials again for as
//          long as it takes. A node that declares another dead closes the link, as Peer does. What
//          reaches a paused node waits until it goes on.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "crdt/rng.h"
#include "gossip/membership.h"

namespace test {

class MemberWorld {
 public:
  using Duration = crdt::SteadyClock::duration;

  MemberWorld(std::size_t nodes, std::uint64_t seed);
  MemberWorld(const MemberWorld&) = delete;
  MemberWorld& operator=(const MemberWorld&) = delete;

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] crdt::Instant now() const { return now_; }
  [[nodiscard]] static gossip::MemberId id(std::size_t node);
  [[nodiscard]] gossip::Membership& member(std::size_t node) { return *nodes_[node].membership; }

  void kill_host(std::size_t node);     // Nobody is told.
  void kill_process(std::size_t node);  // Its host resets its links and refuses new ones.
  void restart(std::size_t node);       // Under the next incarnation, or that of `roll_back`.
  void roll_back(std::size_t node, std::uint64_t incarnation);
  void pause(std::size_t node, Duration time);
  void cut(std::size_t a, std::size_t b);  // The link breaks, and no other comes up.
  void heal();

  // Says `message` to `to` over the link that `from` has with it.
  void lie(std::size_t from, std::size_t to, const gossip::Swim& message);

  void run_for(Duration time);
  // True once `condition` holds, looked at every 50 ms; false after `time`.
  bool run_until(Duration time, const std::function<bool()>& condition);

  // Whether every running node believes `node` to be that.
  [[nodiscard]] bool all_believe(std::size_t node, gossip::Liveness state) const;
  [[nodiscard]] bool all_alive() const;  // All running nodes, to all of them.

  [[nodiscard]] std::size_t deaths() const { return deaths_; }  // Verdicts on running nodes.
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::size_t lies() const { return lies_; }  // Refused.
  crdt::Rng& rng() { return rng_; }

 private:
  struct Node {
    std::unique_ptr<gossip::Membership> membership;  // Absent: its process does not run.
    bool powered = true;
    std::uint64_t incarnation = 0;
    std::uint64_t life = 0;  // Tells what was meant for an earlier process.
    bool paused = false;
    std::deque<std::function<void()>> waiting;
    crdt::Instant tick_at{};
  };

  void start(std::size_t node);
  void at(Duration after, std::function<void()> event);
  void deliver(std::size_t node, std::function<void()> event);
  void settle(std::size_t node);  // Takes its output, arms its next tick.
  void dial(std::size_t a, std::size_t b, Duration after);
  void close(std::size_t a, std::size_t b);
  void learn_of_end(std::size_t node, std::size_t other);
  [[nodiscard]] Duration delay();

  crdt::Rng rng_;
  crdt::Instant now_{std::chrono::seconds(1'000)};
  std::vector<Node> nodes_;
  std::map<std::pair<crdt::Instant, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t next_event_ = 0;
  std::vector<std::uint64_t> links_;  // By pair: the link's number, 0 for none.
  std::uint64_t next_link_ = 1;
  std::set<std::pair<std::size_t, std::size_t>> cuts_;
  std::size_t deaths_ = 0;
  std::size_t lies_ = 0;
  std::uint64_t messages_ = 0;
};

}  // namespace test
