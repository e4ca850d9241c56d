#include "node/system_facts.h"

#include <sys/resource.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <fstream>

namespace node {

DiskSpace disk_space_of(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return {};
  return {std::uint64_t{disk.f_bavail} * disk.f_frsize,
          std::uint64_t{disk.f_blocks} * disk.f_frsize};
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; it != end && !error;
       it.increment(error)) {
    ++count;
  }
  return count;
}

std::uint64_t descriptors_allowed() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t resident_anonymous_bytes() {
  std::ifstream status("/proc/self/status");
  std::string name;
  while (status >> name) {
    std::uint64_t kibibytes = 0;
    if (name == "RssAnon:" && status >> kibibytes) return kibibytes << 10;
    std::getline(status, name);
  }
  return 0;
}

}  // namespace node
