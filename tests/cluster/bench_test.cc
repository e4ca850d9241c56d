// `muster bench replication` end to end: that it measures all it promises, never how fast that is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace {

using nlohmann::json;
using tests::Process;
using tests::TemporaryFolder;

json measured(std::vector<std::string> arguments) {
  const TemporaryFolder folder;
  std::vector<std::string> command = {MUSTER_BINARY, "bench", "replication",
                                      "--json",      "--dir", folder.path().string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process(command);
  process.end_input();
  const int code = process.finish();
  if (process.output().find("is in memory") != std::string::npos) return {};
  EXPECT_EQ(code, 0) << process.output();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_TRUE(tests::no_process_names(folder.path().string()));
  // Behind what it says while it runs.
  const std::size_t begin = process.output().find('{');
  return json::parse(process.output().substr(std::min(begin, process.output().size())), nullptr,
                     false);
}

TEST(BenchReplication, EveryFigureOfThreePeersIsThere) {
  const json figures = measured(
      {"--peers", "3", "--writes", "5", "--idle-seconds", "0", "--no-serf", "--channels", "50"});
  if (figures.is_null()) GTEST_SKIP() << "there is no disk beneath the temporary folder";
  ASSERT_TRUE(figures.is_object());
  EXPECT_EQ(figures["peers"], 3);
  EXPECT_GT(figures["fdatasync_per_second"], 0);
  EXPECT_EQ(figures["write"]["writes"], 5);
  EXPECT_EQ(figures["write"]["missed"], 0);
  EXPECT_GT(figures["write"]["p50_ms"], 0);
  EXPECT_GE(figures["write"]["max_ms"], figures["write"]["p50_ms"]);
  EXPECT_GE(figures["copies"]["per_node_and_update"], 1);
  EXPECT_TRUE(figures["idle"].is_null());
  EXPECT_GT(figures["crash"]["all_s"], 0);
  EXPECT_EQ(figures["crash"]["unseen"], 0);
  EXPECT_EQ(figures["false_deaths"], 0);
  EXPECT_EQ(figures["revoke"]["open"], 0);
  EXPECT_TRUE(figures["serf"].is_null());
  const json& repair = figures["repair"];
  EXPECT_EQ(repair["channels"], 50);
  for (const char* name :
       {"restart_s", "fill_s", "live_p99_alone_ms", "live_p99_during_ms", "rss_anon_mib",
        "rss_anon_filled_mib", "empty_octets", "differing_octets", "bare_differ_octets"}) {
    EXPECT_GT(repair[name], 0) << name;
  }
}

TEST(BenchReplication, ASerfThatIsNoneIsSaidInPlainWords) {
  const json figures =
      measured({"--peers", "2", "--writes", "2", "--idle-seconds", "0", "--serf", "/bin/false"});
  if (figures.is_null()) GTEST_SKIP() << "there is no disk beneath the temporary folder";
  EXPECT_THAT(figures["serf"]["absent"].get<std::string>(), testing::HasSubstr("ended"));
}

}  // namespace
