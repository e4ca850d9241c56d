#include "node/cli/bench_system.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include "node/clock.h"

namespace node::cli {
namespace {

constexpr std::size_t kPageBytes = 4096;  // What LMDB and the disk write at once.

// Files of /proc have no size, so they are read to their end.
std::string slurp(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Decimal numbers of one line, from `text` on, up to the line's end or what is no number.
std::vector<std::uint64_t> numbers_in(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return numbers;
    numbers.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
}

std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const auto numbers = numbers_in(text.substr(at + name.size()));
  if (numbers.empty()) return std::nullopt;
  return numbers.front();
}

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : path_(path), descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace

std::optional<std::chrono::nanoseconds> cpu_time_of(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return std::nullopt;
  }
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

crdt::Result<std::chrono::nanoseconds> cpu_time_of(const std::vector<pid_t>& processes) {
  std::chrono::nanoseconds sum{0};
  for (const pid_t process : processes) {
    const auto time = cpu_time_of(process);
    if (!time) return crdt::Error("there is no process " + std::to_string(process));
    sum += *time;
  }
  return sum;
}

std::optional<double> rss_anon_mib_in(std::string_view proc_status) {
  const auto kib = number_behind(proc_status, "\nRssAnon:");
  if (!kib) return std::nullopt;
  return static_cast<double>(*kib) / 1024;
}

std::optional<double> rss_anon_mib(pid_t process) {
  return rss_anon_mib_in(slurp("/proc/" + std::to_string(process) + "/status"));
}

std::optional<std::chrono::milliseconds> busy_time_in(std::string_view proc_stat) {
  if (!proc_stat.starts_with("cpu ")) return std::nullopt;
  // user nice system idle iowait irq softirq steal
  const auto ticks = numbers_in(proc_stat.substr(4));
  if (ticks.size() < 7) return std::nullopt;
  const std::uint64_t busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
  return std::chrono::milliseconds(busy * 1000 /
                                   static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
}

std::optional<std::chrono::milliseconds> busy_time() { return busy_time_in(slurp("/proc/stat")); }

bool is_in_memory(const std::filesystem::path& folder) {
  struct statfs disk {};
  if (::statfs(folder.c_str(), &disk) != 0) return false;
  return disk.f_type == TMPFS_MAGIC || disk.f_type == RAMFS_MAGIC;
}

crdt::Result<double> fdatasync_per_second(const std::filesystem::path& folder,
                                          std::chrono::milliseconds duration) {
  const File file(folder / "fdatasync");
  std::array<char, kPageBytes> page{};
  const int fd = file.descriptor();
  // Written once, so that no sync has to allocate: the extents are there and hold data.
  if (fd < 0 || ::posix_fallocate(fd, 0, kPageBytes) != 0 ||
      ::pwrite(fd, page.data(), page.size(), 0) != static_cast<ssize_t>(page.size()) ||
      ::fsync(fd) != 0) {
    return crdt::Error("cannot write to " + folder.string() + ": " + std::strerror(errno));
  }
  const auto began = read_clock().steady;
  std::uint64_t count = 0;
  auto now = began;
  for (; now < began + duration; now = read_clock().steady) {
    page.fill(static_cast<char>(++count));
    if (::pwrite(fd, page.data(), page.size(), 0) < 0 || ::fdatasync(fd) != 0) {
      return crdt::Error("cannot sync in " + folder.string() + ": " + std::strerror(errno));
    }
  }
  return static_cast<double>(count) / std::chrono::duration<double>(now - began).count();
}

}  // namespace node::cli
