// A peer that loses its disk: what its backup, and the others, bring back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "node/text_file.h"
#include "tests/cluster/cluster.h"

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using tests::Cluster;
using tests::Process;
using tests::Said;

std::string channel_of(int peer) { return "load-" + std::to_string(peer); }

// People who add tasks at one peer until they are told to stop, each in the peer's own channel.
class Load {
 public:
  Load(Cluster& cluster, int peer)
      : thread_([this, &cluster, peer, port = cluster.peers().slack_port(peer)] {
          node::HttpClient client("127.0.0.1", port, Cluster::kPatience);
          while (!stop_) {
            const std::string text = "add task-" + std::to_string(acknowledged_ + 1) + "-of-load";
            const auto call =
                cluster.sign(tests::slash({.text = text, .channel = channel_of(peer)}));
            const auto answer = client.call(call);
            const bool added = answer && answer->body.find("-of-load") != std::string::npos;
            EXPECT_TRUE(added) << (answer ? answer->body : answer.error().message);
            if (!added) return;
            ++acknowledged_;
          }
        }) {}
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  int stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return acknowledged_;
  }
  [[nodiscard]] int acknowledged() const { return acknowledged_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> acknowledged_ = 0;
  std::thread thread_;
};

std::string run(std::vector<std::string> command, int expected = 0) {
  command.insert(command.begin(), MUSTER_BINARY);
  Process process(command);
  EXPECT_EQ(process.finish(), expected) << process.output();
  return process.output();
}

void expect_all_listed(Cluster& cluster, int channel, int tasks) {
  const std::string list = cluster.list(1, channel_of(channel));
  EXPECT_EQ(tests::count_of(list, "-of-load"), tasks) << "channel of peer " << channel;
}

TEST(Backup, APeerThatLosesItsDiskIsRestoredAndNothingAcknowledgedIsLost) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  const fs::path folder = cluster.peers().folder_of(1);
  const std::string store = (folder / "store").string();
  const std::string config = (folder / "config.json").string();
  const std::string file = (folder / "backup").string();

  int first = 0;
  {
    Load load(cluster, 1);
    while (load.acknowledged() < 5) std::this_thread::yield();
    EXPECT_THAT(run({"backup", "--config", config, "--to", file, "--json"}),
                AllOf(HasSubstr(R"("running":true)"), HasSubstr(R"("damaged":0)")));
    EXPECT_THAT(run({"backup", "--data", store, "--to", file}, 2), HasSubstr("is there already"));
    const int at_backup = load.acknowledged();
    while (load.acknowledged() < at_backup + 5) std::this_thread::yield();
    first = load.stop();
  }
  ASSERT_EQ(cluster.settle(), "");
  const fs::path old_copy = folder / "old-copy";
  cluster.peers().stop(1);
  fs::copy(store, old_copy, fs::copy_options::recursive);

  // The disk is gone; the others go on.
  fs::remove_all(store);
  int second = 0;
  {
    Load load(cluster, 2);
    EXPECT_THAT(run({"restore", file, "--config", config}), HasSubstr("restored "));
    EXPECT_THAT(run({"restore", file, "--config", config}, 2), HasSubstr("there is a store in"));
    ASSERT_TRUE(cluster.peers().start(1));
    second = load.stop();
  }
  ASSERT_EQ(cluster.settle(), "");
  expect_all_listed(cluster, 1, first);
  expect_all_listed(cluster, 2, second);
  EXPECT_THAT(node::read_text_file((folder / "log").string())->text,
              AllOf(HasSubstr("restored from a backup"), HasSubstr("caught up")));
  EXPECT_THAT(cluster.send(1, Said{.text = "add another"}), HasSubstr("another"));

  // Somebody puts an old copy of the folder in its place and tells nobody.
  ASSERT_EQ(cluster.settle(), "");
  cluster.peers().stop(1);
  fs::remove_all(store);
  fs::rename(old_copy, store);
  ASSERT_TRUE(cluster.peers().start(1));
  ASSERT_EQ(cluster.settle(), "");
  EXPECT_THAT(node::read_text_file((folder / "log").string())->text,
              HasSubstr("its file is a copy of the one that was last served"));
  expect_all_listed(cluster, 2, second);
}

