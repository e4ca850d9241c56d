// power_loss.so: preloaded into a program that keeps its state in LMDB, it makes SIGKILL as bad as
// a power cut: what was written to data.mdb or to a journal beside it and not synced is not in the
// file afterwards.
//
// Shape    the program gets a copy of each file in memory, made when it first opens it, and so
//          reads and maps what it wrote. Each sync of a file brings the ranges written to it
//          before to the file; a write through a descriptor with O_DSYNC brings its own. It ends
//          with the process. Room that is allocated is there at once, in both. What reaches the
//          copy by any other call (ftruncate, a writable mapping) is never in the file: a shim
//          that knows too little loses too much, and the test that uses it fails.
//          The machine keeps its power, so the file itself is never synced.
//          An honest disk takes kSyncTime for a sync, so that kills find much on its way.
// Use      LD_PRELOAD=power_loss.so, and MUSTER_POWER_LOSS says what the disk is like:
//            cut:N     of the sectors not yet synced, N in 4 reach the file all the same, in any
//                      order: a torn write
//            cut       the same with an N of its own for every process
//            swallow   syncs do nothing
//            late:MS   syncs return at once, and hold after so many milliseconds, in their order
// Size     one store a process, kFilesMax files, kDescriptorsMax descriptors.
// Errors   a setting or a file that it cannot serve ends the process with a sentence.
// Thread   any.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::string_view kStoreName = "data.mdb";
constexpr std::string_view kJournalPrefix = "journal-";
constexpr std::size_t kFilesMax = 100;           // A store, and its journals, one after another.
constexpr std::size_t kDescriptorsMax = 65'536;  // A generous limit of open files.
constexpr off_t kSectorBytes = 512;  // What a disk writes whole; LMDB's meta page relies on it.
constexpr unsigned kCutParts = 4;
constexpr std::chrono::milliseconds kSyncTime{3};  // Half a turn of a disk that spins.

// The calls as the kernel has them, past this library's own.
long raw_open(const char* path, int flags, mode_t mode) {
  return ::syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
long raw_close(int descriptor) { return ::syscall(SYS_close, descriptor); }
long raw_pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return ::syscall(SYS_pwrite64, descriptor, bytes, size, offset);
}

[[noreturn]] void fail(const std::string& sentence) {
  std::fprintf(stderr, "power_loss.so: %s\n", sentence.c_str());
  std::abort();
}

struct Range {
  off_t offset = 0;
  std::size_t size = 0;
};

struct Chunk {
  off_t offset = 0;
  std::string bytes;
};

class Disk {
 public:
  Disk() {
    const char* value = std::getenv("MUSTER_POWER_LOSS");
    const std::string setting = value == nullptr ? "" : value;
    if (setting == "cut") {
      landing_parts_ = static_cast<unsigned>(random_() % (kCutParts + 1));
    } else if (setting.starts_with("cut:")) {
      landing_parts_ = static_cast<unsigned>(std::stoul(setting.substr(4)));
    } else if (setting == "swallow") {
      swallow_ = true;
    } else if (setting.starts_with("late:")) {
      late_ = std::chrono::milliseconds(std::stoul(setting.substr(5)));
      std::thread([this] { run_late(); }).detach();
    } else {
      fail("MUSTER_POWER_LOSS is '" + setting + "'; cut, cut:N, swallow and late:MS are known");
    }
  }

  struct Taken {
    int descriptor = -1;
    std::size_t file = 0;
  };

  // A descriptor of the copy in place of `descriptor`, which is closed.
  Taken take_over(const char* path, int descriptor, int flags) {
    const std::lock_guard lock(mutex_);
    std::size_t file = 0;
    while (file < files_.size() && files_[file].path != path) ++file;
    if (file == files_.size()) copy_from(path, descriptor);
    raw_close(descriptor);
    const std::string copy = "/proc/self/fd/" + std::to_string(files_[file].copy);
    return {static_cast<int>(raw_open(copy.c_str(), flags & (O_ACCMODE | O_CLOEXEC), 0)), file};
  }

  void wrote(std::size_t file, Range range, bool durable) {
    const std::lock_guard lock(mutex_);
    if (durable) return make_durable(files_[file], {range});
    files_[file].unsynced.push_back(range);
    if (landing_parts_ > 0) land_some(files_[file], range);
  }

  void sync(std::size_t file) {
    const std::lock_guard lock(mutex_);
    make_durable(files_[file], files_[file].unsynced);
    files_[file].unsynced.clear();
  }

  // As posix_fallocate() answers.
  int allocate(std::size_t file, Range range) {
    const std::lock_guard lock(mutex_);
    const auto size = static_cast<off_t>(range.size);
    for (const int descriptor : {files_[file].copy, files_[file].file}) {
      if (::syscall(SYS_fallocate, descriptor, 0, range.offset, size) != 0) return errno;
    }
    return 0;
  }

 private:
  struct File {
    std::string path;
    int file = -1;
    int copy = -1;
    std::vector<Range> unsynced;
  };

  struct Late {
    std::chrono::steady_clock::time_point when;
    int file = -1;
    std::vector<Chunk> chunks;
  };

  void copy_from(const char* path, int descriptor) {
    File& file = files_.emplace_back();
    if (files_.size() > kFilesMax) fail("too many files");
    file.path = path;
    file.file = static_cast<int>(raw_open(path, O_RDWR | O_CLOEXEC, 0));
    file.copy = ::memfd_create(path, MFD_CLOEXEC);
    const off_t size = ::lseek(descriptor, 0, SEEK_END);
    if (file.file < 0 || file.copy < 0 || size < 0) fail("cannot copy " + file.path);
    write(file.copy, read(file.file, {0, static_cast<std::size_t>(size)}));
  }

