// A million stores that go back in time: rolled back, restored, cloned, wiped. A model of three
// peers over real repositories, logs and cursors, without links: cheap enough for that many.
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "crdt/codec.h"
#include "crdt/edit.h"
#include "crdt/repository.h"
#include "gossip/config.h"
#include "gossip/log_receiver.h"
#include "gossip/log_sender.h"
#include "gossip/wire.h"
#include "node/memory_store.h"
#include "tests/support/case_count.h"
#include "tests/support/seed.h"

namespace {

constexpr std::size_t kPeers = 3;
constexpr int kRoundsPerWorld = 40;

enum class Fault { kRolledBack, kRestored, kCloned, kWiped };
constexpr std::size_t kFaults = 4;

struct Counts {
  std::array<std::uint64_t, kFaults> faults{};
  std::uint64_t found = 0;    // By a peer that knew more.
  std::uint64_t refused = 0;  // Writes, while catching up.
  std::uint64_t written = 0;
  std::uint64_t sessions = 0;

  [[nodiscard]] std::uint64_t all() const { return faults[0] + faults[1] + faults[2] + faults[3]; }
};

class World {
 public:
  World(std::uint64_t seed, Counts& counts) : rng_(tests::seed_of(seed)), counts_(counts) {
    for (Peer& peer : peers_) start(peer);
    for (std::size_t i = 0; i < kPeers; ++i) backups_[i] = peers_[i].store;
  }

  void round() {
    write(rng_.below(kPeers));
    if (rng_.below(2) == 0) write(rng_.below(kPeers));
    const std::size_t a = rng_.below(kPeers);
    if (rng_.below(3) != 0) session(a, (a + 1 + rng_.below(kPeers - 1)) % kPeers);
    if (rng_.below(4) == 0) backups_[a] = peers_[a].store;
    fault(static_cast<Fault>(rng_.below(kFaults)), rng_.below(kPeers));
    write(rng_.below(kPeers));
  }

  // What is wrong after everybody talked to everybody; empty where nothing is.
  std::string verdict() {
    for (int i = 0; i < 2; ++i) {
      session(0, 1);
      session(1, 2);
      session(0, 2);
    }
    for (Peer& peer : peers_) {
      if (!(document(peer) == document(peers_[0]))) return "documents differ";
      if (!(peer.repository->digest() == peers_[0].repository->digest())) return "digests differ";
      if (!peer.repository->catching_up().empty()) return "a peer is catching up for ever";
    }
    return minted_twice_ ? "a dot was minted twice" : "";
  }

 private:
  struct Peer {
    node::MemoryStore store;
    std::unique_ptr<crdt::Repository> repository;
    bool had_session = false;
    std::set<const Peer*> whole_with;  // Since it started.
  };

  // As node::Replica does: a run of its own.
  void start(Peer& peer, const char* mark = nullptr) {
    peer.repository = std::make_unique<crdt::Repository>();
    peer.repository->use(peer.store.begin());
    ASSERT_TRUE(peer.repository->open());
    peer.repository->begin_run({rng_.next() | 1});
    if (mark != nullptr) peer.repository->set_catching_up(mark);
    ASSERT_TRUE(peer.store.commit());
    peer.had_session = false;
    peer.whole_with.clear();
  }

  void fault(Fault kind, std::size_t index) {
    Peer& peer = peers_[index];
    ++counts_.faults.at(static_cast<std::size_t>(kind));
    if (kind == Fault::kWiped) peer.store = node::MemoryStore();
    if (kind == Fault::kCloned) peer.store = peers_[(index + 1) % kPeers].store;
    if (kind == Fault::kRolledBack || kind == Fault::kRestored) peer.store = backups_[index];
    start(peer, kind == Fault::kRestored ? "it was restored" : nullptr);
  }

  const crdt::Document& document(Peer& peer) {
    peer.repository->use(peer.store.begin());
    const auto document = peer.repository->document("k");
    EXPECT_TRUE(document);
    peer.store.abort();
    return **document;
  }

  void write(std::size_t index) {
    Peer& peer = peers_[index];
    crdt::Repository& repository = *peer.repository;
    if (!repository.catching_up().empty()) {
      ++counts_.refused;
      return;
    }
    ++counts_.written;
    repository.use(peer.store.begin());
    const auto document = repository.document("k");
    crdt::Edit edit(**document, repository.run(), {{0, counts_.written}, "U"},
                    {static_cast<std::int64_t>(counts_.written)});
    edit.write("p" + std::to_string(rng_.below(3)), std::to_string(counts_.written));
    crdt::Delta delta = edit.finish();
    for (const auto& [replica, counter] : delta.advance.entries()) {
      minted_twice_ = !dots_.insert({replica, counter}).second || minted_twice_;
    }
    const crdt::Change change{{{"k", std::move(delta)}}, {}};
    EXPECT_TRUE(repository.apply(change));
    EXPECT_TRUE(peer.store.commit());
  }

