#include "node/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "node/lmdb_snapshot.h"
#include "tests/node/disk_store.h"
#include "tests/support/process.h"

namespace {

namespace fs = std::filesystem;
using node::BackupReport;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tests::DiskStore;

void ignore(const node::CopyProgress&) {}

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct BackupTest : testing::Test {
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder.path() / name).string();
  }
  crdt::Result<BackupReport> backup(const std::string& dir, const std::string& file) {
    return node::write_backup({path(dir), path(file), 0}, ignore);
  }
  crdt::Result<node::RestoreReport> restore(const std::string& file, const std::string& dir) {
    return node::restore_backup({path(file), path(dir), {}, {}}, ignore);
  }

  tests::TemporaryFolder folder;
};

// In a few commits: each waits for a disk that others use as well.
void fill(DiskStore& store, int events, std::size_t value_bytes = 10) {
  constexpr int kEventsPerCommit = 50;
  for (int i = 0; i < events; ++i) {
    if (i % kEventsPerCommit == 0) store.begin();
    store.add("channel/T/C" + std::to_string(i % 7), "t/" + std::to_string(i % 13) + "/status",
              std::string(value_bytes, static_cast<char>('a' + i % 26)));
    if (i % kEventsPerCommit == kEventsPerCommit - 1 || i == events - 1) store.commit();
  }
}

TEST_F(BackupTest, HoldsWhatWaitsInTheJournalOfARunningPeerAndRestoresToTheSameRows) {
  DiskStore store(path("a"));
  fill(store, 200);
  ASSERT_GT(store.store().journal_pages(), 0U);
  const auto made = backup("a", "b");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->live);
  EXPECT_EQ(made->header.digest, store.repository().digest());
  EXPECT_EQ(made->damaged, 0U);
  const auto restored = restore("b", "c");
  ASSERT_TRUE(restored) << restored.error().message;
  const DiskStore::Rows rows = store.rows();
  DiskStore copy(path("c"), 8);
  EXPECT_EQ(copy.repository().digest(), store.repository().digest());
  EXPECT_THAT(copy.repository().catching_up(), HasSubstr("restored from a backup of 20"));
  EXPECT_EQ(copy.rows().size(), rows.size() + 1) << "a run of its own, and nothing else";
  EXPECT_EQ(copy.read("channel/T/C0", "t/0/status"), store.read("channel/T/C0", "t/0/status"));
}

TEST_F(BackupTest, AStoppedPeersFolderIsBackedUpAsWell) {
  DiskStore::Rows rows;
  {
    DiskStore store(path("a"));
    fill(store, 50);
    rows = store.rows();
  }
  const auto made = backup("a", "b");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->live);
  EXPECT_EQ(made->rows, rows.size());
}

TEST_F(BackupTest, LeavesOutCursorsAndTheMarkOfAStoreThatIsCatchingUp) {
  {
    DiskStore store(path("a"));
    store.write("k", "p", "v");
    store.begin();
    store.repository().set_cursor("peer", {{9}, 5});
    store.repository().set_catching_up("why");
    store.commit();
  }
  ASSERT_TRUE(backup("a", "b"));
  EXPECT_THAT(text_of(path("b")), Not(HasSubstr("peer")));
  ASSERT_TRUE(restore("b", "c"));
  DiskStore copy(path("c"), 8);
  copy.begin();
  EXPECT_EQ(copy.repository().cursor("peer"), crdt::Cursor{});
  copy.commit();
}

// A cut through a batch would show here as a digest that no commit had.
TEST_F(BackupTest, ACopyMadeWhileThePeerWritesIsOneOfItsCommits) {
  DiskStore store(path("a"));
  fill(store, 20);
  // In a process of its own, as in production: LMDB takes a second opening in one process for the
  // only one, and makes the locks anew that the first one holds.
  const pid_t copier = ::fork();
  if (copier == 0) {
    for (int i = 0; i < 5; ++i) {
      if (!backup("a", "b" + std::to_string(i))) ::_exit(1);
    }
    ::_exit(0);
  }
  std::map<std::uint64_t, crdt::StoreDigest> by_head;
  by_head[store.repository().head()] = store.repository().digest();
  int status = 0;
  for (int i = 0; ::waitpid(copier, &status, WNOHANG) == 0; ++i) {
    store.write("channel/T/C" + std::to_string(i % 5), "p", std::to_string(i));
    by_head[store.repository().head()] = store.repository().digest();
  }
  ASSERT_EQ(status, 0);
  for (int i = 0; i < 5; ++i) {
    const std::string copy = "c" + std::to_string(i);
    const auto restored = restore("b" + std::to_string(i), copy);
    ASSERT_TRUE(restored) << restored.error().message;
    const node::BackupHeader& header = restored->summary.header;
    ASSERT_TRUE(by_head.contains(header.head));
    EXPECT_EQ(by_head.at(header.head), header.digest);
    const auto again = backup(copy, copy + ".again");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->header.digest, header.digest);
  }
}

TEST_F(BackupTest, EveryTruncationAndEveryFlippedBitIsRefusedBeforeAnythingIsTouched) {
  {
    DiskStore store(path("a"));
    fill(store, 3);
  }
  ASSERT_TRUE(backup("a", "b"));
  const std::string sound = text_of(path("b"));
  constexpr std::size_t kEach = 300;  // Its head octet by octet, then now and then.
  for (std::size_t at = 0; at < sound.size(); at += at < kEach ? 1 : 11) {
    std::string altered = sound;
    altered[at] = static_cast<char>(altered[at] ^ (1 << at % 8));
    std::ofstream(path("altered"), std::ios::binary) << altered;
    const auto restored = restore("altered", "c");
    ASSERT_FALSE(restored) << "octet " << at;
    ASSERT_THAT(restored.error().message, HasSubstr(path("altered")));
    if (at % 2 != 0) continue;
    std::ofstream(path("cut"), std::ios::binary) << sound.substr(0, at);
    ASSERT_FALSE(restore("cut", "c")) << "cut at " << at;
  }
  std::ofstream(path("longer"), std::ios::binary) << sound << "x";
  EXPECT_THAT(restore("longer", "c").error().message, HasSubstr("something follows its end"));
  EXPECT_FALSE(fs::exists(path("c")));
}

