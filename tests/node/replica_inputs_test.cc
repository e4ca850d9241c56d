// What lies in a store after a command, and what it depends on: the request and the process, not
// the peer's own clock.
#include <gtest/gtest.h>

#include <set>

#include "crdt/keyspace.h"
#include "node/memory_store.h"
#include "node/replica.h"
#include "slack/signature.h"
#include "tests/support/seed.h"

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSecret = "secret";
constexpr std::chrono::seconds kSigned{1'790'000'000};

using Contents = std::map<crdt::Bytes, crdt::Bytes, std::less<>>;

node::HttpRequest signed_add() {
  node::HttpRequest request;
  request.exchange = {1};
  request.method = "POST";
  request.target = "/slack/commands";
  request.content_type = "application/x-www-form-urlencoded";
  request.body =
      "api_app_id=A1&team_id=T1&channel_id=C1&user_id=U1&user_name=ann&trigger_id=1.2"
      "&command=%2Fir&text=add+disk+full+%3C%40U2%3E";
  request.timestamps = {std::to_string(kSigned.count())};
  request.signatures = {slack::sign(kSecret, kSigned, request.body)};
  return request;
}

// Starts a process on `store` that is `late` behind the request's time, and lets it take it.
void serve(node::MemoryStore& store, std::uint64_t seed, std::chrono::seconds late) {
  node::ReplicaConfig config;
  config.name = "a";
  config.signing_secret = kSecret;
  const crdt::Now now{crdt::Instant(1000s), crdt::WallTime(kSigned + late)};
  crdt::Transaction& txn = store.begin();
  node::Replica replica(config, tests::seed_of(seed), now, txn, node::Replica::Mode::kReadWrite);
  static_cast<void>(replica.step(now, txn, signed_add()));
  static_cast<void>(replica.step(now, txn, node::BatchEnd{}));
  ASSERT_TRUE(store.commit());
}

TEST(ReplicaInputs, NothingThatIsStoredDependsOnThePeersClock) {
  node::MemoryStore early, late;
  serve(early, 1, 0s);
  serve(late, 1, 200s);
  EXPECT_TRUE(early.contents().contains(crdt::keyspace::log(1)));
  EXPECT_EQ(early.contents(), late.contents());
}

TEST(ReplicaInputs, EveryStartDrawsAnIdOfItsOwn) {
  node::MemoryStore store;
  std::set<crdt::Bytes> runs;
  for (const std::uint64_t seed : {1, 2, 3}) serve(store, seed, 0s);
  const Contents& contents = store.contents();
  const auto end = contents.lower_bound(crdt::keyspace::runs_end());
  for (auto row = contents.lower_bound(crdt::keyspace::runs()); row != end; ++row) {
    runs.insert(row->first.substr(row->first.size() - sizeof(std::uint64_t)));
  }
  EXPECT_EQ(runs.size(), 3u);
}

}  // namespace
