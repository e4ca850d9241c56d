// muster-sim as a person runs it: exit codes, what it says, what it writes, and ctrl-C.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/process.h"

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kValid = 0;
constexpr int kInvalid = 1;
constexpr int kUnknown = 2;

// Beside the folder of this program, where the build puts it.
std::string program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "muster-sim";
}

struct Ended {
  int code = 0;
  std::string output;
};

Ended ran(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program());
  tests::Process process(arguments);
  process.end_input();
  const int code = process.finish();
  return {code, process.output()};
}

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(program())) GTEST_SKIP() << "muster-sim is not built here";
  }

  // A plan that cannot hold: a command is typed long after people have gone home.
  std::string failing_plan() {
    const std::string path = folder_.path() / "plan.txt";
    std::ofstream(path) << "options seed=3 nodes=2 length_us=5000000 faults=none\n"
                           "0:01.000000 command trigger=1 user=U1 channel=C1 to=a doubles= "
                           "text=add disk full\n"
                           "3:00.000000 command trigger=2 user=U1 channel=C1 to=b doubles= "
                           "text=list\n";
    return path;
  }

  [[nodiscard]] std::string in_folder(const std::string& name) const {
    return folder_.path() / name;
  }

  // A program that stands between whoever asks a worker and the worker.
  std::string script(const std::string& line) {
    const std::string path = folder_.path() / "script";
    std::ofstream(path) << "#!/bin/sh\n" << line << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  static std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  tests::TemporaryFolder folder_;
};

TEST_F(CommandLine, RunsSeedSevenAndSaysWhatItDid) {
  const Ended run = ran({"--seed", "7", "--minutes", "0.5"});
  EXPECT_EQ(run.code, kValid) << run.output;
  EXPECT_THAT(run.output, HasSubstr("seed=7 nodes=5"));
  EXPECT_THAT(run.output, HasSubstr("seed 7: 5 nodes for 1:"));
  EXPECT_THAT(run.output, HasSubstr("1 seed, 0 failed"));
}

TEST_F(CommandLine, RunsOverTheStoreOfProduction) {
  const Ended run = ran({"--seeds", "2", "--minutes", "0.5", "--store", "lmdb", "--twice"});
  EXPECT_EQ(run.code, kValid) << run.output;
  EXPECT_THAT(run.output, HasSubstr("2 seeds, 0 failed"));
}

TEST_F(CommandLine, AnotherBuildOfTheSameCommitDoesTheSame) {
  const std::string other = in_folder("another-build");
  std::filesystem::copy_file(program(), other);
  const Ended run = ran({"--seeds", "2", "--minutes", "0.5", "--against", other});
  EXPECT_EQ(run.code, kValid) << run.output;
  EXPECT_THAT(run.output, HasSubstr("2 seeds, 0 failed"));
}

TEST_F(CommandLine, AnotherBuildThatDoesSomethingElseIsAFinding) {
  const std::string other =
      script("exec " + program() + R"( --worker | sed -u 's/"digest":[0-9]*/"digest":7/')");
  const Ended run = ran({"--seed", "3", "--minutes", "0.5", "--against", other});
  EXPECT_EQ(run.code, kInvalid);
  EXPECT_THAT(run.output, HasSubstr("one seed is one run"));
}

TEST_F(CommandLine, ABuildOfAnotherCommitIsNotCompared) {
  const std::string other =
      script("exec sed -u 's/\"commit\":\"/&of-old-/' | " + program() + " --worker");
  const Ended run = ran({"--seeds", "3", "--all", "--minutes", "0.5", "--against", other});
  EXPECT_EQ(run.code, kUnknown);
  EXPECT_THAT(run.output, HasSubstr("it is of another commit"));
}

TEST_F(CommandLine, RefusesWhatItCannotDoWithExitCodeTwo) {
  const std::vector<std::vector<std::string>> refused{
      {"--no-such-option"},
      {"--seeds", "0"},
      {"--nodes", "99"},
      {"--faults", "rain"},
      {"--store", "paper"},
      {"--replay", in_folder("plan.txt"), "--store", "lmdb"},
      {"--replay", "/no/such/file"},
      {"--for", "soon"},
      {"--html", "/no/such/folder/run.html"},
      {"--html", in_folder("run.html"), "--seeds", "2"},
      {"--seeds", "2", "--for", "1m"},
      {"--replay", in_folder("plan.txt"), "--nodes", "3"},
      {"--shrink", "--json"},
      {"--plan", "--twice"},
      {"--against", "/etc/passwd"},
      {"--plant", "no-such-bug"},
      {"--test", in_folder("some_test.cc")}};
  for (const auto& arguments : refused) {
    const Ended run = ran(arguments);
    EXPECT_EQ(run.code, kUnknown) << arguments.front() << "\n" << run.output;
    EXPECT_FALSE(run.output.empty()) << arguments.front();
  }
}

