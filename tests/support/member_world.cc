#include "tests/support/member_world.h"

#include <algorithm>

#include "crdt/check.h"
#include "tests/support/seed.h"

namespace test {

using crdt::Instant;
using gossip::Liveness;
using gossip::MemberId;
using gossip::Membership;
using namespace std::chrono_literals;

namespace {

constexpr MemberWorld::Duration kRedial = 150ms;
constexpr MemberWorld::Duration kRedialLate = 2s;

}  // namespace

MemberId MemberWorld::id(std::size_t node) { return {1'000 + node}; }

MemberWorld::MemberWorld(std::size_t nodes, std::uint64_t seed)
    : rng_(tests::seed_of(seed)), nodes_(nodes), links_(nodes * nodes, 0) {
  for (std::size_t node = 0; node < nodes; ++node) start(node);
}

MemberWorld::Duration MemberWorld::delay() {
  return 1ms + std::chrono::microseconds(rng_.below(4'000));
}

void MemberWorld::at(Duration after, std::function<void()> event) {
  events_[{now_ + after, next_event_++}] = std::move(event);
}

void MemberWorld::start(std::size_t index) {
  Node& node = nodes_[index];
  ++node.life;
  node.powered = true;
  node.paused = false;
  node.waiting.clear();
  node.membership =
      std::make_unique<Membership>(id(index), ++node.incarnation, tests::draw_seed(rng_));
  for (std::size_t other = 0; other < size(); ++other) node.membership->add(now_, id(other));
  for (std::size_t other = index + 1; other < size(); ++other) dial(index, other, kRedial);
  node.tick_at = {};
  settle(index);
}

// While `node` is paused, what it would see waits.
void MemberWorld::deliver(std::size_t index, std::function<void()> event) {
  Node& node = nodes_[index];
  if (!node.membership) return;
  if (node.paused) return node.waiting.push_back(std::move(event));
  event();
  settle(index);
}

void MemberWorld::settle(std::size_t index) {
  Node& node = nodes_[index];
  gossip::MembershipOutput output = node.membership->take_output();
  node.incarnation = std::max(node.incarnation, node.membership->incarnation());
  lies_ += output.lied.size();
  for (auto& send : output.sends) {
    const std::size_t to = send.to.value - 1'000;
    const std::uint64_t link = links_[index * size() + to];
    if (link == 0) continue;
    ++messages_;
    const auto arrive = [this, index, to, link, message = std::move(send.message)] {
      if (links_[to * size() + index] != link) return;
      deliver(to, [this, index, to, message] {
        nodes_[to].membership->heard(now_, id(index), message);
      });
    };
    at(delay(), arrive);
  }
  for (const MemberId changed : output.changed) {
    const std::size_t other = changed.value - 1'000;
    if (node.membership->find(changed)->state != Liveness::kDead) continue;
    if (nodes_[other].membership) ++deaths_;
    if (links_[index * size() + other] != 0) close(index, other);
  }
  const Instant due = std::max(node.membership->wake_at().value_or(now_ + 1h), now_);
  if (node.tick_at > now_ && node.tick_at <= due) return;
  node.tick_at = due;
  const std::uint64_t life = node.life;
  at(due - now_, [this, index, life, due] {
    Node& node = nodes_[index];
    if (node.life != life || node.tick_at != due) return;
    deliver(index, [this, index] { nodes_[index].membership->tick(now_); });
  });
}

void MemberWorld::dial(std::size_t a, std::size_t b, Duration after) {
  const auto [from, to] = std::minmax(a, b);
  at(after, [this, from = from, to = to] {
    if (!nodes_[from].membership || links_[from * size() + to] != 0) return;
    if (!nodes_[to].powered || cuts_.contains({from, to}) || nodes_[from].paused) {
      return dial(from, to, kRedialLate);
    }
    if (!nodes_[to].membership) {
      deliver(from, [this, from, to] { nodes_[from].membership->unreachable(now_, id(to)); });
      return dial(from, to, kRedialLate);
    }
    links_[from * size() + to] = links_[to * size() + from] = next_link_++;
    deliver(from, [this, from, to] { nodes_[from].membership->link_up(now_, id(to)); });
    deliver(to, [this, from, to] { nodes_[to].membership->link_up(now_, id(from)); });
  });
}

void MemberWorld::learn_of_end(std::size_t node, std::size_t other) {
  deliver(node, [this, node, other] { nodes_[node].membership->link_down(now_, id(other)); });
}

// Either end learns of it, unless its host is gone; the dialler dials again.
void MemberWorld::close(std::size_t a, std::size_t b) {
  if (links_[a * size() + b] == 0) return;
  links_[a * size() + b] = links_[b * size() + a] = 0;
  at(0ms, [this, a, b] { learn_of_end(a, b); });
  at(0ms, [this, a, b] { learn_of_end(b, a); });
  dial(a, b, kRedial + std::chrono::milliseconds(rng_.below(100)));
}

void MemberWorld::kill_host(std::size_t index) {
  nodes_[index].membership.reset();
  nodes_[index].powered = false;
}

void MemberWorld::kill_process(std::size_t index) {
  nodes_[index].membership.reset();
  for (std::size_t other = 0; other < size(); ++other) close(index, other);
}

void MemberWorld::restart(std::size_t index) {
  nodes_[index].membership.reset();
  for (std::size_t other = 0; other < size(); ++other) close(index, other);
  start(index);
}

void MemberWorld::roll_back(std::size_t index, std::uint64_t incarnation) {
  nodes_[index].incarnation = incarnation - 1;
  restart(index);
}

void MemberWorld::pause(std::size_t index, Duration time) {
  nodes_[index].paused = true;
  const std::uint64_t life = nodes_[index].life;
  at(time, [this, index, life] {
    Node& node = nodes_[index];
    if (node.life != life) return;
    node.paused = false;
    for (const auto& event : std::exchange(node.waiting, {})) deliver(index, event);
  });
}

void MemberWorld::cut(std::size_t a, std::size_t b) {
  cuts_.insert(std::minmax(a, b));
  close(a, b);
}

void MemberWorld::heal() { cuts_.clear(); }

void MemberWorld::lie(std::size_t from, std::size_t to, const gossip::Swim& message) {
  deliver(to, [this, from, to, message] { nodes_[to].membership->heard(now_, id(from), message); });
}

void MemberWorld::run_for(Duration time) {
  const Instant until = now_ + time;
  while (!events_.empty() && events_.begin()->first.first <= until) {
    auto first = events_.extract(events_.begin());
    now_ = first.key().first;
    first.mapped()();
  }
  now_ = until;
}

bool MemberWorld::run_until(Duration time, const std::function<bool()>& condition) {
  const Instant until = now_ + time;
  while (!condition()) {
    if (now_ >= until) return false;
    run_for(50ms);
  }
  return true;
}

bool MemberWorld::all_believe(std::size_t about, Liveness state) const {
  for (std::size_t node = 0; node < size(); ++node) {
    if (node == about || !nodes_[node].membership) continue;
    if (nodes_[node].membership->find(id(about))->state != state) return false;
  }
  return true;
}

bool MemberWorld::all_alive() const {
  for (std::size_t node = 0; node < size(); ++node) {
    if (nodes_[node].membership && !all_believe(node, Liveness::kAlive)) return false;
  }
  return true;
}

}  // namespace test
