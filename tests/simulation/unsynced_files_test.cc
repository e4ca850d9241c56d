// Files that lose what was not synced: what is left of them when the power goes, call by call.
#include "simulation/unsynced_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/process.h"

namespace {

using simulation::Dice;
using simulation::UnsyncedFiles;

constexpr std::size_t kPage = UnsyncedFiles::kPageBytes;
constexpr std::size_t kSector = UnsyncedFiles::kSectorBytes;

class UnsyncedFilesTest : public testing::Test, protected UnsyncedFiles::Rules {
 protected:
  ~UnsyncedFilesTest() override {
    for (const int descriptor : descriptors_) ::close(descriptor);
  }

  Fate on_write() override { return write_fate_; }
  Fate on_sync() override { return sync_fate_; }
  void on_synced() override { ++synced_; }
  [[nodiscard]] std::uint64_t free_bytes() const override { return 10 << 20; }

  int open(const std::string& name, int flags = 0) {
    const std::string path = folder_.path() / name;
    descriptors_.push_back(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600));
    EXPECT_GE(descriptors_.back(), 0);
    return descriptors_.back();
  }

  static void write(int file, char letter, std::size_t page, std::size_t pages = 1) {
    const std::string bytes(pages * kPage, letter);
    const auto size = static_cast<ssize_t>(bytes.size());
    ASSERT_EQ(::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(page * kPage)), size);
  }

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(folder_.path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void lose_power(std::uint64_t seed = 1) {
    Dice dice(seed, "test");
    files_.lose_power(dice, true);
  }

  tests::TemporaryFolder folder_;
  std::vector<int> descriptors_;
  Fate write_fate_;
  Fate sync_fate_;
  int synced_ = 0;
  UnsyncedFiles files_{std::filesystem::canonical(folder_.path()), *this};
};

TEST_F(UnsyncedFilesTest, WhatWasSyncedStaysWhateverIsLeftOfTheRest) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const int file = open("data.mdb");
    write(file, 'a', 0, 4);
    ASSERT_EQ(::fdatasync(file), 0);
    write(file, 'b', 2, 4);
    lose_power(seed);
    EXPECT_EQ(content("data.mdb").substr(0, 2 * kPage), std::string(2 * kPage, 'a'));
    EXPECT_LE(content("data.mdb").size(), 6 * kPage);
    EXPECT_GE(content("data.mdb").size(), 4 * kPage);
    std::filesystem::remove(folder_.path() / "data.mdb");
  }
}

TEST_F(UnsyncedFilesTest, OfWhatWasNotAllNothingABeginningAnyPagesOrHalfAPageIsLeft) {
  constexpr std::size_t kPages = 6;
  std::set<std::string> shapes;  // Of each page: old, new, or both.
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const int file = open("journal-1");
    write(file, 'a', 0, kPages);
    ASSERT_EQ(::fsync(file), 0);
    for (std::size_t page = 0; page < kPages; ++page) write(file, 'b', page);
    lose_power(seed);
    const std::string left = content("journal-1");
    ASSERT_EQ(left.size(), kPages * kPage);
    std::string shape;
    for (std::size_t at = 0; at < left.size(); at += kPage) {
      const std::string page = left.substr(at, kPage);
      const std::size_t cut = page.find('a');
      shape += cut == 0 ? 'o' : cut == std::string::npos ? 'n' : 't';
      if (shape.back() != 't') continue;
      EXPECT_EQ(cut % kSector, 0u);
      EXPECT_EQ(page.find('b', cut), std::string::npos);
    }
    shapes.insert(shape);
    std::filesystem::remove(folder_.path() / "journal-1");
  }
  EXPECT_TRUE(shapes.contains("oooooo"));
  EXPECT_TRUE(shapes.contains("nnnnnn"));
  EXPECT_TRUE(shapes.contains("nnnooo"));
  EXPECT_THAT(shapes, testing::Contains(testing::ContainsRegex("^[on]*on[on]*$")));
  EXPECT_THAT(shapes, testing::Contains(testing::HasSubstr("t")));
}

TEST_F(UnsyncedFilesTest, ASyncOfOneFileIsNoneOfAnother) {
  std::set<std::size_t> left;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const int data = open("data.mdb");
    const int journal = open("journal-1");
    write(data, 'd', 0);
    write(journal, 'j', 0);
    ASSERT_EQ(::fdatasync(journal), 0);
    lose_power(seed);
    left.insert(content("data.mdb").size());
    EXPECT_EQ(content("journal-1"), std::string(kPage, 'j'));
    for (const char* name : {"data.mdb", "journal-1"}) {
      std::filesystem::remove(folder_.path() / name);
    }
  }
  EXPECT_THAT(left, testing::ElementsAre(0, kPage));
}

