#include "node/export.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <utility>

#include "node/clock.h"
#include "node/entropy.h"
#include "node/lmdb_create.h"
#include "node/lmdb_snapshot.h"
#include "node/lmdb_store.h"
#include "node/replica_records.h"

namespace node {
namespace {

constexpr std::uint64_t kLinesPerCommit = 256;
constexpr std::uint64_t kFaultsNamed = 5;  // Beyond them the file is something else altogether.
constexpr std::uint64_t kTellEvery = 1'000;

// A file that appears under its name when it is whole, or stdout.
class Sheet {
 public:
  explicit Sheet(std::string file) : file_(std::move(file)), unfinished_(file_ + ".unfinished") {}
  ~Sheet() {
    if (out_.is_open()) ::unlink(unfinished_.c_str());
  }
  Sheet(const Sheet&) = delete;
  Sheet& operator=(const Sheet&) = delete;

  crdt::Result<void> open() {
    if (to_stdout()) return {};
    std::error_code ignored;
    if (std::filesystem::exists(file_, ignored)) {
      return crdt::Error(file_ + " is there already; it stays as it is. Choose another name");
    }
    out_.open(unfinished_, std::ios::binary | std::ios::trunc);
    // It holds what people wrote to each other: theirs to read whose peer it is.
    using std::filesystem::perms;
    std::filesystem::permissions(unfinished_, perms::owner_read | perms::owner_write, ignored);
    return out_ ? crdt::Result<void>() : failed();
  }

  crdt::Result<void> add(const std::string& line) {
    std::ostream& out = to_stdout() ? std::cout : out_;
    out << line << '\n';
    bytes_ += line.size() + 1;
    return out ? crdt::Result<void>() : failed();
  }

  crdt::Result<void> finish() {
    if (to_stdout()) return std::cout.flush() ? crdt::Result<void>() : failed();
    out_.close();
    const int descriptor = ::open(unfinished_.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = out_ && descriptor >= 0 && ::fsync(descriptor) == 0;
    int code = synced ? 0 : errno;
    if (descriptor >= 0) ::close(descriptor);
    if (code == 0) code = publish_file(unfinished_, file_);
    if (code == 0) return {};
    ::unlink(unfinished_.c_str());
    errno = code;
    return failed();
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] bool to_stdout() const { return file_ == "-"; }
  [[nodiscard]] crdt::Error failed() const {
    return crdt::Error("cannot write " + (to_stdout() ? "to stdout" : file_) + ": " +
                       std::strerror(errno));
  }

  std::string file_;
  std::string unfinished_;
  std::ofstream out_;
  std::uint64_t bytes_ = 0;
};

crdt::Result<ExportEnd> export_all(crdt::Transaction& txn, Sheet& sheet, std::uint64_t rows,
                                   const OnProgress& on_progress) {
  crdt::Repository repository;
  repository.use(txn);
  if (const auto opened = repository.open(); !opened) return opened.error();
  ExportEnd counts;
  std::optional<crdt::Error> error;
  const auto add = [&](const std::string& line) {
    if (const auto added = sheet.add(line); !added && !error) error = added.error();
    const std::uint64_t done = counts.documents + counts.records;
    if (done % kTellEvery == 0) on_progress({done, rows, sheet.bytes()});
    return !error;
  };
  const auto documents =
      repository.scan_documents([&](const std::string& key, const crdt::Document& document) {
        if (error) return;
        ++counts.documents;
        add(to_line(key, document));
      });
  if (!documents) return documents.error();
  const auto records = repository.scan_records({}, [&](crdt::BytesView key, crdt::BytesView value) {
    ++counts.records;
    return add(to_line(crdt::Record{crdt::Bytes(key), crdt::Bytes(value)}));
  });
  if (!records) return records.error();
  if (error) return *error;
  return counts;
}

// Gathers what is wrong with a file until it is clear that it cannot be used.
class Judge {
 public:
  explicit Judge(std::string cluster) : cluster_(std::move(cluster)) {}

  void take(std::uint64_t number, const std::string& text) {
    auto line = parse_export(text);
    if (!line) return fault(number, line.error().message);
    if (ended_) return fault(number, "something follows the end");
    if (auto* head = std::get_if<ExportHead>(&*line)) {
      if (number != 1) return fault(number, "a second head");
      return take(std::move(*head));
    }
    if (number == 1) return fault(1, "the file does not begin as muster export begins one");
    if (const auto* end = std::get_if<ExportEnd>(&*line)) {
      ended_ = true;
      const bool same =
          end->documents == file.counts.documents && end->records == file.counts.records;
      if (!same && faults_ == 0) fault(number, "lines before it are missing: its counts differ");
      return;
    }
    ++(std::holds_alternative<crdt::Record>(*line) ? file.counts.records : file.counts.documents);
  }

  [[nodiscard]] bool hopeless() const { return faults_ == kFaultsNamed; }