  static Chunk read(int descriptor, Range range) {
    Chunk chunk{range.offset, std::string(range.size, '\0')};
    for (std::size_t done = 0; done < range.size;) {
      const ssize_t count = ::pread(descriptor, chunk.bytes.data() + done, range.size - done,
                                    range.offset + static_cast<off_t>(done));
      if (count <= 0) fail("cannot read");
      done += static_cast<std::size_t>(count);
    }
    return chunk;
  }

  static void write(int descriptor, const Chunk& chunk) {
    for (std::size_t done = 0; done < chunk.bytes.size();) {
      const long count =
          raw_pwrite(descriptor, chunk.bytes.data() + done, chunk.bytes.size() - done,
                     chunk.offset + static_cast<off_t>(done));
      if (count <= 0) fail("cannot write");
      done += static_cast<std::size_t>(count);
    }
  }

  void make_durable(const File& file, const std::vector<Range>& ranges) {
    if (swallow_) return;
    if (late_ == std::chrono::milliseconds(0)) std::this_thread::sleep_for(kSyncTime);
    Late late{std::chrono::steady_clock::now() + late_, file.file, {}};
    for (const Range range : ranges) late.chunks.push_back(read(file.copy, range));
    if (late_ == std::chrono::milliseconds(0)) {
      for (const Chunk& chunk : late.chunks) write(file.file, chunk);
      return;
    }
    waiting_.push_back(std::move(late));
    changed_.notify_one();
  }

  // What the kernel happens to have written back before the power went.
  void land_some(const File& file, Range range) {
    const off_t end = range.offset + static_cast<off_t>(range.size);
    for (off_t at = range.offset; at < end;) {
      const off_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
      if (random_() % kCutParts < landing_parts_) {
        write(file.file, read(file.copy, {at, static_cast<std::size_t>(next - at)}));
      }
      at = next;
    }
  }

  [[noreturn]] void run_late() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      const Late next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      std::this_thread::sleep_until(next.when);
      for (const Chunk& chunk : next.chunks) write(next.file, chunk);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::random_device random_;
  unsigned landing_parts_ = 0;
  bool swallow_ = false;
  std::chrono::milliseconds late_{0};
  std::deque<File> files_;
  std::deque<Late> waiting_;
};

// Never destroyed: other destructors still write.
Disk& disk() {
  static Disk& the_disk = *new Disk;
  return the_disk;
}

enum class Kind : char { kOther, kBuffered, kDurable };

// What each descriptor of this process is.
struct Described {
  Kind kind = Kind::kOther;
  unsigned char file = 0;  // Of the disk's, where it is one.
};
std::array<std::atomic<Described>, kDescriptorsMax> descriptors;

Described described(int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  return index < descriptors.size() ? descriptors[index].load() : Described{};
}

void describe(int descriptor, Described as) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index < descriptors.size()) descriptors[index] = as;
  if (index >= descriptors.size() && as.kind != Kind::kOther) fail("too many descriptors");
}

int open_file(const char* path, int flags, mode_t mode) {
  const long descriptor = raw_open(path, flags, mode);
  const std::string_view name =
      std::string_view(path).substr(std::string_view(path).rfind('/') + 1);
  const bool kept = name == kStoreName || name.starts_with(kJournalPrefix);
  if (descriptor < 0 || !kept) return static_cast<int>(descriptor);
  const auto [ours, file] = disk().take_over(path, static_cast<int>(descriptor), flags);
  if (ours < 0) fail("cannot open the copy of " + std::string(path));
  // O_SYNC holds the bit of O_DSYNC.
  const Kind kind = (flags & O_DSYNC) != 0 ? Kind::kDurable : Kind::kBuffered;
  describe(ours, {kind, static_cast<unsigned char>(file)});
  return ours;
}

ssize_t wrote_at(int descriptor, off_t offset, ssize_t count) {
  const auto [kind, file] = described(descriptor);
  if (kind != Kind::kOther && count > 0) {
    disk().wrote(file, {offset, static_cast<std::size_t>(count)}, kind == Kind::kDurable);
  }
  return count;
}

// After a write at the descriptor's own place.
ssize_t wrote_here(int descriptor, ssize_t count) {
  if (described(descriptor).kind == Kind::kOther || count <= 0) return count;
  return wrote_at(descriptor, ::lseek(descriptor, 0, SEEK_CUR) - count, count);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_file(path, flags, mode);
}

int close(int descriptor) {
  describe(descriptor, {});
  return static_cast<int>(raw_close(descriptor));
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return wrote_here(descriptor, ::syscall(SYS_write, descriptor, bytes, size));
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  return wrote_here(descriptor, ::syscall(SYS_writev, descriptor, parts, count));
}

ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return wrote_at(descriptor, offset, raw_pwrite(descriptor, bytes, size, offset));
}

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  const auto [kind, file] = described(descriptor);
  if (kind != Kind::kOther) {
    return disk().allocate(file, {offset, static_cast<std::size_t>(size)});
  }
  return ::syscall(SYS_fallocate, descriptor, 0, offset, size) == 0 ? 0 : errno;
}

int fdatasync(int descriptor) {
  if (described(descriptor).kind == Kind::kOther) {
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
  }
  disk().sync(described(descriptor).file);
  return 0;
}

int fsync(int descriptor) {
  if (described(descriptor).kind == Kind::kOther) {
    return static_cast<int>(::syscall(SYS_fsync, descriptor));
  }
  disk().sync(described(descriptor).file);
  return 0;
}

}  // extern "C"
