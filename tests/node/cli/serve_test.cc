// The commands of node/cli that run or make a node, each in a process of its own.
#include "node/cli/serve.h"

#include <fcntl.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "gossip/noise_keys.h"
#include "node/cli/init.h"
#include "node/cli/status.h"
#include "tests/node/raw_client.h"
#include "tests/support/process.h"

namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

// `muster <arguments>` in a child, its two outputs as one text.
class Command {
 public:
  explicit Command(std::vector<std::string> arguments) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::fflush(nullptr);  // What this process has not written yet must not leave the child, too.
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::_exit(run(std::move(arguments)));
    }
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Command() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
  }

  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  void signal(int number) const { ::kill(pid_, number); }

  bool read_until(const std::string& text) {
    while (output.find(text) == std::string::npos) {
      char bytes[4096];
      const ssize_t count = ::read(out_, bytes, sizeof bytes);
      if (count <= 0) return false;
      output.append(bytes, static_cast<std::size_t>(count));
    }
    return true;
  }

  // The exit code, or minus the signal.
  int finish() {
    read_until(std::string(1, '\0'));
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::string output;

 private:
  static int run(std::vector<std::string> arguments) {
    CLI::App app;
    node::cli::Action action;
    node::cli::add_init(app, action);
    node::cli::add_serve(app, action);
    node::cli::add_status(app, action);
    std::reverse(arguments.begin(), arguments.end());  // As CLI11 takes them.
    try {
      app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      const int code = app.exit(error) == 0 ? 0 : node::cli::kUnusable;
      std::cout << std::flush;
      return code;
    }
    const int code = action();
    std::cout << std::flush;
    return code;
  }

  pid_t pid_ = -1;
  int out_ = -1;
};

class ServeTest : public testing::Test {
 protected:
  // What `muster init` makes, on free ports, and a signing secret.
  ServeTest() : dir_((folder_.path() / "a").string()) {
    Command init({"init", "--name", "a", "--cluster", "test", "--dir", dir_,   //
                  "--listen", "127.0.0.1:0", "--slack-listen", "127.0.0.1:0",  //
                  "--admin-listen", "127.0.0.1:0"});
    EXPECT_EQ(init.finish(), 0) << init.output;
    init_output_ = init.output;
    std::ofstream(dir_ + "/signing-secret") << "secret\n";
    ::chmod((dir_ + "/signing-secret").c_str(), 0600);
  }

  std::string config() const { return dir_ + "/config.json"; }
  std::vector<std::string> serve() const { return {"serve", "--config", config()}; }

  void edit(const char* pointer, const json& value) const {
    std::ifstream in(config());
    json all = json::parse(in);
    all[json::json_pointer(pointer)] = value;
    std::ofstream(config()) << all;
  }

  // Of the ready line.
  static std::string address_in(const std::string& output, const std::string& name) {
    const std::size_t at = output.find("ready " + std::string("slack="));
    const std::size_t from = output.find(name + "=", at) + name.size() + 1;
    return output.substr(from, output.find_first_of(" \n", from) - from);
  }

  tests::TemporaryFolder folder_;
  std::string dir_;
  std::string init_output_;
};

