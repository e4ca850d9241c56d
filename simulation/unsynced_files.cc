#include "simulation/unsynced_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <limits>
#include <utility>

#include "crdt/check.h"
#include "simulation/file_calls.h"

namespace simulation {
namespace {

off_t offset_of(std::uint64_t page) { return static_cast<off_t>(page * UnsyncedFiles::kPageBytes); }

off_t size_of(int descriptor) {
  struct stat status {};
  CHECK(::fstat(descriptor, &status) == 0);
  return status.st_size;
}

}  // namespace

// One of this class's own: it still reaches a file that was renamed or removed.
class UnsyncedFiles::Descriptor {
 public:
  explicit Descriptor(int other) {
    const std::string path = "/proc/self/fd/" + std::to_string(other);
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    CHECK(descriptor_ >= 0);
  }
  ~Descriptor() { ::close(descriptor_); }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] off_t size() const { return size_of(descriptor_); }

  [[nodiscard]] std::string read(off_t offset, std::size_t size) const {
    std::string bytes(size, '\0');
    const ssize_t count = ::pread(descriptor_, bytes.data(), size, offset);
    CHECK(count >= 0);
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }

  void write(off_t offset, std::string_view bytes) const {
    const long count = ::syscall(SYS_pwrite64, descriptor_, bytes.data(), bytes.size(), offset);
    CHECK(count == static_cast<long>(bytes.size()));
  }

  void cut(off_t size) const { CHECK(::ftruncate(descriptor_, size) == 0); }

  // Whatever it is called now.
  void remove() const {
    std::error_code error;
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor_);
    const auto path = std::filesystem::read_symlink(link, error);
    ::syscall(SYS_unlinkat, AT_FDCWD, path.c_str(), 0);
  }

 private:
  int descriptor_ = -1;
};

UnsyncedFiles::UnsyncedFiles(std::string folder, Rules& rules)
    : folder_(std::move(folder)), rules_(rules) {
  CHECK(watched_folders().emplace(folder_, this).second);
}

UnsyncedFiles::~UnsyncedFiles() { watched_folders().erase(folder_); }

void UnsyncedFiles::forget() {
  files_.clear();
  lies_.clear();
  removed_.clear();
}

void UnsyncedFiles::set_lying(bool lying, std::uint64_t kept_percent) {
  lying_ = lying;
  kept_percent_ = kept_percent;
  if (lying) return;
  lies_.clear();
  for (const std::string& name : std::exchange(removed_, {})) {
    ::syscall(SYS_unlinkat, AT_FDCWD, (folder_ + "/" + name).c_str(), 0);
  }
}

// --- the calls ---

void UnsyncedFiles::keep_pages(int descriptor, const std::string& name, off_t offset,
                               std::size_t size) {
  File& file = files_[name];
  if (file.own == nullptr) {
    file.own = std::make_shared<Descriptor>(descriptor);
    file.size = file.own->size();
  }
  const std::uint64_t end = static_cast<std::uint64_t>(offset) + size;
  for (std::uint64_t page = static_cast<std::uint64_t>(offset) / kPageBytes;
       page * kPageBytes < end; ++page) {
    if (file.pages.contains(page)) continue;
    file.pages.emplace(page, file.own->read(offset_of(page), kPageBytes));
  }
}

ssize_t UnsyncedFiles::write(int descriptor, const std::string& name, off_t offset,
                             std::size_t size, const std::function<ssize_t()>& write) {
  const Rules::Fate fate = rules_.on_write();
  ssize_t written = 0;
  if (fate.happens) {
    keep_pages(descriptor, name, offset, size);
    written = write();
    if (written < 0) return written;
  }
  int error = fate.error;
  const bool at_once = (::fcntl(descriptor, F_GETFL) & O_DSYNC) != 0;
  if (error == 0 && at_once && written > 0) {
    const std::uint64_t last = static_cast<std::uint64_t>(offset + written - 1) / kPageBytes;
    error = sync_pages(name, static_cast<std::uint64_t>(offset) / kPageBytes, last);
  }
  if (error == 0) return written;
  errno = error;
  return -1;
}