  // Both ways, to the end of both logs.
  void session(std::size_t a, std::size_t b) {
    ++counts_.sessions;
    Peer& one = peers_[a];
    Peer& other = peers_[b];
    // As links begin: first both say how far they cover each other's log, then they are told.
    ask(one, a, other, b);
    ask(other, b, one, a);
    const bool one_sound = one.repository->catching_up().empty();
    const bool other_sound = other.repository->catching_up().empty();
    pull(one, other, b);
    pull(other, one, a);
    stand(one, other, other_sound);
    stand(other, one, one_sound);
  }

  static std::string name_of(std::size_t index) { return {static_cast<char>('a' + index)}; }

  // `asker` tells `asked` what it covers: gossip::Peer::fell_behind.
  void ask(Peer& asker, std::size_t, Peer& asked, std::size_t asked_index) {
    asker.repository->use(asker.store.begin());
    const crdt::Cursor cursor = asker.repository->cursor(name_of(asked_index));
    asker.store.abort();
    asked.repository->use(asked.store.begin());
    if (asked.repository->lost(cursor)) {
      ++counts_.found;
      if (!asked.had_session) asked.repository->set_catching_up("a peer knows more");
    }
    EXPECT_TRUE(asked.store.commit());
  }

  void stand(Peer& peer, const Peer& other, bool other_sound) {
    peer.whole_with.insert(&other);
    if (!other_sound && peer.whole_with.size() < kPeers - 1) return;
    peer.had_session = true;
    if (peer.repository->catching_up().empty()) return;
    peer.repository->use(peer.store.begin());
    peer.repository->set_catching_up("");
    EXPECT_TRUE(peer.store.commit());
  }

  // One scan of the sender's log: offers, fragments, and the cursor at its end.
  void pull(Peer& to, Peer& from, std::size_t from_index) {
    crdt::Repository& receiver = *to.repository;
    crdt::Repository& sender = *from.repository;
    receiver.use(to.store.begin());
    sender.use(from.store.begin());
    gossip::LogReceiver log;
    gossip::LogSender rows{gossip::Config().offer_rows_max};
    const gossip::Resume resume = log.resume(receiver.cursor(name_of(from_index)));
    rows.resume(resume.scan, sender.usable(resume.cursor), resume.offers_max);
    while (!log.live()) {
      const auto offer = rows.next_offer(sender, receiver.run());
      ASSERT_TRUE(offer && log.open(*offer));
      for (const gossip::DocumentHash& offered : offer->documents) {
        const crdt::VersionVector asker = (*receiver.document(offered.key))->context();
        if (gossip::context_hash(asker) == offered.hash) continue;
        const auto merged =
            receiver.merge(offered.key, (*sender.document(offered.key))->fragment(asker));
        ASSERT_TRUE(merged && !merged->refused);
      }
      const auto resolved = log.settle();
      ASSERT_TRUE(resolved);
      rows.resolved(*resolved);
    }
    receiver.set_cursor(name_of(from_index), {sender.run(), log.position()});
    ASSERT_TRUE(to.store.commit());
    from.store.abort();
  }

  crdt::Rng rng_;
  Counts& counts_;
  std::array<Peer, kPeers> peers_;
  std::array<node::MemoryStore, kPeers> backups_;
  std::set<std::pair<crdt::ReplicaId, std::uint64_t>> dots_;
  bool minted_twice_ = false;
};

TEST(StandingLaw, NoFaultOfAMillionDivergesForEverOrMintsADotTwice) {
  const std::uint64_t wanted = tests::kFullCounts ? 1'000'000 : 5'000;
  Counts counts;
  for (std::uint64_t seed = 1; counts.all() < wanted; ++seed) {
    World world(seed, counts);
    for (int i = 0; i < kRoundsPerWorld; ++i) world.round();
    ASSERT_EQ(world.verdict(), "") << "seed " << seed;
  }
  std::cout << counts.all() << " faults: " << counts.faults[0] << " rolled back, "
            << counts.faults[1] << " restored, " << counts.faults[2] << " cloned, "
            << counts.faults[3] << " wiped; " << counts.found << " found by a peer, "
            << counts.written << " writes, " << counts.refused << " refused, " << counts.sessions
            << " sessions\n";
  EXPECT_GT(counts.found, 0U);
  EXPECT_GT(counts.refused, 0U);
}

}  // namespace
