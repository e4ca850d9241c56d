#include "simulation/file_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

#include "crdt/check.h"
#include "simulation/unsynced_files.h"

namespace simulation {

// Never destroyed: other destructors still write.
std::map<std::string, UnsyncedFiles*, std::less<>>& watched_folders() {
  static auto& folders = *new std::map<std::string, UnsyncedFiles*, std::less<>>;
  return folders;
}

namespace {

struct Watched {
  UnsyncedFiles* files = nullptr;  // nullptr: not watched.
  std::string name;
};

Watched watched(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view name = path.substr(slash + 1);
  if (!name.starts_with("data.mdb") && !name.starts_with("journal-")) return {};
  const auto found = watched_folders().find(path.substr(0, slash));
  if (found == watched_folders().end()) return {};
  return {found->second, std::string(name)};
}

Watched watched(int descriptor) {
  if (watched_folders().empty()) return {};
  const int error = errno;
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  errno = error;
  return watched(std::string_view(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size)));
}

// The C library's.
template <class Call>
Call next_called(const char* name) {
  void* const call = ::dlsym(RTLD_NEXT, name);
  CHECK(call != nullptr);
  return reinterpret_cast<Call>(call);
}

int synced(int descriptor, long call) {
  const Watched file = watched(descriptor);
  if (file.files == nullptr) return static_cast<int>(::syscall(call, descriptor));
  const int error = file.files->sync(file.name);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace
}  // namespace simulation

extern "C" {

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  const auto write = [&] {
    return static_cast<ssize_t>(::syscall(SYS_pwrite64, descriptor, bytes, size, offset));
  };
  const auto file = simulation::watched(descriptor);
  if (file.files == nullptr) return write();
  return file.files->write(descriptor, file.name, offset, size, write);
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  const auto write = [&] {
    return static_cast<ssize_t>(::syscall(SYS_writev, descriptor, parts, count));
  };
  const auto file = simulation::watched(descriptor);
  if (file.files == nullptr) return write();
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  const off_t offset = ::lseek(descriptor, 0, SEEK_CUR);
  return file.files->write(descriptor, file.name, offset, size, write);
}

int fdatasync(int descriptor) { return simulation::synced(descriptor, SYS_fdatasync); }

int fsync(int descriptor) { return simulation::synced(descriptor, SYS_fsync); }

int posix_fallocate(int descriptor, off_t offset, off_t size) {
  using Call = int (*)(int, off_t, off_t);
  static const auto kNext = simulation::next_called<Call>("posix_fallocate");
  const auto file = simulation::watched(descriptor);
  if (file.files == nullptr) return kNext(descriptor, offset, size);
  return file.files->allocate(descriptor, file.name, offset + size);
}

int unlink(const char* path) noexcept {
  const auto file = simulation::watched(std::string_view(path));
  if (file.files != nullptr && !file.files->removes(file.name)) return 0;
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int statvfs(const char* path, struct statvfs* disk) noexcept {
  using Call = int (*)(const char*, struct statvfs*);
  static const auto kNext = simulation::next_called<Call>("statvfs");
  const int code = kNext(path, disk);
  const auto found = simulation::watched_folders().find(std::string_view(path));
  if (code != 0 || found == simulation::watched_folders().end()) return code;
  disk->f_bavail = found->second->free_bytes() / disk->f_frsize;
  return 0;
}

}  // extern "C"
