#include "tests/support/small_scope.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "crdt/request_id.h"

namespace tests {
namespace {

using crdt::Applied;
using crdt::Delta;
using crdt::Document;
using crdt::Fragment;

constexpr int kReplicas = 3;

// By author: counters of a vector, and dots as bits.
using Counters = std::array<std::uint8_t, kReplicas>;
using Dots = std::array<std::uint32_t, kReplicas>;

// The place of a replica's id among the three.
std::size_t author_of(crdt::ReplicaId replica) {
  std::size_t author = 0;
  while (replica_id(static_cast<int>(author)) != replica) ++author;
  return author;
}

Counters counters_of(const crdt::VersionVector& vector) {
  Counters counters{};
  for (const auto& [replica, counter] : vector.entries()) {
    counters[author_of(replica)] = static_cast<std::uint8_t>(counter);
  }
  return counters;
}

void add(Dots& dots, const crdt::Dot& dot) {
  require(dot.counter < 32, "the scope is not small");
  dots[author_of(dot.replica)] |= std::uint32_t{1} << dot.counter;
}

struct Peer {
  Document document;
  Seen seen = 0;
  crdt::VersionVector previous;
  Counters context{};  // The document's, for the signature.
  Dots live{};

  void summarize() {
    context = counters_of(document.context());
    live = {};
    for (const crdt::Leaf& leaf : document.leaves()) add(live, leaf.dot);
  }
};

struct Event {
  int author = 0;
  unsigned choice = 0;
  Counters before{};  // The author's context.
  Delta delta;
  Seen base = 0;
  Seen gains = 0;
};

struct Flight {
  int from = 0;
  int to = 0;
  Fragment fragment;
  Seen seen = 0;  // The sender's.
  Counters asker{};
  Counters context{};
  Dots fresh{};
  Dots kept{};

  void summarize() {
    asker = counters_of(fragment.asker);
    context = counters_of(fragment.context);
    for (const crdt::Leaf& leaf : fragment.fresh) add(fresh, leaf.dot);
    for (const crdt::Dot& dot : fragment.kept) add(kept, dot);
  }
};

// Parts that a step leaves alone are shared between states.
struct State {
  std::array<std::shared_ptr<const Peer>, kReplicas> peers;
  std::shared_ptr<const ReferenceDocument> reference;
  std::vector<std::shared_ptr<const Event>> events;  // In the order they were made.
  std::vector<std::shared_ptr<const Flight>> flights;
  std::string path;  // How it came about, for the message.

  [[nodiscard]] int made_by(int author) const {
    return static_cast<int>(std::count_if(events.begin(), events.end(),
                                          [&](const auto& one) { return one->author == author; }));
  }
};

Document joined(Document a, const Document& b) {
  require(a.merge(b.fragment(a.context())).has_value(), "a fresh fragment was refused");
  return a;
}

using Order = std::array<int, kReplicas>;  // order[place]: the author who is called that.

// A state as octets, with the replicas renamed; everything that decides how it goes on is in it.
class Signature {
 public:
  explicit Signature(const Order& order) : order_(order) { text_.reserve(160); }

  std::string of(const State& state) {
    for (const int author : order_) {
      const Peer& peer = *state.peers[author];
      put(peer.context);
      put(peer.live);
      for (const auto& event : state.events) {
        if (event->author != author) continue;
        text_ += static_cast<char>('A' + event->choice);
        put(event->before);
      }
      text_ += '.';
    }
    for (int from = 0; from < kReplicas; ++from) {
      for (int to = 0; to < kReplicas; ++to) put_flight(state, from, to);
    }
    return std::move(text_);
  }

 private:
  template <class ByAuthor>
  void put(const ByAuthor& values) {
    for (const int author : order_) {
      text_.append(reinterpret_cast<const char*>(&values[author]), sizeof values[author]);
    }
  }

  void put_flight(const State& state, int from, int to) {
    for (const auto& flight : state.flights) {
      if (flight->from != order_[from] || flight->to != order_[to]) continue;
      text_ += static_cast<char>('a' + from * kReplicas + to);
      put(flight->asker);
      put(flight->context);
      put(flight->fresh);
      put(flight->kept);
    }
  }

