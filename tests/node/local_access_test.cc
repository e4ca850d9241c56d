#include "node/local_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "node/text_file.h"
#include "tests/support/process.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LocalAccess : public testing::Test {
 protected:
  std::vector<node::AdminToken> open() {
    const auto tokens = node::open_local_tokens(dir_, rng_, warnings_);
    EXPECT_TRUE(tokens);
    return tokens ? *tokens : std::vector<node::AdminToken>{};
  }

  tests::TemporaryFolder folder_;
  std::string dir_ = folder_.path().string();
  crdt::Rng rng_{crdt::Rng::Seed{1}};
  std::vector<std::string> warnings_;
};

TEST_F(LocalAccess, TheFirstStartMakesTwoTokensThatOnlyTheirOwnerCanRead) {
  const auto tokens = open();
  ASSERT_EQ(tokens.size(), 2U);
  for (const std::string& file : {node::operator_token_file(dir_), node::reader_token_file(dir_)}) {
    struct stat info {};
    ASSERT_EQ(::stat(file.c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << file;
    const auto token = node::read_token(file);
    ASSERT_TRUE(token);
    const node::AdminToken* found = node::find_token("Bearer " + *token, tokens);
    ASSERT_NE(found, nullptr);
    EXPECT_THAT(file, HasSubstr(found->name));
  }
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LocalAccess, LaterStartsKeepThemAndADeletedOneIsDrawnAnew) {
  const auto first = open();
  EXPECT_EQ(open(), first);
  std::filesystem::remove(node::reader_token_file(dir_));
  const auto third = open();
  EXPECT_EQ(third[0], first[0]);
  EXPECT_NE(third[1], first[1]);
}

TEST_F(LocalAccess, ATokenThatEverybodyCanReadIsWarnedOf) {
  open();
  ::chmod(node::operator_token_file(dir_).c_str(), 0644);
  open();
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("chmod 600")));
}

TEST_F(LocalAccess, AnEmptyTokenFileIsAnErrorThatSaysWhatToDo) {
  std::ofstream(node::operator_token_file(dir_)) << "\n";
  const auto tokens = node::open_local_tokens(dir_, rng_, warnings_);
  ASSERT_FALSE(tokens);
  EXPECT_THAT(tokens.error().message, HasSubstr("delete it"));
}

TEST_F(LocalAccess, TheAddressIsPublishedAsWhoeverIsOnThisMachineReachesIt) {
  const auto published = [this](const std::string& address) {
    EXPECT_TRUE(node::publish_admin_address(dir_, address));
    const auto read = node::read_admin_address(dir_);
    return read ? to_string(*read) : read.error().message;
  };
  EXPECT_EQ(published("127.0.0.1:8081"), "127.0.0.1:8081");
  EXPECT_EQ(published("0.0.0.0:9"), "127.0.0.1:9");
  EXPECT_EQ(published("[::]:9"), "[::1]:9");
}

TEST_F(LocalAccess, AFolderThatNoPeerHasServedSaysSo) {
  const auto address = node::read_admin_address(dir_);
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().message, HasSubstr("muster serve"));
}

}  // namespace
