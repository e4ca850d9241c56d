// A run's folder: there as long as the run, and gone whoever ended it.
#include "simulation/run_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace {

using simulation::RunFolder;

TEST(RunFolder, IsGoneWithAllThatLiesInItWhenTheRunIsOver) {
  std::string path;
  {
    const RunFolder folder;
    path = folder.path();
    std::filesystem::create_directory(path + "/a");
    std::ofstream(path + "/a/data.mdb") << "rows";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(RunFolder, OfAProcessThatDiedIsRemovedByWhoeverStartedIt) {
  const RunFolder folder;
  RunFolder::remove(::getpid());
  EXPECT_FALSE(std::filesystem::exists(folder.path()));
}

TEST(RunFolder, ThatWasLeftByAnEarlierProcessOfThatNameIsBegunAnew) {
  const RunFolder left;
  std::ofstream(left.path() + "/data.mdb") << "rows";
  const RunFolder folder;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