TEST_F(UnsyncedFilesTest, AWriteThatIsSyncedAtOnceLeavesTheOthersAsTheyAre) {
  const int file = open("data.mdb");
  write(file, 'a', 0, 3);
  ASSERT_EQ(::fdatasync(file), 0);
  const int at_once = open("data.mdb", O_DSYNC);
  write(file, 'b', 2);
  write(at_once, 'b', 0);
  EXPECT_EQ(synced_, 2);
  lose_power();
  EXPECT_EQ(content("data.mdb").substr(0, 2 * kPage),
            std::string(kPage, 'b') + std::string(kPage, 'a'));
}

TEST_F(UnsyncedFilesTest, ALyingDiskLosesItsLastSyncsInTheirOrderUnlessItTellsTheTruthInTime) {
  const int file = open("data.mdb");
  for (const bool repents : {true, false}) {
    write(file, 'a', 0, 2);
    ASSERT_EQ(::fdatasync(file), 0);
    files_.set_lying(true, 50);
    for (const char letter : {'b', 'c', 'd', 'e'}) {
      write(file, letter, 0);
      ASSERT_EQ(::fdatasync(file), 0);
    }
    if (repents) files_.set_lying(false, 0);
    lose_power();
    EXPECT_EQ(content("data.mdb"),
              std::string(kPage, repents ? 'e' : 'c') + std::string(kPage, 'a'));
  }
}

TEST_F(UnsyncedFilesTest, WhatWasMadeOrRemovedWhileADiskLiesIsNotOnceItsSyncsAreTakenBack) {
  for (const bool repents : {true, false}) {
    write(open("journal-1"), 'a', 0);
    ASSERT_EQ(::fsync(descriptors_.back()), 0);
    files_.set_lying(true, 0);
    write(open("data.mdb.new"), 'b', 0);
    ASSERT_EQ(::fsync(descriptors_.back()), 0);
    std::filesystem::rename(folder_.path() / "data.mdb.new", folder_.path() / "data.mdb");
    ASSERT_EQ(::unlink((folder_.path() / "journal-1").c_str()), 0);
    if (repents) files_.set_lying(false, 0);
    lose_power();
    EXPECT_EQ(std::filesystem::exists(folder_.path() / "data.mdb"), repents);
    EXPECT_EQ(std::filesystem::exists(folder_.path() / "journal-1"), !repents);
    files_.set_lying(false, 0);
  }
}

TEST_F(UnsyncedFilesTest, ACallThatFailsSaysWhyAndAWriteThatFailsMayHaveTakenPlace) {
  const int file = open("data.mdb");
  write(file, 'a', 0);
  sync_fate_ = {EIO, false};
  EXPECT_EQ(::fdatasync(file), -1);
  EXPECT_EQ(errno, EIO);
  for (const bool happens : {false, true}) {
    write_fate_ = {ENOSPC, happens};
    EXPECT_EQ(::pwrite(file, "b", 1, 0), -1);
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(content("data.mdb").front(), happens ? 'b' : 'a');
  }
}

TEST_F(UnsyncedFilesTest, PiecesThatAreWrittenAtOnceAreOneWrite) {
  const int file = open("data.mdb");
  std::string first(kPage, 'a');
  std::string second(kPage, 'b');
  const std::array<iovec, 2> parts{{{first.data(), kPage}, {second.data(), kPage}}};
  ASSERT_EQ(::writev(file, parts.data(), 2), static_cast<ssize_t>(2 * kPage));
  EXPECT_EQ(content("data.mdb"), first + second);
  files_.set_lying(true, 0);
  ASSERT_EQ(::fdatasync(file), 0);
  lose_power();
  EXPECT_EQ(content("data.mdb"), "");
}

TEST_F(UnsyncedFilesTest, RoomThatIsAllocatedStays) {
  const int file = open("journal-1");
  ASSERT_EQ(::posix_fallocate(file, 0, 3 * kPage), 0);
  write(file, 'a', 1);
  files_.set_lying(true, 0);
  ASSERT_EQ(::fsync(file), 0);
  lose_power();
  EXPECT_EQ(content("journal-1"), std::string(3 * kPage, '\0'));
}

TEST_F(UnsyncedFilesTest, OtherFilesAreTheKernels) {
  write_fate_ = {EIO, false};
  const int file = open("lock.mdb");
  write(file, 'a', 0);
  EXPECT_EQ(::fsync(file), 0);
  EXPECT_EQ(content("lock.mdb"), std::string(kPage, 'a'));
  tests::TemporaryFolder elsewhere;
  const std::string path = elsewhere.path() / "data.mdb";
  descriptors_.push_back(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  write(descriptors_.back(), 'a', 0);
  EXPECT_EQ(::posix_fallocate(descriptors_.back(), 0, 2 * kPage), 0);
}

TEST_F(UnsyncedFilesTest, TheFoldersDiskHasTheRoomThatItIsSaidToHave) {
  struct statvfs disk {};
  const std::string folder = std::filesystem::canonical(folder_.path());
  ASSERT_EQ(::statvfs(folder.c_str(), &disk), 0);
  EXPECT_EQ(disk.f_bavail * disk.f_frsize, std::uint64_t{10} << 20);
}

}  // namespace
