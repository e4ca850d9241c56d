#include "node/journal_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/process.h"

namespace {

using crdt::Bytes;
using node::JournalFile;
using testing::HasSubstr;

constexpr std::size_t kPage = node::JournalStorage::kPageBytes;

class JournalFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path_of(std::uint64_t identity) const {
    char name[32];
    std::snprintf(name, sizeof name, "journal-%016llx", static_cast<unsigned long long>(identity));
    return folder_.path() / name;
  }

  tests::TemporaryFolder folder_;
  JournalFile file_{folder_.path()};
};

TEST_F(JournalFileTest, HoldsWhatWasWrittenForWhoeverOpensItNext) {
  const auto identity = file_.make();
  ASSERT_TRUE(identity) << identity.error().message;
  ASSERT_TRUE(file_.write(3, Bytes(2 * kPage, 'x')));
  ASSERT_TRUE(file_.sync());
  for (const auto access : {JournalFile::Access::kOwner, JournalFile::Access::kBystander}) {
    JournalFile again(folder_.path(), access);
    ASSERT_TRUE(again.open(*identity));
    const auto read = again.read(2, 4);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, Bytes(kPage, '\0') + Bytes(2 * kPage, 'x') + Bytes(kPage, '\0'));
  }
}

TEST_F(JournalFileTest, AllOfItIsAllocatedWhenItIsMade) {
  const auto identity = file_.make();
  ASSERT_TRUE(identity);
  EXPECT_EQ(std::filesystem::file_size(path_of(*identity)), JournalFile::kPages * kPage);
}

TEST_F(JournalFileTest, ASmallOneOfBeforeIsUsedOnInItsOwnSize) {
  const auto identity = file_.make();
  ASSERT_TRUE(identity);
  std::filesystem::resize_file(path_of(*identity), JournalFile::kSmallPages * kPage);
  ASSERT_TRUE(file_.open(*identity));
  EXPECT_EQ(file_.pages(), JournalFile::kSmallPages);
  ASSERT_TRUE(file_.make());
  EXPECT_EQ(file_.pages(), JournalFile::kPages);
}

TEST_F(JournalFileTest, ANewOneLeavesTheOneBeforeUntilItIsRemoved) {
  const auto first = file_.make();
  ASSERT_TRUE(first);
  ASSERT_TRUE(file_.write(0, Bytes(kPage, 'x')));
  const auto second = file_.make();
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  EXPECT_TRUE(std::filesystem::exists(path_of(*first)));
  EXPECT_EQ(*file_.read(0, 1), Bytes(kPage, '\0'));
  file_.remove(*first);
  EXPECT_FALSE(std::filesystem::exists(path_of(*first)));
}

TEST_F(JournalFileTest, OneThatIsMissingOrCutIsAnErrorThatNamesIt) {
  const auto identity = file_.make();
  ASSERT_TRUE(identity);
  std::filesystem::resize_file(path_of(*identity), kPage);
  const auto cut = file_.open(*identity);
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr(path_of(*identity)));
  file_.remove(*identity);
  const auto missing = file_.open(*identity);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
}

TEST_F(JournalFileTest, WhereNoFileCanBeMadeTheErrorSaysWhy) {
  JournalFile nowhere(folder_.path() / "not there");
  const auto made = nowhere.make();
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("No such file"));
}

}  // namespace
