// A whole node whose store came back older, copied or empty: it serves nothing before it has caught
// up, and then everything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crdt/repository.h"
#include "tests/support/admin_tokens.h"
#include "tests/support/replica_cluster.h"
#include "tests/support/store_view.h"

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::ReplicaCluster;

void mark(node::MemoryStore& store) {
  crdt::Repository repository;
  repository.use(store.begin());
  ASSERT_TRUE(repository.open());
  repository.set_catching_up("it was restored");
  ASSERT_TRUE(store.commit());
}

struct RestoredReplica : testing::Test {
  RestoredReplica() : cluster(2, 5) {
    EXPECT_TRUE(cluster.settle());
    cluster.type(0, "add disk full");
    backup = cluster.store(0);
    mark(backup);
    cluster.type(1, "add cable cut");
  }

  // Node 0 comes back with the backup; nobody is told.
  void restore() {
    cluster.crash(0);
    cluster.store(0) = backup;
    cluster.start(0);
  }

  std::string readiness() { return cluster.ask(0, ReplicaCluster::get("/readyz")).body; }

  ReplicaCluster cluster;
  node::MemoryStore backup;
};

TEST_F(RestoredReplica, RefusesCommandsWithASentenceAndTellsTheLoadBalancer) {
  cluster.cut(0, 1);
  restore();
  EXPECT_THAT(cluster.type(0, "add another"),
              AllOf(HasSubstr("older copy of its data"), HasSubstr("Please try again")));
  EXPECT_THAT(cluster.type(0, "list"), Not(HasSubstr("disk full"))) << "an old board is a lie";
  EXPECT_EQ(cluster.ask(0, ReplicaCluster::get("/readyz")).status, 503);
  EXPECT_EQ(readiness(), "catching up\n");
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/status")).body,
              HasSubstr(R"("catching_up":"it was restored")"));
  EXPECT_THAT(cluster.ask(0, ReplicaCluster::get("/metrics")).body,
              HasSubstr("muster_catching_up 1"));
}

TEST_F(RestoredReplica, TakesNoImport) {
  cluster.cut(0, 1);
  restore();
  node::HttpRequest request = ReplicaCluster::get("/import");
  request.method = "POST";
  request.authorization = tests::kOperator;
  request.body = R"({"lines": []})";
  const node::HttpReply refused = cluster.ask(0, request);
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("catching up with the others"));
}

TEST_F(RestoredReplica, ServesOnceOneWholeSessionIsOver) {
  restore();
  ASSERT_TRUE(cluster.settle());
  EXPECT_EQ(readiness(), "ready\n");
  EXPECT_THAT(cluster.type(0, "list"), AllOf(HasSubstr("disk full"), HasSubstr("cable cut")));
  cluster.type(0, "add third");
  EXPECT_THAT(cluster.type(1, "list"), HasSubstr("third"));
  EXPECT_EQ(tests::view_of(cluster.store(0)), tests::view_of(cluster.store(1)));
}

TEST_F(RestoredReplica, IsStillCatchingUpAfterACrashInTheMiddle) {
  cluster.cut(0, 1);
  restore();
  cluster.type(0, "add another");
  cluster.crash(0);
  cluster.start(0);
  EXPECT_EQ(readiness(), "catching up\n");
}

// A session is whole only when its end is durable: what a crash takes back proves nothing.
TEST_F(RestoredReplica, ServesNothingOnTheStrengthOfACommitThatFailed) {
  restore();
  cluster.store(0).set_lose_syncs(true);
  ASSERT_TRUE(cluster.settle());
  cluster.crash(0);
  cluster.store(0).set_lose_syncs(false);
  cluster.cut(0, 1);
  cluster.start(0);
  EXPECT_EQ(readiness(), "catching up\n");
}

}  // namespace
