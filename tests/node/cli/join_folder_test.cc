#include "node/cli/join_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "node/text_file.h"
#include "tests/support/process.h"

namespace {

using node::cli::JoinFolder;
using testing::HasSubstr;
namespace fs = std::filesystem;

class JoinFolderTest : public testing::Test {
 protected:
  [[nodiscard]] std::string dir() const { return (folder_.path() / "node").string(); }
  [[nodiscard]] bool has(const std::string& name) const { return fs::exists(dir() + "/" + name); }
  [[nodiscard]] node::cli::NodeFiles files(const gossip::PrivateKey& key) const {
    node::cli::NodeFiles files;
    files.dir = dir();
    files.name = "b";
    files.cluster = "test";
    files.address = "b:7100";
    files.identity = key;
    files.membership.emplace();
    files.signing_secret = "the cluster's";
    return files;
  }
  void leave_half_written() {
    JoinFolder folder(dir());
    key_ = folder.open().value();
    folder.keep();
    for (const char* name : {"/cluster-secret", "/membership"}) {
      std::ofstream(dir() + name) << "half";
    }
  }

  tests::TemporaryFolder folder_;
  gossip::PrivateKey key_;
};

TEST_F(JoinFolderTest, ThatNobodyHeardOfLeavesNothingBehind) {
  { EXPECT_TRUE(JoinFolder(dir()).open().has_value()); }
  EXPECT_FALSE(fs::exists(dir()));
  fs::create_directories(dir());
  std::ofstream(dir() + "/signing-secret") << "mine\n";
  { EXPECT_TRUE(JoinFolder(dir()).open().has_value()); }
  EXPECT_TRUE(has("signing-secret"));
  EXPECT_FALSE(has("identity.key"));
}

TEST_F(JoinFolderTest, ThatWasInterruptedGoesOnWithTheSameKey) {
  leave_half_written();
  JoinFolder again(dir());
  const auto key = again.open();
  ASSERT_TRUE(key.has_value()) << key.error().message;
  EXPECT_EQ(*key, key_);
  again.keep();
  ASSERT_TRUE(again.finish(files(*key)).has_value());
  EXPECT_TRUE(has("config.json"));
  EXPECT_FALSE(has("joining"));
  EXPECT_THAT(node::read_text_file(dir() + "/membership")->text, testing::Not(HasSubstr("half")));
}

TEST_F(JoinFolderTest, KeepsTheKeyOfAnEarlierTryThatMayHaveSucceededWhenTheNextIsRefused) {
  leave_half_written();
  { EXPECT_TRUE(JoinFolder(dir()).open().has_value()); }
  EXPECT_TRUE(has("identity.key"));
}

TEST_F(JoinFolderTest, OfAnotherNodeIsRefusedAndStaysAsItIs) {
  fs::create_directories(dir());
  std::ofstream(dir() + "/config.json") << "{}";
  {
    JoinFolder folder(dir());
    EXPECT_THAT(folder.open().error().message, HasSubstr("config.json is there already"));
  }
  EXPECT_TRUE(has("config.json"));
  EXPECT_FALSE(has("identity.key"));
}

TEST_F(JoinFolderTest, LeavesASecretThatIsThereAlready) {
  fs::create_directories(dir());
  std::ofstream(dir() + "/signing-secret") << "mine\n";
  JoinFolder folder(dir());
  const auto key = folder.open();
  ASSERT_TRUE(key.has_value());
  ASSERT_TRUE(folder.finish(files(*key)).has_value());
  folder.keep();
  EXPECT_EQ(node::read_text_file(dir() + "/signing-secret")->text, "mine\n");
}

}  // namespace