  const Order& order_;
  std::string text_;
};

// 128 bits of a state: two of 10 million states collide once in 10^24 searches.
crdt::RequestId fingerprint(const State& state) {
  Order order{0, 1, 2};  // In all six orders; the least signature names the state.
  std::string least;
  do {
    std::string text = Signature(order).of(state);
    if (least.empty() || text < least) least = std::move(text);
  } while (std::next_permutation(order.begin(), order.end()));
  return crdt::request_id_of({least});
}

struct FingerprintHash {
  std::size_t operator()(const crdt::RequestId& id) const { return id.low; }
};

class Search {
 public:
  Search(const Subject& subject, const Scope& scope) : subject_(subject), scope_(scope) {}

  Searched go() {
    push(initial());
    while (!open_.empty()) {
      if (known_.size() >= scope_.states_max) return {known_.size(), false};
      const State state = std::move(open_.back());
      open_.pop_back();
      try {
        operate(state);
        deliver(state);
        answer(state);
        arrive(state);
        if (state.flights.empty()) check_joins(state);
      } catch (const Broken& broken) {
        throw Broken(std::string(subject_.name) + " after" + state.path + ": " + broken.what());
      }
    }
    return {known_.size(), true};
  }

 private:
  State initial() {
    State state;
    state.reference = std::make_shared<ReferenceDocument>();
    for (auto& peer : state.peers) peer = std::make_shared<Peer>();
    if (!subject_.prepared) return state;
    State prepared = with_event(state, 0, 0);
    for (auto& peer : prepared.peers) peer = prepared.peers[0];
    for (int author = 1; author < kReplicas; ++author) {
      Peer other = *prepared.peers[author];
      other.previous = {};
      set_peer(prepared, author, std::move(other));
    }
    prepared.events.clear();  // It is everybody's past, not one of the operations.
    return prepared;
  }

  void push(State state) {
    if (known_.insert(fingerprint(state)).second) open_.push_back(std::move(state));
  }

  static void set_peer(State& state, int replica, Peer peer) {
    peer.summarize();
    state.peers[replica] = std::make_shared<Peer>(std::move(peer));
  }

  void check(const State& state, int replica) {
    const Peer& peer = *state.peers[replica];
    check_leaves(peer.document, *state.reference, peer.seen, kReplicas);
    subject_.check(peer.document, *state.reference, peer.seen);
  }

  static void note(State& state, char kind, int a, int b) {
    state.path += {' ', kind, static_cast<char>('0' + a), static_cast<char>('0' + b)};
  }

  // The k-th event of every replica belongs to one request: a retry that went elsewhere.
  State with_event(const State& state, int author, unsigned choice) {
    const std::uint64_t request = static_cast<std::uint64_t>(state.made_by(author)) + 1;
    const crdt::Rank time{request_time(request)};
    auto reference = std::make_shared<ReferenceDocument>(*state.reference);
    Peer peer = *state.peers[author];
    crdt::Edit edit(peer.document, replica_id(author), {request_id(request), "U1"}, time,
                    peer.previous);
    ReferenceEvent made(*reference, author, peer.seen, request, time.micros);
    subject_.operate(choice, edit, made);
    Event event{author, choice, peer.context, edit.finish(), peer.seen, made.made()};
    if (!edit.empty()) {
      require(peer.document.apply(event.delta) == Applied::kApplied, "an own delta has a gap");
      peer.seen |= event.gains;
      peer.previous = peer.document.context();
    }
    State next = state;
    next.reference = std::move(reference);
    set_peer(next, author, std::move(peer));
    next.events.push_back(std::make_shared<Event>(std::move(event)));
    note(next, 'o', author, static_cast<int>(choice));
    check(next, author);
    return next;
  }

  void operate(const State& state) {
    for (int author = 0; author < kReplicas; ++author) {
      if (state.made_by(author) == scope_.operations_each) continue;
      for (unsigned kind = 0; kind < subject_.small_choices; ++kind) {
        const bool turn = static_cast<int>(kind) == state.made_by(author);
        if (scope_.in_turn && !turn) continue;
        push(with_event(state, author, subject_.small_first + kind));
      }
    }
  }

