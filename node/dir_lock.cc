#include "node/dir_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace node {
namespace {

crdt::Error cannot_use(const std::string& dir, int error) {
  return crdt::Error("cannot use the directory " + dir + ": " + std::strerror(error) +
                     "; make it writable for this user or set data_dir to another place");
}

int make_dir(const std::string& dir) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(dir).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return error.value();
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return errno;
  return 0;
}

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

crdt::Result<DirLock> DirLock::acquire(const std::string& dir) {
  if (const int error = make_dir(dir)) return cannot_use(dir, error);
  const std::string path = dir + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return cannot_use(dir, errno);
  DirLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return cannot_use(dir, errno);
    return crdt::Error("the store in " + dir + " is already open in " + holder_of(descriptor) +
                       "; stop that one first, or give this peer its own data_dir");
  }
  // Only for the sentence above; the lock does not depend on it.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
    // A full disk must not keep a node from starting: its reads still work.
  }
  return lock;
}

DirLock::DirLock(DirLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirLock& DirLock::operator=(DirLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DirLock::~DirLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace node
