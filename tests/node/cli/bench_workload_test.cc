#include "node/cli/bench_workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "node/cli/bench_raw_store.h"
#include "node/cli/bench_signed.h"
#include "node/clock.h"

namespace node::cli {
namespace {

Workload incidents(std::uint64_t channels, std::uint64_t tasks) {
  return Workload({Workload::Kind::kIncidents, channels, tasks, "/ir"});
}

TEST(BenchWorkload, EveryCommandChangesSomethingOnARealReplica) {
  // 20 rounds of each task and adds beyond the first generation of channels; record_writes fails at
  // the first command that writes nothing.
  const Workload workload = incidents(5, 4);
  const auto recording = record_writes(workload, 500);
  ASSERT_TRUE(recording.has_value()) << recording.error().message;
  EXPECT_EQ(recording->requests.size(), 500U);
  // A document's header, a task, the handled mark, a timeline and a request record, a log row.
  EXPECT_GE(recording->rows_per_request, 6);
  EXPECT_LT(recording->rows_per_request, 8);
}

TEST(BenchWorkload, CommandsOfOneTaskLieFarApart) {
  const std::uint64_t channels = 7;
  const std::uint64_t tasks = 5;
  const Workload workload = incidents(channels, tasks);
  std::map<std::string, std::uint64_t> last;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    const SlashCommand command = workload.command(i);
    if (command.text.starts_with("add")) continue;
    const std::string number = command.text.substr(0, command.text.find_first_of(" :"));
    const std::string task = command.channel_id + " " + number;
    if (const auto before = last.find(task); before != last.end()) {
      EXPECT_GE(i - before->second, channels * tasks) << command.text;
    }
    last[task] = i;
  }
  EXPECT_EQ(last.size(), channels * tasks);
}

TEST(BenchWorkload, NoChannelOutgrowsItsTasks) {
  const std::uint64_t tasks = 4;
  const Workload workload = incidents(3, tasks);
  std::map<std::string, std::uint64_t> added;
  for (std::uint64_t i = 0; i < workload.fill_size(); ++i) ++added[workload.fill(i).channel_id];
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    const SlashCommand command = workload.command(i);
    if (command.text.starts_with("add")) ++added[command.channel_id];
  }
  EXPECT_GT(added.size(), 3U);
  for (const auto& [channel, count] : added) EXPECT_LE(count, tasks) << channel;
}

TEST(BenchWorkload, NoTwoRequestsAreTheSame) {
  const Workload workload = incidents(3, 4);
  std::set<std::string> triggers;
  for (std::uint64_t i = 0; i < workload.fill_size(); ++i) {
    triggers.insert(workload.fill(i).trigger_id);
  }
  for (std::uint64_t i = 0; i < 1'000; ++i) triggers.insert(workload.command(i).trigger_id);
  EXPECT_EQ(triggers.size(), workload.fill_size() + 1'000);
}

TEST(BenchWorkload, AddsUseTheCommandAndTheChannelsTheyWereGiven) {
  const Workload workload({Workload::Kind::kAdds, 2, 0, "/incident"});
  std::set<std::string> channels;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const SlashCommand command = workload.command(i);
    EXPECT_EQ(command.command, "/incident");
    EXPECT_TRUE(command.text.starts_with("add "));
    channels.insert(command.channel_id);
  }
  EXPECT_EQ(channels.size(), 2U);
}

TEST(BenchSigned, RequestsAreGenuineAndInTheOrderOfTheWorkload) {
  const Workload workload = incidents(3, 4);
  const auto requests =
      SignedRequests::sign({"host:1", "/slack/commands", "secret"}, workload, {10, 5, 1});
  ASSERT_EQ(requests.size(), 5U);
  slack::Verifier verifier("secret");
  const auto header = [](const std::string& whole, const std::string& name) {
    const std::size_t at = whole.find("\r\n" + name + ": ") + name.size() + 4;
    return whole.substr(at, whole.find("\r\n", at) - at);
  };
  std::string previous;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::string whole = requests.whole(i);
    const std::string body = whole.substr(whole.find("\r\n\r\n") + 4);
    const std::string timestamp = header(whole, "X-Slack-Request-Timestamp");
    const std::string signature = header(whole, "X-Slack-Signature");
    EXPECT_EQ(body, form_of(workload.command(10 + i)));
    EXPECT_EQ(header(whole, "Content-Length"), std::to_string(body.size()));
    EXPECT_EQ(verifier.check({timestamp, 1}, {signature, 1}, body, read_clock().wall),
              slack::Verdict::kGenuine);
    // One a second, so each is signed as of a second of its own.
    if (!previous.empty()) {
      EXPECT_EQ(std::stoll(timestamp), std::stoll(previous) + 1);
    }
    previous = timestamp;
  }
}

}  // namespace
}  // namespace node::cli
