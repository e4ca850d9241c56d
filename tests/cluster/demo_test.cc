// `muster demo` as a person or a script meets it: the real program, run as a process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/process.h"

namespace {

using testing::HasSubstr;
using testing::Not;
using tests::Process;
using tests::TemporaryFolder;

// A demo in a folder of its own, by whose name its processes are found.
struct Demo {
  explicit Demo(Process::Input input = Process::Input::kPipe)
      : process({MUSTER_BINARY, "demo", "--dir", folder.path().string()}, input) {}

  int run(std::string_view script) {
    process.type(script);
    process.end_input();
    return process.finish();
  }

  bool is_up() { return process.read_until("  peer 3  process "); }
  bool leaves_nothing() { return tests::no_process_names(folder.path().string()); }

  TemporaryFolder folder;
  Process process;
};

std::string first_demo() {
  std::ifstream file(std::filesystem::path(MUSTER_SOURCE_DIR) / "tests/cluster/first_demo.txt");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(DemoScript, TheFirstDemoComesOutAsTheReadmePromises) {
  Demo demo;
  EXPECT_EQ(demo.run(first_demo()), 0) << demo.process.output();
  EXPECT_THAT(demo.process.output(), HasSubstr("All peers have stopped."));
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoScript, EveryLineSeesWhatTheLineBeforeDidOnAnotherPeer) {
  std::string script;
  for (int i = 1; i <= 12; ++i) {
    const std::string text = "job " + std::to_string(i) + " of twelve";
    script += std::to_string(1 + i % 3) + "> /ir add " + text + "\n";
    script += std::to_string(1 + (i + 1) % 3) + "> /ir list\nexpect " + text + "\n";
  }
  Demo demo;
  EXPECT_EQ(demo.run(script), 0) << demo.process.output();
}

TEST(DemoScript, TheFirstFailureEndsItAndIsNamed) {
  Demo demo;
  EXPECT_EQ(demo.run("1> /ir add disk full\n"
                     "\n"
                     "expect disk full\n"
                     "expect no such words\n"
                     "1> /ir add never sent\n"),
            1);
  EXPECT_THAT(demo.process.output(), HasSubstr("line 4: expect no such words"));
  EXPECT_THAT(demo.process.output(), HasSubstr("lacks \"no such words\""));
  EXPECT_THAT(demo.process.output(), Not(HasSubstr("never sent")));
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoScript, AWordItDoesNotKnowIsAFailure) {
  Demo demo;
  EXPECT_EQ(demo.run("# a comment\n/ir list\n"), 1);
  EXPECT_THAT(demo.process.output(), HasSubstr("line 2: /ir list"));
  EXPECT_THAT(demo.process.output(), HasSubstr("1> /ir list"));
}

TEST(DemoScript, ADeadPeerCannotBeAsked) {
  Demo demo;
  EXPECT_EQ(demo.run("kill 2\n1> /ir add still here\n2> /ir list\n"), 1);
  EXPECT_THAT(demo.process.output(), HasSubstr("line 3: 2> /ir list"));
  EXPECT_THAT(demo.process.output(), HasSubstr("peer 2 is down"));
}

TEST(DemoScript, ARetryOnAnotherPeerIsAnsweredAlikeAndDoneOnce) {
  Demo demo;
  EXPECT_EQ(demo.run("1> /ir add only once\nagain 2\nagain 3\n1> /ir add the second\n"
                     "2> /ir list\nexpect only once\nexpect 2 \nexpect-not 3 \n"),
            0)
      << demo.process.output();
}

TEST(DemoScript, AFolderUsedAgainGoesOnWhereItEnded) {
  TemporaryFolder folder;
  for (const char* script : {"1> /ir add lasts\n", "3> /ir list\nexpect lasts\n"}) {
    Process demo({MUSTER_BINARY, "demo", "--dir", folder.path().string()});
    demo.type(script);
    demo.end_input();
    EXPECT_EQ(demo.finish(), 0) << demo.output();
  }
}

TEST(DemoScript, AFreshFolderIsNamedAndGoesAtTheEnd) {
  Process demo({MUSTER_BINARY, "demo"});
  ASSERT_TRUE(demo.read_until("  peer 3  process ")) << demo.output();
  constexpr std::string_view kBefore = "Their files are in ";
  const std::size_t start = demo.output().find(kBefore) + kBefore.size();
  const std::string folder = demo.output().substr(start, demo.output().find(',', start) - start);
  EXPECT_TRUE(std::filesystem::exists(folder)) << folder;
  demo.end_input();
  EXPECT_EQ(demo.finish(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder)) << folder;
}

TEST(DemoEnd, NoProcessIsLeftAtTheEndOfInput) {
  Demo demo;
  ASSERT_TRUE(demo.is_up()) << demo.process.output();
  EXPECT_EQ(tests::processes_naming(demo.folder.path().string()).size(), 4u);
  demo.process.end_input();
  EXPECT_EQ(demo.process.finish(), 0);
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoEnd, NoProcessIsLeftAfterAnInterrupt) {
  Demo demo;
  ASSERT_TRUE(demo.is_up()) << demo.process.output();
  demo.process.signal(SIGINT);
  EXPECT_EQ(demo.process.finish(), 130);
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoEnd, NoProcessIsLeftAfterATerminationWhileItSleeps) {
  Demo demo;
  demo.process.type("sleep 500\n");
  ASSERT_TRUE(demo.process.read_until("sleep 500")) << demo.process.output();
  demo.process.signal(SIGTERM);
  EXPECT_EQ(demo.process.finish(), 130);
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoEnd, NoProcessIsLeftWhereTheDemoItselfIsKilled) {
  Demo demo;
  ASSERT_TRUE(demo.is_up()) << demo.process.output();
  demo.process.signal(SIGKILL);
  EXPECT_EQ(demo.process.finish(), -SIGKILL);
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoTerminal, TeachesAndGoesOnAfterAMistake) {
  Demo demo(Process::Input::kTerminal);
  ASSERT_TRUE(demo.process.read_until("ann #incident")) << demo.process.output();
  demo.process.type("ir list\n");
  ASSERT_TRUE(demo.process.read_until("try 1> /ir list, or help")) << demo.process.output();
  demo.process.type("1> /ir add disk full\n");
  ASSERT_TRUE(demo.process.read_until("│")) << demo.process.output();
  demo.process.type("quit\n");
  EXPECT_EQ(demo.process.finish(), 0) << demo.process.output();
  EXPECT_TRUE(demo.leaves_nothing());
}

TEST(DemoTerminal, CtrlCStopsThePeersInOrder) {
  Demo demo(Process::Input::kTerminal);
  ASSERT_TRUE(demo.process.read_until("ann #incident")) << demo.process.output();
  demo.process.type("\x03");
  EXPECT_EQ(demo.process.finish(), 0) << demo.process.output();
  EXPECT_THAT(demo.process.output(), HasSubstr("All peers have stopped."));
  EXPECT_TRUE(demo.leaves_nothing());
}

}  // namespace
