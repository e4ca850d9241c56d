#include "node/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/process.h"

namespace {

using node::Level;
using node::Log;
using node::LogConfig;
using testing::HasSubstr;
using testing::MatchesRegex;

class LogTest : public testing::Test {
 protected:
  LogTest() { config_.file = (folder_.path() / "log").string(); }

  std::string text() const {
    std::ifstream file(config_.file);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  tests::TemporaryFolder folder_;
  LogConfig config_;
};

TEST_F(LogTest, WritesTimeLevelAndTheRequestsUuid) {
  auto log = *Log::open(config_);
  log->write({Level::kWarning, {0x0123456789abcdef, 0x8123456789abcdef}, "slow"});
  log->write(Level::kInfo, "plain");
  EXPECT_THAT(text(), MatchesRegex("....-..-..T..:..:..\\....Z warning "
                                   "\\[01234567-89ab-cdef-8123-456789abcdef\\] slow\n"
                                   "....-..-..T..:..:..\\....Z info plain\n"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  config_.level = Level::kWarning;
  auto log = *Log::open(config_);
  log->write(Level::kInfo, "quiet");
  log->write(Level::kError, "loud");
  EXPECT_FALSE(log->writes(Level::kInfo));
  EXPECT_TRUE(log->writes(Level::kWarning));
  EXPECT_THAT(text(), testing::Not(HasSubstr("quiet")));
  EXPECT_THAT(text(), HasSubstr("loud"));
}

TEST_F(LogTest, AStrangersLineBreaksMakeNoNewLines) {
  auto log = *Log::open(config_);
  log->write(Level::kInfo, "bad name \"x\n2026-01-01 error all is lost\x1b[2J\"");
  const std::string all = text();
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1);
  EXPECT_THAT(all, HasSubstr("x\\n2026-01-01 error all is lost\\x1b[2J"));
}

TEST_F(LogTest, RotatesAndForgetsTheOldest) {
  config_.rotate_bytes = 4096;
  config_.rotate_files = 2;
  auto log = *Log::open(config_);
  for (int i = 0; i < 500; ++i) log->write(Level::kInfo, "line " + std::to_string(i));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_LE(entry.file_size(), 4096U + 100);
    ++files;
  }
  EXPECT_EQ(files, 3U);
  EXPECT_THAT(text(), HasSubstr("line 499"));
}

TEST_F(LogTest, SaysWhatToDoAboutAFileItCannotWrite) {
  config_.file = "/proc/nowhere/log";
  const auto log = Log::open(config_);
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message, HasSubstr("set log.file"));
}

TEST(ParseLevel, KnowsFourWords) {
  EXPECT_EQ(*node::parse_level("warning"), Level::kWarning);
  EXPECT_FALSE(node::parse_level("warn"));
}

}  // namespace
