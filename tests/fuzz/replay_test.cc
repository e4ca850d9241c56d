// What fuzzers have found, and what leads them deep: every file of tests/fuzz/corpus through its
// target, in every build.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;

fs::path corpus_of(const std::string& name) {
  return fs::path(MUSTER_SOURCE_DIR) / "tests/fuzz/corpus" / name;
}

crdt::Bytes octets_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(FuzzCorpus, EveryTargetHasOneAndEveryCorpusATarget) {
  for (const auto& [name, target] : fuzz::targets()) {
    EXPECT_TRUE(fs::is_directory(corpus_of(name))) << corpus_of(name);
  }
  for (const auto& folder : fs::directory_iterator(corpus_of(""))) {
    EXPECT_TRUE(fuzz::targets().contains(folder.path().filename().string())) << folder.path();
  }
}

class FuzzReplay : public testing::TestWithParam<std::string> {};

TEST_P(FuzzReplay, NothingThatWasFoundBreaksItAgain) {
  const fuzz::Target target = fuzz::targets().at(GetParam());
  target({});
  for (const auto& entry : fs::directory_iterator(corpus_of(GetParam()))) {
    // A failed CHECK ends the program: the last file named is the one.
    if (!testing::GTEST_FLAG(brief)) std::printf("%s\n", entry.path().c_str());
    target(octets_of(entry.path()));
  }
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& [name, target] : fuzz::targets()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Corpus, FuzzReplay, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

}  // namespace