TEST(Backup, ExportsAndImportsAreReadableAndUndoNothing) {
  Cluster cluster;
  ASSERT_EQ(cluster.problem(), "");
  const fs::path folder = cluster.peers().folder_of(1);
  const std::string config = (folder / "config.json").string();
  const std::string file = (folder / "export").string();
  cluster.send(1, Said{.text = "add disk full"});
  EXPECT_THAT(run({"export", "--config", config, "--to", file}),
              HasSubstr("exported 1 document and"));
  EXPECT_THAT(node::read_text_file(file)->text, HasSubstr("disk full"));
  cluster.send(1, Said{.text = "1 !done"});
  ASSERT_EQ(cluster.settle(), "");
  const std::string hash = cluster.hash_of(1);
  EXPECT_THAT(run({"import", file, "--config", config, "--wait", "all", "--json"}),
              AllOf(HasSubstr(R"("changed":0)"), HasSubstr(R"("satisfied":true)")));
  cluster.peers().stop(1);
  EXPECT_THAT(run({"import", file, "--config", config}), HasSubstr("0 of them held something new"));
  EXPECT_THAT(run({"import", file, "--config", config, "--wait", "all"}, 2),
              HasSubstr("the peer does not run"));
  // Done, but one of three cannot say that it has it.
  const std::string other = (cluster.peers().folder_of(2) / "config.json").string();
  const std::vector<std::string> waits{"--config", other, "--wait", "all", "--timeout", "50ms"};
  const auto waiting = [&](std::vector<std::string> command) {
    command.insert(command.end(), waits.begin(), waits.end());
    return command;
  };
  EXPECT_THAT(run(waiting({"import", file}), 3),
              AllOf(HasSubstr("not known to be durable on"), HasSubstr("it is done, but")));
  EXPECT_THAT(run({"import", file, "--config", other, "--wait", "4"}, 1), HasSubstr("1 to 3 here"));
  EXPECT_THAT(run({"import", file, "--config", other, "--timeout", "soon"}, 2),
              HasSubstr("--timeout takes a time"));
  ASSERT_TRUE(cluster.peers().start(1));
  ASSERT_EQ(cluster.settle(), "");
  EXPECT_EQ(cluster.hash_of(1), hash);
  run({"config", "set", "greeting", "hello", "--config", config, "--wait", "all"});
  EXPECT_THAT(run({"config", "get", "greeting", "--config", other}), HasSubstr("hello"));
}

// The last copy there is: nobody can vouch for it but the operator.
TEST(Backup, ARestoredPeerWithoutOthersServesWhenItIsToldTo) {
  tests::TemporaryFolder folder;
  const std::string dir = (folder.path() / "a").string();
  run({"init", "--name", "a", "--cluster", "demo", "--dir", dir, "--listen", "127.0.0.1:0",
       "--slack-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  ASSERT_TRUE(node::write_new_file(dir + "/signing-secret", "secret\n"));
  const auto serve = [&](const std::string& option) {
    std::vector<std::string> command{MUSTER_BINARY, "serve", "--config", dir + "/config.json"};
    if (!option.empty()) command.push_back(option);
    Process process(command);
    EXPECT_TRUE(process.read_until("ready slack="));
    process.signal(SIGINT);
    EXPECT_EQ(process.finish(), 0);
    return process.output();
  };
  serve("");
  run({"backup", "--config", dir + "/config.json", "--to", dir + "/b"});
  fs::remove_all(dir + "/store");
  run({"restore", dir + "/b", "--config", dir + "/config.json"});
  EXPECT_THAT(serve(""), AllOf(HasSubstr("serves nothing before it has caught up with another one"),
                               HasSubstr("start it once with --accept-restored")));
  EXPECT_THAT(serve("--accept-restored"), HasSubstr("serving at once, as --accept-restored says"));
  EXPECT_THAT(serve(""), testing::Not(HasSubstr("caught up")));
}

}  // namespace