  crdt::Result<void> verdict(const std::string& name) {
    if (faults_ == 0 && !ended_) return crdt::Error(name + " was cut short; nothing is imported");
    if (faults_ == 0) return {};
    return crdt::Error("nothing of " + name + " is imported: " + sentence_);
  }

  ExportFile file;

 private:
  void take(ExportHead head) {
    if (!cluster_.empty() && head.cluster != cluster_) {
      fault(1, "it is of the cluster " + head.cluster + ", this peer is of " + cluster_);
    }
    file.head = std::move(head);
  }

  void fault(std::uint64_t number, const std::string& what) {
    sentence_ += (sentence_.empty() ? "line " : "; line ") + std::to_string(number) + ": " + what;
    ++faults_;
  }

  std::string cluster_;
  std::string sentence_;
  std::uint64_t faults_ = 0;
  bool ended_ = false;
};

}  // namespace

crdt::Result<ExportReport> write_export(const std::string& dir, const std::string& file,
                                        const OnProgress& on_progress) {
  auto snapshot = LmdbSnapshot::open(dir);
  if (!snapshot) return snapshot.error();
  WriteBehind store(**snapshot, LmdbSnapshot::read_through());
  if (const auto replayed = store.open(); !replayed) return replayed.error();
  crdt::Transaction& txn = store.begin();
  const StoreMarker& marker = (*snapshot)->marker();
  Sheet sheet(file);
  if (const auto opened = sheet.open(); !opened) return opened.error();
  const ExportHead head{marker.cluster, marker.node, utc_text(read_clock().wall)};
  if (const auto added = sheet.add(to_line(head)); !added) return added.error();
  const auto counts = export_all(txn, sheet, (*snapshot)->rows(), on_progress);
  if (!counts) return counts.error();
  if (const auto read = store.commit(); !read) return crdt::Error(read.error().message);
  if (const auto added = sheet.add(to_line(*counts)); !added) return added.error();
  if (const auto finished = sheet.finish(); !finished) return finished.error();
  return ExportReport{*counts, sheet.bytes()};
}

crdt::Result<ExportFile> check_export(const std::string& file, const std::string& cluster) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return crdt::Error("cannot read " + file + ": " + std::strerror(errno));
  Judge judge(cluster);
  std::string line;
  for (std::uint64_t number = 1; !judge.hopeless() && std::getline(in, line); ++number) {
    judge.file.bytes += line.size() + 1;
    judge.take(number, line);
  }
  if (const auto sound = judge.verdict(file); !sound) return sound.error();
  return std::move(judge.file);
}

crdt::Result<void> scan_export(const std::string& file, const VisitLine& visit) {
  std::ifstream in(file, std::ios::binary);
  std::string line;
  std::string held;
  // Neither the first line nor the last one.
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (number > 2) {
      if (const auto visited = visit(number - 1, held); !visited) {
        return crdt::Error("line " + std::to_string(number - 1) + " of " + file + ": " +
                           visited.error().message);
      }
    }
    held.swap(line);
  }
  return {};
}

crdt::Result<ImportReport> import_into_store(const std::string& file, const std::string& dir,
                                             const OnProgress& on_progress) {
  StoreMarker marker;
  {
    const auto snapshot = LmdbSnapshot::open(dir);
    if (!snapshot) return snapshot.error();
    marker = (*snapshot)->marker();
  }
  LmdbStore::Options options;
  options.dir = dir;
  options.cluster = marker.cluster;
  options.node = marker.node;
  auto lmdb = LmdbStore::open(options);
  if (!lmdb) return lmdb.error();
  WriteBehind store(**lmdb, WriteBehind::Limits{}, appended_rows());
  if (const auto opened = store.open(); !opened) return opened.error();
  crdt::Repository repository;
  ImportReport report;
  const auto commit = [&]() -> crdt::Result<void> {
    if (const auto committed = store.commit(); !committed) {
      return crdt::Error(committed.error().message);
    }
    return {};
  };
  repository.use(store.begin());
  if (const auto opened = repository.open(); !opened) return opened.error();
  crdt::Rng rng(seed_from_system());
  repository.begin_run({rng.next() | 1});
  const auto scanned = scan_export(file, [&](std::uint64_t, const std::string& text) {
    auto line = parse_export(text);
    if (!line) return crdt::Result<void>(line.error());
    const auto imported = import_line(repository, std::move(*line));
    if (!imported) return crdt::Result<void>(imported.error());
    if (imported->seq != 0) ++report.changed;
    if (++report.lines % kLinesPerCommit != 0) return crdt::Result<void>();
    on_progress({report.lines, report.lines + 1, 0});
    auto committed = commit();
    repository.use(store.begin());
    return committed;
  });
  if (!scanned) {
    store.abort();
    return scanned.error();
  }
  if (const auto committed = commit(); !committed) return committed.error();
  return report;
}

}  // namespace node
