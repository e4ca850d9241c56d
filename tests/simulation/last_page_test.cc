// The page of a run that dies of a failed CHECK.
#include "simulation/last_page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "crdt/check.h"

namespace {

using namespace simulation;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Such a run left no page at all: what was to be seen died with the process.
TEST(LastPage, ARunThatDiesOfAFailedCheckIsDrawnUpToThere) {
  const std::string path = testing::TempDir() + "last_page." + std::to_string(::getpid()) + ".html";
  const auto die = [&] {
    Diagram diagram;
    Plan plan;
    plan.options.seed = 4'711;
    plan.options.nodes = 2;
    const LastPage last(diagram, plan, path);
    diagram.on_step(3s, 1, "is asked", "the last thing that happened");
    CHECK(plan.options.nodes == 3);
  };
  EXPECT_DEATH(die(), "nodes == 3");
  const std::string page = read(path);
  EXPECT_NE(page.find("4711"), std::string::npos);
  EXPECT_NE(page.find("no check fails"), std::string::npos);
  EXPECT_NE(page.find("is asked"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(LastPage, ARunThatEndsWellLeavesNone) {
  const std::string path = testing::TempDir() + "no_page." + std::to_string(::getpid()) + ".html";
  Diagram diagram;
  Plan plan;
  { const LastPage last(diagram, plan, path); }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