TEST_F(BackupTest, NeitherAFileNorAStoreIsEverReplaced) {
  DiskStore store(path("a"));
  store.write("k", "p", "v");
  std::ofstream(path("there")) << "mine";
  EXPECT_THAT(backup("a", "there").error().message, HasSubstr("is there already"));
  EXPECT_EQ(text_of(path("there")), "mine");
  ASSERT_TRUE(backup("a", "b"));
  EXPECT_THAT(restore("b", "a").error().message, HasSubstr("there is a store in"));
  EXPECT_EQ(store.read("k", "p"), "v");
}

TEST_F(BackupTest, SaysWhatIsWrongWithAFolderThatHoldsNoStore) {
  EXPECT_THAT(backup("nowhere", "b").error().message,
              AllOf(HasSubstr("there is no store in"), HasSubstr("data_dir")));
  EXPECT_FALSE(fs::exists(path("b")));
}

TEST_F(BackupTest, ABackupOfAnotherClusterIsRefusedWhereAConfigurationNamesOne) {
  { DiskStore store(path("a")); }
  ASSERT_TRUE(backup("a", "b"));
  const auto restored = node::restore_backup({path("b"), path("c"), "b", "other"}, ignore);
  EXPECT_THAT(restored.error().message, HasSubstr("of the cluster test"));
  EXPECT_FALSE(fs::exists(path("c")));
}

TEST_F(BackupTest, ADamagedValueIsCountedAndNoReasonToGoWithoutABackup) {
  DiskStore store(path("a"));
  store.write("k", "p", "v");
  store.store().begin().put("rdamaged", "no checksum here");
  store.commit();
  const auto made = backup("a", "b");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->damaged, 1U);
}

// --- what goes wrong on the way ---

// Runs `body` in a process of its own; how it ended.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_F(BackupTest, ADiskThatFillsUpLeavesNothingBehindAndSaysSo) {
  {
    DiskStore store(path("a"));
    fill(store, 300, 1'000);
  }
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64 << 10, 64 << 10};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const auto made = backup("a", "b");
    return !made && made.error().message.find("free some space") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(fs::exists(path("b")));
  EXPECT_FALSE(fs::exists(path("b.unfinished")));
}

TEST_F(BackupTest, ARestoreOntoADiskThatFillsUpLeavesNoStore) {
  {
    DiskStore store(path("a"));
    fill(store, 300, 1'000);
  }
  ASSERT_TRUE(backup("a", "b"));
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{128 << 10, 128 << 10};
    ::setrlimit(RLIMIT_FSIZE, &small);
    return restore("b", "c") ? 1 : 0;
  });
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(fs::exists(path("c/data.mdb")));
  EXPECT_FALSE(fs::exists(path("c/data.mdb.restoring")));
  EXPECT_TRUE(restore("b", "c"));
}

TEST_F(BackupTest, KilledInTheMiddleItLeavesNoFileUnderItsNameAndTheNextAttemptWorks) {
  {
    DiskStore store(path("a"));
    fill(store, 500);
  }
  const auto die = [](const node::CopyProgress&) { ::raise(SIGKILL); };
  const int copied = in_child([&] {
    return node::write_backup({path("a"), path("b"), 0}, die) ? 1 : 2;
  });
  EXPECT_TRUE(WIFSIGNALED(copied));
  EXPECT_FALSE(fs::exists(path("b")));
  ASSERT_TRUE(backup("a", "b"));
  fs::create_directories(path("c"));
  std::ofstream(path("c/data.mdb.restoring")) << "what a killed restore left";
  EXPECT_TRUE(restore("b", "c"));
}

TEST_F(BackupTest, AReaderThatWasKilledIsForgotten) {
  DiskStore store(path("a"));
  fill(store, 100);
  const int status = in_child([&] {
    const auto snapshot = node::LmdbSnapshot::open(path("a"));
    if (snapshot) ::raise(SIGKILL);
    return 1;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(backup("a", "b"));
  const std::uint64_t before = store.lmdb().size().used_bytes;
  for (int i = 0; i < 100; ++i) {
    store.lmdb().begin().put("r", std::string(40'000, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(store.lmdb().commit());
  }
  EXPECT_LT(store.lmdb().size().used_bytes, before + (1U << 20)) << "pages are used again";
}

// --- a copy shows ---

TEST_F(BackupTest, ACopiedFolderIsNoticedAndAMovedOneIsNot) {
  {
    DiskStore store(path("a"));
    store.write("k", "p", "v");
    EXPECT_FALSE(store.lmdb().copied());
  }
  {
    DiskStore again(path("a"), 8);
    EXPECT_FALSE(again.lmdb().copied());
  }
  fs::rename(path("a"), path("moved"));
  {
    DiskStore moved(path("moved"), 9);
    EXPECT_FALSE(moved.lmdb().copied());
  }
  fs::copy(path("moved"), path("copy"), fs::copy_options::recursive);
  DiskStore copy(path("copy"), 10);
  EXPECT_TRUE(copy.lmdb().copied());
  ASSERT_TRUE(copy.lmdb().adopt_file());
  EXPECT_FALSE(copy.lmdb().copied());
}

}  // namespace