  void deliver(const State& state) {
    for (int to = 0; to < kReplicas; ++to) {
      for (const auto& event : state.events) {
        const Peer& old = *state.peers[to];
        Peer peer = old;
        const bool known = (event->gains & ~peer.seen) == 0;
        const bool gap = (event->base & ~peer.seen) != 0;
        const Applied wanted = known ? Applied::kDuplicate
                               : gap ? Applied::kGap
                                     : Applied::kApplied;
        require(peer.document.apply(event->delta) == wanted, "apply gave another verdict");
        if (wanted != Applied::kApplied) {
          require(peer.document == old.document, "a refused delta left a trace");
          continue;
        }
        peer.seen |= event->gains;
        State next = state;
        set_peer(next, to, std::move(peer));
        note(next, 'd', event->author, to);
        check(next, to);
        push(std::move(next));
      }
    }
  }

  void answer(const State& state) {
    if (static_cast<int>(state.flights.size()) == scope_.flights) return;
    for (int from = 0; from < kReplicas; ++from) {
      for (int to = 0; to < kReplicas; ++to) {
        const bool busy =
            std::any_of(state.flights.begin(), state.flights.end(),
                        [&](const auto& one) { return one->from == from && one->to == to; });
        if (from == to || busy) continue;
        const Document& asking = state.peers[to]->document;
        Fragment fragment = state.peers[from]->document.fragment(asking.context());
        // One that brings nothing now never will: the receiver only grows.
        if (asking.context().covers(fragment.context)) {
          require(joined(asking, state.peers[from]->document) == asking,
                  "nothing new, yet a change");
          continue;
        }
        State next = state;
        const Seen seen = state.peers[from]->seen;
        Flight flight{from, to, std::move(fragment), seen};
        flight.summarize();
        next.flights.push_back(std::make_shared<Flight>(std::move(flight)));
        note(next, 'a', from, to);
        push(std::move(next));
      }
    }
  }

  void arrive(const State& state) {
    for (std::size_t i = 0; i < state.flights.size(); ++i) {
      const Flight& flight = *state.flights[i];
      Peer peer = *state.peers[flight.to];
      const Document old = peer.document;
      const std::optional<Delta> brought = peer.document.merge(flight.fragment);
      require(brought.has_value(), "a fragment was refused by who asked for it");
      peer.seen |= flight.seen;
      const Document once = peer.document;
      require(peer.document.merge(flight.fragment)->advance.empty() && peer.document == once,
              "a fragment merged twice");
      Document replayed = old;
      replayed.apply(*brought);
      require(replayed == once, "an interval is not what the fragment brought");
      State next = state;
      next.flights.erase(next.flights.begin() + static_cast<long>(i));
      set_peer(next, flight.to, std::move(peer));
      note(next, 'm', flight.from, flight.to);
      check(next, flight.to);
      push(std::move(next));
    }
  }

  void check_joins(const State& state) {
    const Document& a = state.peers[0]->document;
    const Document& b = state.peers[1]->document;
    const Document& c = state.peers[2]->document;
    const Document ab = joined(a, b);
    const Document all = joined(ab, c);
    require(ab == joined(b, a), "join does not commute");
    if (static_cast<int>(state.events.size()) == kReplicas * scope_.operations_each) {
      require(all == joined(a, joined(b, c)), "join does not associate");
      require(joined(all, all) == all && joined(all, b) == all, "join is not idempotent");
    }
    const Seen seen = state.peers[0]->seen | state.peers[1]->seen | state.peers[2]->seen;
    check_leaves(all, *state.reference, seen, kReplicas);
    subject_.check(all, *state.reference, seen);
  }

  const Subject& subject_;
  Scope scope_;
  std::vector<State> open_;
  std::unordered_set<crdt::RequestId, FingerprintHash> known_;
};

}  // namespace

Searched search(const Subject& subject, const Scope& scope) { return Search(subject, scope).go(); }

}  // namespace tests
