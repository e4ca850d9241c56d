// Holds the shim that stands for a power cut against what a file may hold after one.
#ifdef MUSTER_POWER_LOSS_SHIM
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "tests/support/process.h"

namespace {

// The shim's calls, which LMDB would find instead of the C library's.
struct Calls {
  template <class F>
  static F* named(void* library, const char* name) {
    return reinterpret_cast<F*>(::dlsym(library, name));
  }

  explicit Calls(void* library)
      : open(named<int(const char*, int, ...)>(library, "open")),
        write(named<ssize_t(int, const void*, std::size_t)>(library, "write")),
        pwrite(named<ssize_t(int, const void*, std::size_t, off_t)>(library, "pwrite")),
        writev(named<ssize_t(int, const iovec*, int)>(library, "writev")),
        fdatasync(named<int(int)>(library, "fdatasync")),
        close(named<int(int)>(library, "close")) {}

  int (*open)(const char*, int, ...);
  ssize_t (*write)(int, const void*, std::size_t);
  ssize_t (*pwrite)(int, const void*, std::size_t, off_t);
  ssize_t (*writev)(int, const iovec*, int);
  int (*fdatasync)(int);
  int (*close)(int);
};

constexpr int kWrong = 1;  // The exit code of a life that saw what it should not have.

class PowerLossShim : public testing::Test {
 protected:
  // A process that does `life` on such a disk, and then loses its power.
  void live(const char* kind, const std::function<void(const Calls&, int file)>& life) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("MUSTER_POWER_LOSS", kind, 1);
      const Calls calls(::dlopen(MUSTER_POWER_LOSS_SHIM, RTLD_NOW | RTLD_LOCAL));
      life(calls, calls.open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the process saw what it should not have";
  }

  // What lies on the disk.
  [[nodiscard]] std::string left() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  tests::TemporaryFolder folder_;
  std::string path_ = (folder_.path() / "data.mdb").string();
};

void expect(bool as_expected) {
  if (!as_expected) ::_exit(kWrong);
}

TEST_F(PowerLossShim, KeepsWhatWasSyncedAndLosesWhatWasNot) {
  live("cut:0", [](const Calls& calls, int file) {
    calls.pwrite(file, "first", 5, 0);
    calls.fdatasync(file);
    calls.pwrite(file, "FIRST and more", 14, 0);
  });
  EXPECT_EQ(left(), "first");
  live("cut:0", [](const Calls& calls, int file) {
    iovec parts[] = {{const_cast<char*>(" or"), 3}, {const_cast<char*>(" last"), 5}};
    ::lseek(file, 5, SEEK_SET);
    calls.writev(file, parts, 2);
    calls.write(file, "!", 1);
    calls.fdatasync(file);
    calls.write(file, "?", 1);
  });
  EXPECT_EQ(left(), "first or last!");
}

TEST_F(PowerLossShim, WritesOfADurableDescriptorHoldAtOnceAndBringNothingElse) {
  live("cut:0", [this](const Calls& calls, int file) {
    const int durable = calls.open(path_.c_str(), O_WRONLY | O_DSYNC | O_CLOEXEC);
    calls.pwrite(file, "....", 4, 4);
    calls.pwrite(durable, "meta", 4, 0);
  });
  EXPECT_EQ(left(), "meta");
}

TEST_F(PowerLossShim, TheProcessReadsAndMapsWhatItWroteAlsoAfterOpeningAnew) {
  live("cut:0", [this](const Calls& calls, int file) {
    const auto* map =
        static_cast<const char*>(::mmap(nullptr, 1 << 20, PROT_READ, MAP_SHARED, file, 0));
    calls.pwrite(file, "seen", 4, 8192);
    expect(std::string_view(map + 8192, 4) == "seen");
    calls.close(file);
    char bytes[4] = {};
    const int again = calls.open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    expect(::pread(again, bytes, 4, 8192) == 4 && std::string_view(bytes, 4) == "seen");
  });
  EXPECT_EQ(left(), "");
}

TEST_F(PowerLossShim, TearsAWriteAtSectorsOnly) {
  constexpr std::size_t kSector = 512, kSectors = 64;
  live("cut:2", [](const Calls& calls, int file) {
    const std::string old(kSectors * kSector, 'o');
    calls.pwrite(file, old.data(), old.size(), 0);
    calls.fdatasync(file);
    const std::string fresh(kSectors * kSector, 'n');
    calls.pwrite(file, fresh.data(), fresh.size(), 0);
  });
  const std::string torn = left();
  ASSERT_EQ(torn.size(), kSectors * kSector);
  std::size_t landed = 0;
  for (std::size_t at = 0; at < torn.size(); at += kSector) {
    const std::string sector = torn.substr(at, kSector);
    EXPECT_EQ(sector, std::string(kSector, sector[0]));
    if (sector[0] == 'n') ++landed;
  }
  // Once in 2^63 it is neither.
  EXPECT_GT(landed, 0U);
  EXPECT_LT(landed, kSectors);
}

TEST_F(PowerLossShim, ADiskThatLiesKeepsNothingOrKeepsItLater) {
  const auto life = [](const Calls& calls, int file) {
    calls.pwrite(file, "acknowledged", 12, 0);
    calls.fdatasync(file);
  };
  live("swallow", life);
  EXPECT_EQ(left(), "");
  live("late:60000", life);
  EXPECT_EQ(left(), "");
  live("late:1", [&](const Calls& calls, int file) {
    life(calls, file);
    for (int i = 0; i < 60'000 && left().empty(); ++i) ::usleep(1000);
  });
  EXPECT_EQ(left(), "acknowledged");
}

TEST_F(PowerLossShim, LeavesOtherFilesAndReusedDescriptorsAlone) {
  const std::string other = (folder_.path() / "log").string();
  live("cut:0", [&](const Calls& calls, int file) {
    calls.close(file);
    const int reused = calls.open(other.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    expect(reused == file);
    calls.write(reused, "line", 4);
  });
  path_ = other;
  EXPECT_EQ(left(), "line");
}

}  // namespace
#endif
