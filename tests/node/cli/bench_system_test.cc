#include "node/cli/bench_system.h"

#include <gtest/gtest.h>
#include <lmdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "node/cli/bench_figures.h"
#include "node/cli/bench_raw_store.h"

namespace node::cli {
namespace {

using std::chrono::milliseconds;

// How many transactions an LMDB environment has committed.
std::uint64_t commits_of(const std::filesystem::path& store) {
  MDB_env* environment = nullptr;
  MDB_envinfo info{};
  EXPECT_EQ(::mdb_env_create(&environment), 0);
  EXPECT_EQ(::mdb_env_open(environment, store.c_str(), MDB_RDONLY | MDB_NOTLS, 0600), 0);
  EXPECT_EQ(::mdb_env_info(environment, &info), 0);
  ::mdb_env_close(environment);
  return info.me_last_txnid;
}

class BenchFolder : public testing::Test {
 protected:
  BenchFolder() {
    std::string path = testing::TempDir() + "bench-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    folder_ = path;
  }
  ~BenchFolder() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST(BenchSystem, AnonymousMemoryComesFromItsOwnLine) {
  EXPECT_EQ(rss_anon_mib_in("VmRSS:\t  999999 kB\nRssAnon:\t    3072 kB\nRssFile:\t 1 kB\n"), 3.0);
  EXPECT_EQ(rss_anon_mib_in("VmRSS:\t  999999 kB\n"), std::nullopt);
  EXPECT_EQ(rss_anon_mib_in(""), std::nullopt);
  EXPECT_GT(rss_anon_mib(::getpid()).value_or(0), 0);
}

TEST(BenchSystem, BusyTimeLeavesOutIdleWaitingAndStolenTime) {
  // user nice system idle iowait irq softirq steal
  const auto busy = busy_time_in("cpu  100 20 30 7000 8000 4 5 9000 0 0\ncpu0 1 1 1 1 1 1 1 1\n");
  EXPECT_EQ(busy, milliseconds(159 * 1000 / ::sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(busy_time_in("cpu0 1 2 3 4 5 6 7 8\n"), std::nullopt);
  EXPECT_EQ(busy_time_in("cpu  1 2 3\n"), std::nullopt);
  EXPECT_TRUE(busy_time().has_value());
}

TEST(BenchSystem, CpuTimeGrowsWithWork) {
  const auto before = cpu_time_of(::getpid());
  ASSERT_TRUE(before.has_value());
  volatile unsigned work = 0;
  for (unsigned i = 0; i < 1'000'000; ++i) work = work + i;
  EXPECT_GT(cpu_time_of(::getpid()).value(), *before);
}

TEST(BenchSystem, AProcessThatIsNotThereIsAnError) {
  // Linux gives no process a number above 4,194,303.
  const auto time = cpu_time_of(std::vector<pid_t>{::getpid(), 4'194'304});
  ASSERT_FALSE(time.has_value());
  EXPECT_EQ(time.error().message, "there is no process 4194304");
}

TEST_F(BenchFolder, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(fdatasync_per_second(folder_ / "none", milliseconds(1)).has_value());
}

TEST_F(BenchFolder, FdatasyncIsCountedAndLeavesNoFileBehind) {
  const auto rate = fdatasync_per_second(folder_, milliseconds(1));
  ASSERT_TRUE(rate.has_value()) << rate.error().message;
  EXPECT_GT(*rate, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(BenchFolder, ABareStoreCommitsOnceForEachBatch) {
  const Workload workload({Workload::Kind::kIncidents, 4, 4, "/ir"});
  const auto recording = record_writes(workload, 40);
  ASSERT_TRUE(recording.has_value()) << recording.error().message;
  const auto rate = raw_commit_rate(folder_, *recording, 16, std::chrono::minutes(1));
  ASSERT_TRUE(rate.has_value()) << rate.error().message;
  EXPECT_GT(rate->writes_per_second, 0);
  EXPECT_GT(rate->cpu_us_per_write, 0);
  EXPECT_EQ(commits_of(folder_), 4U) << "one for the filled channels, and three of 16, 16 and 8";
}

TEST(BenchFigures, TheJsonHasTheKeysThatScriptsRead) {
  BenchFigures figures;
  figures.peers = 1;
  figures.connections = 64;
  figures.cpu_us_per_request = 12.34567;
  figures.anchors = Anchors{};
  BenchFigures second = figures;
  second.connections = 8;
  const std::string json = to_json({figures, second});
  for (const char* key :
       {"\"cpu_us_per_request\": 12.346", "\"requests_per_second\"", "\"latency_ms\"", "\"p99_9\"",
        "\"max\"", "\"connections\": 64", "\"peers\": 1", "\"errors\": 0", "\"rss_anon_mib\": null",
        "\"batch_mean\"", "\"seconds\"", "\"lmdb_group_commit_writes_per_second\"",
        "\"lmdb_single_commit_writes_per_second\"", "\"fdatasync_per_second\"", "\"sweep\"",
        "\"connections\": 8"}) {
    EXPECT_NE(json.find(key), std::string::npos) << key << " is not in\n" << json;
  }
}

TEST(BenchFigures, TheTableSaysWhetherTheLimitIsMet) {
  BenchFigures figures;
  figures.peers = 1;
  figures.connections = 64;
  figures.cpu_us_per_request = 15.0;
  EXPECT_NE(to_table(figures).find("goal <= 15 us, never > 25: met"), std::string::npos);
  figures.cpu_us_per_request = 15.1;
  EXPECT_NE(to_table(figures).find("goal <= 15 us, never > 25: MISSED"), std::string::npos);
  figures.connections = 8;
  EXPECT_NE(to_table(figures).find("goal <= 40 us: met"), std::string::npos);
  figures.peers = 3;
  EXPECT_EQ(to_table(figures).find("goal <= 40 us"), std::string::npos);
}

}  // namespace
}  // namespace node::cli