TEST_F(CommandLine, LeavesNoEmptyFileWhereThereIsNothingToWrite) {
  const std::string page = in_folder("run.html");
  EXPECT_EQ(ran({"--html", page, "--test", in_folder("some_test.cc")}).code, kUnknown);
  EXPECT_FALSE(std::filesystem::exists(page));
  const Ended run = ran({"--shrink", "--test", in_folder("some_test.cc"), "--minutes", "0.1"});
  EXPECT_EQ(run.code, kValid) << run.output;
  EXPECT_FALSE(std::filesystem::exists(in_folder("some_test.cc")));
}

TEST_F(CommandLine, NamesThePlantedBugsAndSaysWhichBuildHasThem) {
  EXPECT_THAT(ran({"--list-planted"}).output, HasSubstr("canary (node): changes are answered"));
  const Ended run = ran({"--plant", "canary", "--seed", "1", "--minutes", "1"});
#ifdef MUSTER_PLANTED
  EXPECT_EQ(run.code, kInvalid) << run.output;
  EXPECT_THAT(run.output, HasSubstr(" --minutes 1 --plant canary\n"));
#else
  EXPECT_EQ(run.code, kUnknown) << run.output;
  EXPECT_THAT(run.output, HasSubstr("./run build planted"));
#endif
}

TEST_F(CommandLine, EndsAFailingPlanWithExitCodeOneAndTheLineThatReplaysIt) {
  const std::string plan = failing_plan();
  const Ended run = ran({"--replay", plan});
  EXPECT_EQ(run.code, kInvalid) << run.output;
  EXPECT_THAT(run.output, HasSubstr("liveness: every command ends (seed 3, commit "));
  EXPECT_THAT(run.output, HasSubstr("see it again: muster-sim --replay " + plan + "\n"));
}

TEST_F(CommandLine, DrawsAFailingPlanIntoAPage) {
  const Ended run = ran({"--replay", failing_plan(), "--html", in_folder("run.html")});
  EXPECT_EQ(run.code, kInvalid) << run.output;
  EXPECT_THAT(run.output, HasSubstr("drawn in " + in_folder("run.html")));
  const std::string page = content_of(in_folder("run.html"));
  EXPECT_THAT(page, HasSubstr("every command ends"));
  EXPECT_THAT(page, HasSubstr("</html>"));
}

TEST_F(CommandLine, ShrinksAFailingPlanIntoAStoryAPlanATestAndAPage) {
  const Ended run = ran({"--replay", failing_plan(), "--shrink", "--test",
                         in_folder("late_test.cc"), "--html", in_folder("run.html")});
  EXPECT_EQ(run.code, kInvalid) << run.output;
  EXPECT_THAT(run.output, HasSubstr("# From 2 commands and 0 faults to 1 and 0"));
  EXPECT_THAT(run.output, HasSubstr("types \"/ir list\""));
  EXPECT_THAT(run.output, Not(HasSubstr("disk full")));
  EXPECT_THAT(content_of(in_folder("late_test.cc")), HasSubstr("TEST(Shrunk, Seed3EveryCommand"));
  EXPECT_THAT(content_of(in_folder("run.html")), HasSubstr("</html>"));
}

TEST_F(CommandLine, CutShortTellsItsTotals) {
  for (const int signal : {SIGINT, SIGTERM}) {
    tests::Process process(
        {program(), "--for", "10m", "--minutes", "0.2", "--jobs", "1", "--json"});
    ASSERT_TRUE(process.read_until("}\n")) << process.output();
    process.signal(signal);
    EXPECT_EQ(process.finish(), kValid) << process.output();
    EXPECT_THAT(process.output(), HasSubstr(", 0 failed, "));
  }
}

}  // namespace