TEST_F(ServeTest, InitMakesWhatServeNeedsAndSaysWhatIsNext) {
  std::ifstream key(dir_ + "/identity.key");
  std::string hex;
  key >> hex;
  const auto identity = gossip::private_key_from_hex(hex);
  ASSERT_TRUE(identity);
  EXPECT_THAT(init_output_, AllOf(HasSubstr(gossip::to_hex(gossip::public_key_of(*identity))),
                                  HasSubstr("signing-secret"), HasSubstr("muster serve")));
  EXPECT_EQ(init_output_.find(hex), std::string::npos);  // The secret half stays in its file.
  struct stat info {};
  ASSERT_EQ(::stat((dir_ + "/identity.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ServeTest, InitNeverOverwrites) {
  const auto before = fs::last_write_time(dir_ + "/identity.key");
  Command again({"init", "--name", "a", "--cluster", "test", "--dir", dir_});
  EXPECT_EQ(again.finish(), 2);
  EXPECT_THAT(again.output, AllOf(HasSubstr("is there already"), HasSubstr("--dir")));
  EXPECT_EQ(fs::last_write_time(dir_ + "/identity.key"), before);
}

TEST_F(ServeTest, ServesUntilItIsToldToStop) {
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=")) << node.output;
  ASSERT_TRUE(node.read_until("\n"));
  const std::string admin = address_in(node.output, "admin");
  tests::RawClient client(admin);
  client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200 OK"));
  Command status({"status", "--config", config()});
  EXPECT_EQ(status.finish(), 0) << status.output;
  EXPECT_THAT(status.output, StartsWith("a takes changes"));
  node.signal(SIGINT);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(node.finish(), 0) << node.output;
  EXPECT_THAT(node.output, HasSubstr("stopped"));
}

std::string ask(const std::string& address, const std::string& target) {
  tests::RawClient client(address);
  client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  return client.read_answer();
}

TEST_F(ServeTest, WhenToldToStopItServesOnWhileLoadBalancersLookAway) {
  edit("/drain_ms", 600'000);
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=") && node.read_until("\n"));
  const std::string slack = address_in(node.output, "slack");
  EXPECT_THAT(ask(slack, "/readyz"), StartsWith("HTTP/1.1 200 OK"));
  node.signal(SIGTERM);
  ASSERT_TRUE(node.read_until("draining")) << node.output;
  EXPECT_THAT(ask(slack, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Connection: close")));
  EXPECT_THAT(ask(slack, "/healthz"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(ask(slack, "/slack/commands"), StartsWith("HTTP/1.1 405"));
  node.signal(SIGTERM);  // Somebody has had enough of waiting.
  EXPECT_EQ(node.finish(), 0) << node.output;
  EXPECT_THAT(node.output, HasSubstr("stopped"));
}

TEST_F(ServeTest, ADrainEndsByItself) {
  edit("/drain_ms", 1);
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=") && node.read_until("\n"));
  node.signal(SIGTERM);
  EXPECT_EQ(node.finish(), 0) << node.output;
  EXPECT_THAT(node.output, AllOf(HasSubstr("draining"), HasSubstr("stopped")));
}

TEST_F(ServeTest, ControlCStopsWithoutDraining) {
  edit("/drain_ms", 600'000);
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=") && node.read_until("\n"));
  node.signal(SIGINT);
  EXPECT_EQ(node.finish(), 0) << node.output;
  EXPECT_EQ(node.output.find("draining"), std::string::npos);
}

TEST_F(ServeTest, SaysReadyWhereItWasAskedTo) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto arguments = serve();
  arguments.insert(arguments.end(), {"--ready-fd", std::to_string(ends[1])});
  Command node(arguments);
  ::close(ends[1]);
  char bytes[256] = {};
  ASSERT_GT(::read(ends[0], bytes, sizeof bytes - 1), 0);
  EXPECT_THAT(bytes, StartsWith("ready slack=127.0.0.1:"));
  ::close(ends[0]);
}

TEST_F(ServeTest, ABadConfigurationIsOneSentenceAndExitCode2) {
  edit("/slack/lisen", "x");
  Command node(serve());
  EXPECT_EQ(node.finish(), 2);
  EXPECT_THAT(node.output, AllOf(StartsWith("muster: " + config() + ": slack.lisen: "),
                                 HasSubstr("did you mean \"listen\"?")));
  EXPECT_EQ(std::count(node.output.begin(), node.output.end(), '\n'), 1);
}

TEST_F(ServeTest, AStoreThatIsOpenIsOneSentenceAndExitCode2) {
  Command first(serve());
  ASSERT_TRUE(first.read_until("ready slack=")) << first.output;
  Command second(serve());
  EXPECT_EQ(second.finish(), 2);
  EXPECT_THAT(second.output, HasSubstr("already open in process "));
}

TEST_F(ServeTest, ADamagedStoreIsOneSentenceAndExitCode2) {
  fs::create_directories(dir_ + "/store");
  std::ofstream(dir_ + "/store/data.mdb") << std::string(10'000, 'x');
  Command node(serve());
  EXPECT_EQ(node.finish(), 2);
  EXPECT_THAT(node.output, AllOf(HasSubstr("is no usable store"), HasSubstr("restore a backup")));
  EXPECT_EQ(std::count(node.output.begin(), node.output.end(), '\n'), 1);
}

TEST_F(ServeTest, AnAddressInUseIsOneSentenceAndExitCode2) {
  Command first(serve());
  ASSERT_TRUE(first.read_until("ready slack=") && first.read_until("\n"));
  edit("/admin/listen", address_in(first.output, "slack"));
  edit("/data_dir", "other");
  Command second(serve());
  EXPECT_EQ(second.finish(), 2);
  EXPECT_THAT(second.output, HasSubstr("cannot listen on 127.0.0.1:"));
}

TEST_F(ServeTest, APeerIsReachedByItsFolderByItsConfigurationOrByItsAddress) {
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=") && node.read_until("\n")) << node.output;
  const std::string admin = address_in(node.output, "admin");
  const std::string store = dir_ + "/store";
  const std::vector<std::vector<std::string>> ways = {
      {"--data", store},
      {"--config", config()},
      {"--address", admin, "--token-file", store + "/reader.token"},
      {"--data", store, "--token-file", store + "/reader.token"}};
  for (std::vector<std::string> arguments : ways) {
    arguments.insert(arguments.begin(), "status");
    Command status(arguments);
    EXPECT_EQ(status.finish(), 0) << status.output;
    EXPECT_THAT(status.output, StartsWith("a takes changes"));
  }
}

TEST_F(ServeTest, AWrongTokenIsRefusedInOneSentence) {
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=") && node.read_until("\n")) << node.output;
  std::ofstream(dir_ + "/guessed") << "operator.guessed\n";
  Command status({"status", "--data", dir_ + "/store", "--token-file", dir_ + "/guessed"});
  EXPECT_EQ(status.finish(), 1);
  EXPECT_THAT(status.output, HasSubstr("does not know this token"));
  Command bare({"status", "--address", address_in(node.output, "admin")});
  EXPECT_EQ(bare.finish(), 2);
  EXPECT_THAT(bare.output, HasSubstr("--token-file"));
}

TEST_F(ServeTest, StatusOfAPeerThatDoesNotRunFails) {
  Command never({"status", "--config", config()});
  EXPECT_EQ(never.finish(), 2);
  EXPECT_THAT(never.output, HasSubstr("has a peer been started on this folder?"));
  Command node(serve());
  ASSERT_TRUE(node.read_until("ready slack=")) << node.output;
  node.signal(SIGTERM);
  EXPECT_EQ(node.finish(), 0);
  Command stopped({"status", "--config", config()});
  EXPECT_EQ(stopped.finish(), 1);
  EXPECT_THAT(stopped.output, HasSubstr("does the peer run?"));
}

TEST_F(ServeTest, WrongUsageIsExitCode2AndHelpIsNot) {
  EXPECT_EQ(Command({"serve"}).finish(), 2);
  EXPECT_EQ(Command({"status"}).finish(), 2);
  EXPECT_EQ(Command({"serve", "--no-such-option"}).finish(), 2);
  Command help({"serve", "--help"});
  EXPECT_EQ(help.finish(), 0);
  EXPECT_THAT(help.output, HasSubstr("Example:"));
}

}  // namespace
