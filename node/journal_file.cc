#include "node/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"
#include "crdt/rng.h"
#include "node/disk_full.h"
#include "node/entropy.h"
#include "node/sync_folder.h"

namespace node {
namespace {

constexpr std::string_view kPrefix = "journal-";

// Of what is written at once past the cache: a large commit.
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

constexpr off_t offset_of(std::size_t slot) {
  return static_cast<off_t>(slot * JournalStorage::kPageBytes);
}

}  // namespace

JournalFile::~JournalFile() { take(-1, ""); }

bool JournalFile::is_called(const std::string& name) { return name.starts_with(kPrefix); }

std::string JournalFile::path_of(std::uint64_t identity) const {
  return dir_ + "/" + std::string(kPrefix) + crdt::to_hex(crdt::big_endian(identity));
}

void JournalFile::take(int descriptor, std::string path) {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (direct_ >= 0) ::close(direct_);
  descriptor_ = descriptor;
  path_ = std::move(path);
  const bool writes = descriptor >= 0 && access_ == Access::kOwner;
  direct_ = writes ? ::open(path_.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC) : -1;
  if (direct_ < 0) return;
  if (!buffer_) buffer_.reset(static_cast<char*>(std::aligned_alloc(kPageBytes, kBufferBytes)));
  CHECK(buffer_ != nullptr);
}

CommitError JournalFile::failed(const char* what, int code) const {
  return {is_disk_full(code) ? CommitFailure::kDiskFull : CommitFailure::kIo,
          std::string("cannot ") + what + " the journal " + path_ + ": " + std::strerror(code)};
}

boost::system::result<std::uint64_t, CommitError> JournalFile::make() {
  CHECK(access_ == Access::kOwner);
  crdt::Rng rng(seed_from_system());
  const std::uint64_t identity = rng.next() | 1;  // 0 is nobody's.
  const std::string path = path_of(identity);
  const int made = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  const int refused = errno;
  take(made, path);
  if (made < 0) return failed("make", refused);
  pages_ = made_pages_;
  int code = ::posix_fallocate(descriptor_, 0, offset_of(pages_));
  if (code == 0 && ::fsync(descriptor_) != 0) code = errno;
  if (code == 0) code = sync_folder(dir_);
  if (code == 0) return identity;
  const CommitError error = failed("make", code);
  ::unlink(path.c_str());
  return error;
}

crdt::Result<void> JournalFile::open(std::uint64_t identity) {
  const std::string path = path_of(identity);
  const bool owner = access_ == Access::kOwner;
  const int opened = ::open(path.c_str(), (owner ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  const int refused = errno;
  take(opened, path);
  if (opened < 0) {
    return crdt::Error("the journal of the store, " + path +
                       ", cannot be read: " + std::strerror(refused));
  }
  struct stat status {};
  const bool found = ::fstat(descriptor_, &status) == 0;
  pages_ = found && status.st_size == offset_of(kSmallPages) ? kSmallPages : made_pages_;
  if (!found || status.st_size != offset_of(pages_)) {
    return crdt::Error("the journal of the store, " + path + ", is damaged: it has not its size");
  }
  // A process that was killed may have left pages that are read but not yet on the disk; batches
  // behind them must not be there without them.
  if (owner && ::fdatasync(descriptor_) != 0) return crdt::Error(failed("sync", errno).message);
  return {};
}

void JournalFile::remove(std::uint64_t identity) { ::unlink(path_of(identity).c_str()); }

crdt::Result<crdt::Bytes> JournalFile::read(std::size_t slot, std::size_t count) {
  crdt::Bytes bytes(count * kPageBytes, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                offset_of(slot) + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return crdt::Error(failed("read", errno).message);
    if (got == 0) return crdt::Error(failed("read", EIO).message);
    done += static_cast<std::size_t>(got);
  }
  return {boost::system::in_place_value, std::move(bytes)};
}

boost::system::result<void, CommitError> JournalFile::write(std::size_t slot,
                                                            crdt::BytesView pages) {
  off_t at = offset_of(slot);
  while (!pages.empty()) {
    const ssize_t written = write_some(pages, at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", errno);
    pages.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  return {};
}

ssize_t JournalFile::write_some(crdt::BytesView pages, off_t at) {
  if (direct_ >= 0) {
    const std::size_t size = pages.copy(buffer_.get(), kBufferBytes);
    const ssize_t written = ::pwrite(direct_, buffer_.get(), size, at);
    // Some file systems say only here that they cannot, or not for what is left of a page.
    if (written >= 0 || errno != EINVAL) return written;
    ::close(std::exchange(direct_, -1));
  }
  return ::pwrite(descriptor_, pages.data(), pages.size(), at);
}

boost::system::result<void, CommitError> JournalFile::sync() {
  if (crdt::planted(crdt::Bug::kCommitWithoutSync)) return {};
  if (::fdatasync(descriptor_) != 0) return failed("sync", errno);
  return {};
}

}  // namespace node
