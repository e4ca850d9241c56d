#include "node/backup.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "crdt/checksum.h"
#include "crdt/keyspace.h"
#include "crdt/repository.h"
#include "node/clock.h"
#include "node/store_reader.h"

namespace node {
namespace {

// How often the disk is looked at, and somebody who waits is told.
constexpr std::uint64_t kLookEveryBytes = 1 << 20;

// Keeps to a rate, and to the room that the peer needs.
class Pace {
 public:
  Pace(const BackupOptions& options, std::string folder)
      : rate_(options.bytes_per_second),
        folder_(std::move(folder)),
        shared_(same_disk(options.dir, folder_)),
        began_(read_clock().steady) {}

  crdt::Result<void> reached(std::uint64_t bytes) {
    if (bytes < next_look_) return {};
    next_look_ = bytes + kLookEveryBytes;
    if (shared_ && free_bytes() < kBackupLeavesFreeBytes) {
      return crdt::Error("less than " + std::to_string(kBackupLeavesFreeBytes >> 20) +
                         " MiB is free on the disk that the peer stores to, which it needs; "
                         "nothing is left of the backup, choose another disk");
    }
    if (rate_ == 0) return {};
    const auto due = began_ + std::chrono::microseconds(bytes * 1'000'000 / rate_);
    std::this_thread::sleep_for(due - read_clock().steady);
    return {};
  }

 private:
  static bool same_disk(const std::string& a, const std::string& b) {
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev;
  }

  [[nodiscard]] std::uint64_t free_bytes() const {
    struct statvfs disk {};
    if (::statvfs(folder_.c_str(), &disk) != 0) return ~std::uint64_t{0};
    return std::uint64_t{disk.f_bavail} * disk.f_frsize;
  }

  std::uint64_t rate_;
  std::string folder_;
  bool shared_;
  crdt::Instant began_;
  std::uint64_t next_look_ = 0;
};

// What carries a checksum of its own; the others are the log's runs, or somebody else's to judge.
bool is_sealed(crdt::BytesView key) {
  return key.front() == 'd' || key.front() == 'r' || key.front() == 'l';
}

crdt::Result<BackupHeader> header_of(const LmdbSnapshot& snapshot, crdt::Transaction& txn) {
  crdt::Repository repository;
  repository.use(txn);
  if (const auto opened = repository.open(); !opened) return opened.error();
  const StoreMarker& marker = snapshot.marker();
  return BackupHeader{marker.cluster,    marker.node,
                      marker.format,     utc_text(read_clock().wall),
                      repository.head(), repository.digest()};
}

crdt::Result<void> copy(crdt::Transaction& txn, BackupWriter& writer, Pace& pace,
                        BackupReport& report, const OnProgress& on_progress, std::uint64_t total) {
  std::optional<crdt::Error> error;
  std::uint64_t told = 0;
  txn.scan("\1", {}, [&](crdt::BytesView key, crdt::BytesView value) {
    if (!crdt::keyspace::travels(key)) return true;
    if (is_sealed(key) && !crdt::open_value(value)) ++report.damaged;
    auto done = writer.add(key, value);
    if (done) done = pace.reached(writer.bytes());
    if (!done) error = done.error();
    if (writer.bytes() >= told) {
      told = writer.bytes() + kLookEveryBytes;
      on_progress({writer.rows(), total, writer.bytes()});
    }
    return done.has_value();
  });
  if (error) return *error;
  return {};
}

}  // namespace

crdt::Result<BackupReport> write_backup(const BackupOptions& options,
                                        const OnProgress& on_progress) {
  auto reader = StoreReader::open(options.dir);
  if (!reader) return reader.error();
  const LmdbSnapshot& snapshot = (*reader)->snapshot();
  crdt::Transaction& txn = (*reader)->begin();
  BackupReport report;
  auto header = header_of(snapshot, txn);
  if (!header) return header.error();
  report.header = *header;
  report.live = snapshot.live();
  BackupWriter writer;
  if (const auto opened = writer.open(options.file, *header); !opened) return opened.error();
  const auto folder = std::filesystem::absolute(options.file).parent_path().string();
  Pace pace(options, folder);
  const std::uint64_t total = snapshot.rows();
  const auto copied = copy(txn, writer, pace, report, on_progress, total);
  if (!copied) return copied.error();
  if (const auto read = (*reader)->end(); !read) return read.error();
  if (const auto finished = writer.finish(); !finished) return finished.error();
  report.rows = writer.rows();
  report.bytes = writer.bytes();
  on_progress({report.rows, report.rows, report.bytes});
  return report;
}

}  // namespace node
