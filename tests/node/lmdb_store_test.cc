#include "node/lmdb_store.h"
#include "crdt/keyspace.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "node/lmdb_check.h"
#include "tests/support/process.h"

namespace {

using crdt::Bytes;
using node::CommitFailure;
using node::LmdbStore;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class LmdbStoreTest : public testing::Test {
 protected:
  LmdbStoreTest() {
    options_.dir = (folder_.path() / "store").string();
    options_.cluster = "demo";
    options_.node = "a";
    options_.disk_reserve_bytes = 0;
  }

  std::unique_ptr<LmdbStore> open() {
    auto store = LmdbStore::open(options_);
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  std::string refusal() {
    const auto store = LmdbStore::open(options_);
    EXPECT_FALSE(store);
    return store ? "" : store.error().message;
  }

  // Many pages, some of them overflow pages.
  void fill() {
    const auto store = open();
    crdt::Transaction& txn = store->begin();
    for (int i = 0; i < 500; ++i) txn.put("key " + std::to_string(i), Bytes(200, 'v'));
    txn.put("large", Bytes(100'000, 'v'));
    ASSERT_TRUE(store->commit());
  }

  std::string data() const { return options_.dir + "/data.mdb"; }

  void overwrite(std::uint64_t offset, const std::string& bytes) const {
    std::fstream file(data(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
    ASSERT_TRUE(file.good());
  }

  // Points every descriptor of the data file at another file: what is written now fails as it does
  // there.
  void sabotage(const char* with, int flags) const {
    const int other = ::open(with, flags | O_CLOEXEC);
    ASSERT_GE(other, 0);
    std::vector<int> found;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
      std::error_code ignored;
      if (fs::read_symlink(entry.path(), ignored) == data()) {
        found.push_back(std::stoi(entry.path().filename()));
      }
    }
    ASSERT_FALSE(found.empty());
    for (const int descriptor : found) ::dup3(other, descriptor, O_CLOEXEC);
    ::close(other);
  }

  tests::TemporaryFolder folder_;
  LmdbStore::Options options_;
};

TEST_F(LmdbStoreTest, HoldsWhatWasCommittedWhenItIsOpenedAgain) {
  {
    const auto store = open();
    store->begin().put("k", "v");
    ASSERT_TRUE(store->commit());
    store->begin().put("lost", "v");  // Never committed.
  }
  const auto store = open();
  crdt::Transaction& txn = store->begin();
  EXPECT_EQ(txn.get("k"), "v");
  EXPECT_EQ(txn.get("lost"), std::nullopt);
}

TEST_F(LmdbStoreTest, HoldsWhatWasCommittedWhenTheProcessIsKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = LmdbStore::open(options_);
    (*store)->begin().put("k", "v");
    const bool committed = (*store)->commit().has_value();
    (*store)->begin().put("k", "uncommitted");
    if (committed) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(open()->begin().get("k"), "v");
}

TEST_F(LmdbStoreTest, KeepsItsFilesToItsUser) {
  fill();
  struct stat info {};
  ASSERT_EQ(::stat(options_.dir.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  for (const char* name : {"/data.mdb", "/lock"}) {
    ASSERT_EQ(::stat((options_.dir + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
}

TEST_F(LmdbStoreTest, RefusesToOpenTwiceAndSaysWhoHasIt) {
  const auto store = open();
  EXPECT_THAT(refusal(), AllOf(HasSubstr("already open in process " + std::to_string(::getpid())),
                               HasSubstr("stop that one first")));
}

TEST_F(LmdbStoreTest, RefusesAStoreOfAnotherNodeOrCluster) {
  fill();
  options_.node = "b";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("belongs to peer a of cluster demo"),
                               HasSubstr("is for peer b of cluster demo")));
}

TEST_F(LmdbStoreTest, RefusesAnotherFormat) {
  fill();
  std::string bytes;
  {
    std::ifstream file(data(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::size_t at = 0;
  int found = 0;
  while ((at = bytes.find("muster store 4", at)) != std::string::npos) {
    overwrite(at, "muster store 9");
    ++at;
    ++found;
  }
  ASSERT_GT(found, 0);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("muster store 9"), HasSubstr("muster store 4")));
}

TEST_F(LmdbStoreTest, RefusesTheEnvironmentOfAnotherProgram) {
  fs::create_directories(options_.dir);
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  ASSERT_EQ(mdb_env_create(&env), 0);
  ASSERT_EQ(mdb_env_open(env, options_.dir.c_str(), 0, 0600), 0);
  ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
  ASSERT_EQ(mdb_dbi_open(txn, nullptr, 0, &dbi), 0);
  MDB_val key{3, const_cast<char*>("key")}, value{5, const_cast<char*>("value")};
  ASSERT_EQ(mdb_put(txn, dbi, &key, &value, 0), 0);
  ASSERT_EQ(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("another program"), HasSubstr("set data_dir")));
}

TEST_F(LmdbStoreTest, RefusesAFileThatIsNoStore) {
  fs::create_directories(options_.dir);
  std::ofstream(data()) << std::string(20'000, 'x');
  EXPECT_THAT(refusal(), AllOf(HasSubstr("not an LMDB file"), HasSubstr("restore a backup")));
}

TEST_F(LmdbStoreTest, RefusesAFileThatWasCutShort) {
  fill();
  fs::resize_file(data(), fs::file_size(data()) / 2);
  EXPECT_THAT(refusal(), HasSubstr("cut short"));
}

// LMDB itself would end with a signal on most of these.
TEST_F(LmdbStoreTest, NoDamagedPageEndsTheProcess) {
  fill();
  const fs::path sound = folder_.path() / "sound";
  fs::copy_file(data(), sound);
  const std::uint64_t size = fs::file_size(data());
  int refused = 0;
  for (std::uint64_t page = 0; page * 4096 < size; ++page) {
    for (const std::uint64_t offset : {0, 10, 12, 16, 2000}) {
      fs::copy_file(sound, data(), fs::copy_options::overwrite_existing);
      overwrite(page * 4096 + offset, "\xde\xad\xbe\xef\xde\xad\xbe\xef");
      if (!node::check_lmdb_file(data())) {
        ++refused;
        continue;
      }
      // Not found, so LMDB must be able to read all of it.
      const auto store = LmdbStore::open(options_);
      if (!store) continue;
      std::size_t octets = 0;
      (*store)->begin().scan("", "", [&](crdt::BytesView key, crdt::BytesView value) {
        for (const char c : value) octets += static_cast<unsigned char>(c);
        return !key.empty();
      });
      EXPECT_GT(octets, 0U);
    }
  }
  EXPECT_GT(refused, 100);
}

TEST_F(LmdbStoreTest, ADamagedStoreIsPutAsideWherePeersCanFillANewOne) {
  std::vector<std::string> told;
  options_.on_put_aside = [&](const std::string& text) { told.push_back(text); };
  for (const std::string name : {"data.mdb.damaged-1", "data.mdb.damaged-2"}) {
    fill();
    const std::string journal = "journal-00000000000000ff";
    std::ofstream(options_.dir + "/" + journal) << "changes";
    const std::uintmax_t size = fs::file_size(data());
    fs::resize_file(data(), size / 2);
    const auto store = open();
    // It knows that it lost what it had acknowledged, and nothing else.
    std::vector<crdt::Bytes> rows;
    store->begin().scan("", "", [&](crdt::BytesView key, crdt::BytesView) {
      rows.emplace_back(key);
      return true;
    });
    EXPECT_THAT(rows, testing::ElementsAre(crdt::keyspace::catching_up()));
    EXPECT_EQ(fs::file_size(options_.dir + "/" + name), size / 2);
    EXPECT_THAT(told.back(), AllOf(HasSubstr("cut short"), HasSubstr(name)));
    // What waited in its journal belongs to it, and is named with it.
    EXPECT_FALSE(fs::exists(options_.dir + "/" + journal));
    EXPECT_TRUE(fs::exists(options_.dir + "/" + name + "." + journal));
    EXPECT_THAT(told.back(), HasSubstr(name + "." + journal));
  }
  EXPECT_EQ(told.size(), 2u);
}

// Stops the making of a store after its first page, as a power cut or a full disk can. LMDB alone
// would leave a file whose second page is missing.
TEST_F(LmdbStoreTest, AStoreWhoseMakingWasCutOffIsMadeAnew) {
  fs::create_directories(options_.dir);
  std::ofstream(options_.dir + "/lock.mdb") << std::string(10'000, '\0');  // LMDB's is as long.
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit one_page{4'096, 4'096};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &one_page);
    ::_exit(LmdbStore::open(options_) ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0) << "it was made on one page";
  EXPECT_FALSE(fs::exists(data()));
  open();
}

TEST_F(LmdbStoreTest, WhatAProcessLeftThatWasKilledWhileItMadeTheStoreIsInNobodysWay) {
  fs::create_directories(options_.dir);
  std::ofstream(data() + ".new") << std::string(5'000, 'x');
  open();
  EXPECT_FALSE(fs::exists(data() + ".new"));
}

// A store is there only whole, so that these have lost what they held, or are not ours.
TEST_F(LmdbStoreTest, RefusesAnEmptyFile) {
  fill();
  fs::resize_file(data(), 0);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("it is empty"), HasSubstr("restore a backup")));
  EXPECT_EQ(fs::file_size(data()), 0U);
}

TEST_F(LmdbStoreTest, RefusesAnEnvironmentThatHoldsNothing) {
  fs::create_directories(options_.dir);
  MDB_env* env = nullptr;
  ASSERT_EQ(mdb_env_create(&env), 0);
  ASSERT_EQ(mdb_env_open(env, options_.dir.c_str(), 0, 0600), 0);
  mdb_env_close(env);
  EXPECT_THAT(refusal(), HasSubstr("another program"));
}

TEST_F(LmdbStoreTest, WhereItsFileWasTakenAwayAFailedCommitDoesNotBeginAnEmptyOne) {
  const auto store = open();
  sabotage("/dev/null", O_RDONLY);
  fs::remove(data());
  store->begin().put("k", Bytes(10'000, 'v'));
  EXPECT_FALSE(store->commit());
  EXPECT_THROW(store->begin(), std::runtime_error);
  EXPECT_FALSE(fs::exists(data()));
}

TEST_F(LmdbStoreTest, SaysWhatToDoAboutAPlaceItCannotWrite) {
  std::ofstream(folder_.path() / "file") << "x";
  options_.dir = (folder_.path() / "file" / "store").string();
  EXPECT_THAT(refusal(), AllOf(HasSubstr(options_.dir), HasSubstr("set data_dir")));
}

TEST_F(LmdbStoreTest, RefusesACommitThatWouldEatTheReserve) {
  const auto store = open();
  EXPECT_GT(store->size().free_bytes, 0U);
  store->begin().put("k", "v");
  ASSERT_TRUE(store->commit());
  options_.disk_reserve_bytes = ~std::uint64_t{0};
  options_.dir += "2";
  const auto reserved = open();
  reserved->begin().put("k", "v");
  const auto result = reserved->commit();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, CommitFailure::kDiskFull);
  EXPECT_EQ(reserved->begin().get("k"), std::nullopt);
  EXPECT_TRUE(reserved->commit());  // It wrote nothing.
}

TEST_F(LmdbStoreTest, AFullDiskRefusesTheCommitAndTheStoreGoesOn) {
  const auto store = open();
  store->begin().put("old", "v");
  ASSERT_TRUE(store->commit());
  sabotage("/dev/full", O_RDWR);
  store->begin().put("new", Bytes(10'000, 'v'));
  const auto result = store->commit();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, CommitFailure::kDiskFull) << result.error().message;
  crdt::Transaction& txn = store->begin();
  EXPECT_EQ(txn.get("old"), "v");
  EXPECT_EQ(txn.get("new"), std::nullopt);
  txn.put("new", "v");
  EXPECT_TRUE(store->commit());
}

TEST_F(LmdbStoreTest, AnIoErrorRefusesTheCommitAndTheStoreIsOpenedAgain) {
  const auto store = open();
  store->begin().put("old", "v");
  ASSERT_TRUE(store->commit());
  sabotage("/dev/null", O_RDONLY);  // Writing fails with EBADF.
  store->begin().put("new", Bytes(10'000, 'v'));
  const auto result = store->commit();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, CommitFailure::kIo) << result.error().message;
  crdt::Transaction& txn = store->begin();
  EXPECT_EQ(txn.get("old"), "v");
  EXPECT_EQ(txn.get("new"), std::nullopt);
  txn.put("new", "v");
  EXPECT_TRUE(store->commit());
}

TEST_F(LmdbStoreTest, AFullMapRefusesOneCommitAndIsThenLarger) {
  options_.map_bytes = 1 << 20;
  const auto store = open();
  crdt::Transaction& txn = store->begin();
  for (int i = 0; i < 200; ++i) txn.put(std::to_string(i), Bytes(8000, 'v'));
  const auto result = store->commit();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, CommitFailure::kIo);  // No disk is full: it goes on at once.
  crdt::Transaction& again = store->begin();
  EXPECT_EQ(again.get("0"), std::nullopt);
  for (int i = 0; i < 200; ++i) again.put(std::to_string(i), Bytes(8000, 'v'));
  EXPECT_TRUE(store->commit());
}

TEST_F(LmdbStoreTest, ThrowsWhereItCannotBeOpenedAgain) {
  const auto store = open();
  sabotage("/dev/null", O_RDONLY);
  fs::remove(data());
  fs::create_directory(data());  // Nothing can be opened there any more.
  store->begin().put("k", Bytes(10'000, 'v'));
  EXPECT_FALSE(store->commit());
  EXPECT_THROW(store->begin(), std::runtime_error);
}

}  // namespace