int UnsyncedFiles::sync(const std::string& name) {
  return sync_pages(name, 0, std::numeric_limits<std::uint64_t>::max());
}

int UnsyncedFiles::sync_pages(const std::string& name, std::uint64_t first, std::uint64_t last) {
  const auto found = files_.find(name);
  if (found == files_.end()) return 0;
  const Rules::Fate fate = rules_.on_sync();
  if (fate.happens) {
    File& file = found->second;
    File synced{file.own, file.size, {}};
    const auto end = file.pages.upper_bound(last);
    for (auto at = file.pages.lower_bound(first); at != end; at = file.pages.erase(at)) {
      synced.pages.insert(synced.pages.end(), {at->first, std::move(at->second)});
    }
    if (file.pages.empty()) {
      files_.erase(found);
    } else {
      const off_t reached = synced.pages.empty() ? 0 : offset_of(synced.pages.rbegin()->first + 1);
      file.size = std::max(file.size, std::min(reached, file.own->size()));
    }
    if (lying_) lies_.push_back(std::move(synced));
    rules_.on_synced();
  }
  return fate.error;
}

int UnsyncedFiles::allocate(int descriptor, const std::string& name, off_t end) {
  if (size_of(descriptor) < end && ::ftruncate(descriptor, end) != 0) return errno;
  const auto found = files_.find(name);
  if (found != files_.end()) found->second.size = std::max(found->second.size, end);
  return 0;
}

bool UnsyncedFiles::removes(const std::string& name) {
  const bool later = lying_ && name.starts_with("journal-");
  if (later) removed_.push_back(name);
  return !later;
}

// --- the power goes ---

void UnsyncedFiles::put_back(const File& file) {
  for (const auto& [page, old] : file.pages) {
    std::string whole = old;
    whole.resize(kPageBytes, '\0');
    file.own->write(offset_of(page), whole);
  }
}

// As it was, or not there.
void UnsyncedFiles::take_back(const File& file) {
  put_back(file);
  file.own->cut(file.size);
  if (file.size == 0) file.own->remove();
}

void UnsyncedFiles::lose_some(Dice& dice) {
  enum Left : std::uint64_t { kNothing, kEverything, kBeginning, kAnyPages, kTornPages, kCount };
  const std::uint64_t left = dice.below(kCount);
  std::size_t pages = 0;
  for (const auto& [name, file] : files_) pages += file.pages.size();
  std::size_t before = left == kBeginning ? dice.below(pages + 1) : 0;
  for (auto& [name, file] : files_) {
    off_t size = file.size;
    const off_t now = file.own->size();
    for (auto at = file.pages.begin(); at != file.pages.end();) {
      const bool begins = before > 0;
      if (begins) --before;
      const bool kept = left == kEverything || begins || (left >= kAnyPages && dice.chance(1, 2));
      const bool torn = left == kTornPages && dice.chance(1, 2);
      if (kept || torn) size = std::max(size, std::min(now, offset_of(at->first + 1)));
      if (torn) {
        std::string old = at->second;
        old.resize(kPageBytes, '\0');
        const std::size_t cut = kSectorBytes * dice.between(1, kPageBytes / kSectorBytes - 1);
        file.own->write(offset_of(at->first) + static_cast<off_t>(cut), old.substr(cut));
      }
      at = kept || torn ? file.pages.erase(at) : std::next(at);
    }
    put_back(file);
    file.own->cut(size);
  }
}

void UnsyncedFiles::lose_power(Dice& dice, bool lies_too) {
  const std::size_t kept = lies_too ? lies_.size() * kept_percent_ / 100 : lies_.size();
  if (kept < lies_.size()) {  // What is behind them is gone all the more.
    for (const auto& [name, file] : files_) take_back(file);
  } else if (!files_.empty()) {
    lose_some(dice);
  }
  files_.clear();
  if (kept < lies_.size()) removed_.clear();  // They are still there.
  for (; lies_.size() > kept; lies_.pop_back()) take_back(lies_.back());
  if (lies_too) lies_.clear();
}

}  // namespace simulation
