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
#include "node/export_seal.h"
#include "node/journal_file.h"
#include "node/lmdb_create.h"
#include "node/lmdb_snapshot.h"
#include "node/lmdb_store.h"
#include "node/replica_records.h"
#include "node/store_reader.h"

namespace node {
namespace {

constexpr std::uint64_t kLinesPerCommit = 256;
constexpr std::uint64_t kFaultsNamed = 5;  // Beyond them the file is something else altogether.
constexpr std::uint64_t kTellEvery = 1'000;

// A link to nowhere included.
bool is_taken(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

// A file that appears under its name when it is whole, or stdout.
class Sheet {
 public:
  explicit Sheet(std::string file) : file_(std::move(file)), unfinished_(file_ + ".unfinished") {}
  ~Sheet() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(unfinished_.c_str());
  }
  Sheet(const Sheet&) = delete;
  Sheet& operator=(const Sheet&) = delete;

  crdt::Result<void> open() {
    if (to_stdout()) return {};
    if (is_taken(file_)) {
      return crdt::Error(file_ + " is there already; it stays as it is. Choose another name");
    }
    // An earlier attempt's. Whatever stands there then is somebody else's, and no link is followed.
    if (::unlink(unfinished_.c_str()) != 0 && errno != ENOENT) return failed();
    // It holds what people wrote to each other: theirs to read whose peer it is.
    descriptor_ = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return descriptor_ >= 0 ? crdt::Result<void>() : failed();
  }

  crdt::Result<void> add(std::string line) {
    line = seal_.seal(std::move(line)) + '\n';
    bytes_ += line.size();
    if (to_stdout()) return std::cout << line ? crdt::Result<void>() : failed();
    held_ += line;
    return held_.size() < kWriteBytes ? crdt::Result<void>() : write();
  }

  crdt::Result<void> finish() {
    if (to_stdout()) return std::cout.flush() ? crdt::Result<void>() : failed();
    if (const auto written = write(); !written) return written;
    if (::fsync(descriptor_) != 0) return failed();
    if (const int code = publish_file(unfinished_, file_)) {
      errno = code;
      return failed();
    }
    ::close(std::exchange(descriptor_, -1));
    return {};
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kWriteBytes = 1 << 20;

  [[nodiscard]] bool to_stdout() const { return file_ == "-"; }

  crdt::Result<void> write() {
    std::string_view left = held_;
    while (!left.empty()) {
      const ssize_t done = ::write(descriptor_, left.data(), left.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return failed();
      left.remove_prefix(static_cast<std::size_t>(done));
    }
    held_.clear();
    return {};
  }
  [[nodiscard]] crdt::Error failed() const {
    return crdt::Error("cannot write " + (to_stdout() ? "to stdout" : file_) + ": " +
                       std::strerror(errno));
  }

  std::string file_;
  std::string unfinished_;
  int descriptor_ = -1;
  std::string held_;
  ExportSeal seal_;
  std::uint64_t bytes_ = 0;
};

crdt::Result<ExportEnd> export_all(crdt::Transaction& txn, Sheet& sheet, std::uint64_t rows,
                                   const OnProgress& on_progress) {
  crdt::Repository repository({}, origin_of);
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
  Judge(std::string cluster, Edited edited) : cluster_(std::move(cluster)), edited_(edited) {}

  void take(std::uint64_t number, const std::string& text) {
    last_ = number;
    const bool sealed = seal_.holds(text);
    auto line = parse_export(text);
    if (!line) return fault(number, line.error().message);
    if (ended_) return fault(number, "something follows the end");
    auto* head = std::get_if<ExportHead>(&*line);
    if (number == 1 && head == nullptr) {
      return fault(1, "the file does not begin as muster export begins one");
    }
    if (number > 1 && head != nullptr) return fault(number, "a second head");
    if (!sealed && edited_ == Edited::kRefuse && faults_ == 0) return unsealed(number);
    if (head != nullptr) return take(std::move(*head));
    if (std::holds_alternative<ExportEnd>(*line)) {
      ended_ = true;
      return;
    }
    ++(std::holds_alternative<crdt::Record>(*line) ? file.counts.records : file.counts.documents);
  }

  [[nodiscard]] bool hopeless() const { return hopeless_ || faults_ == kFaultsNamed; }

  crdt::Result<void> verdict(const std::string& name) {
    if (faults_ == 0 && !ended_) {
      return crdt::Error("nothing of " + name + " is imported: it was cut short behind line " +
                         std::to_string(last_) + ", for muster export ends a file with its counts");
    }
    if (faults_ == 0) return {};
    const bool cut = !ended_ && !hopeless();
    return crdt::Error("nothing of " + name + " is imported: " + sentence_ +
                       (cut ? "; and it was cut short: its end is missing" : ""));
  }

  ExportFile file;

 private:
  void take(ExportHead head) {
    if (!cluster_.empty() && head.cluster != cluster_) {
      fault(1, "it is of the cluster " + head.cluster + ", this peer is of " + cluster_);
    }
    file.head = std::move(head);
  }

  void unsealed(std::uint64_t number) {
    fault(number,
          "its sum does not fit: it, or a line that stood before it, is not as muster export wrote "
          "it. (A file that was edited on purpose takes --hand-edited; muster import --help says "
          "what that can break)");
    hopeless_ = true;  // So are all the others, and for the same reason.
  }

  void fault(std::uint64_t number, const std::string& what) {
    sentence_ += (sentence_.empty() ? "line " : "; line ") + std::to_string(number) + ": " + what;
    ++faults_;
  }

  std::string cluster_;
  Edited edited_;
  ExportSeal seal_;
  std::string sentence_;
  std::uint64_t last_ = 0;  // The number of the last line there is.
  std::uint64_t faults_ = 0;
  bool hopeless_ = false;
  bool ended_ = false;
};

// Of the store that is there; of the one to be made where there is none.
crdt::Result<LmdbStore::Options> store_options(const StorePlace& place) {
  LmdbStore::Options options;
  options.dir = place.data_dir;
  options.cluster = place.cluster;
  options.node = place.node;
  if (!is_taken(place.data_dir + "/data.mdb")) {
    if (!place.node.empty()) return options;
    return crdt::Error("there is no store in " + place.data_dir +
                       "; where its peer never ran, name its configuration with --config");
  }
  const auto snapshot = LmdbSnapshot::open(place.data_dir);
  if (!snapshot) return snapshot.error();
  options.cluster = (*snapshot)->marker().cluster;
  options.node = (*snapshot)->marker().node;
  return options;
}

}  // namespace

crdt::Result<ExportReport> write_export(const std::string& dir, const std::string& file,
                                        const OnProgress& on_progress) {
  auto reader = StoreReader::open(dir);
  if (!reader) return reader.error();
  crdt::Transaction& txn = (*reader)->begin();
  const StoreMarker& marker = (*reader)->snapshot().marker();
  Sheet sheet(file);
  if (const auto opened = sheet.open(); !opened) return opened.error();
  const ExportHead head{marker.cluster, marker.node, utc_text(read_clock().wall)};
  if (const auto added = sheet.add(to_line(head)); !added) return added.error();
  const auto counts = export_all(txn, sheet, (*reader)->snapshot().rows(), on_progress);
  if (!counts) return counts.error();
  if (const auto read = (*reader)->end(); !read) return read.error();
  if (const auto added = sheet.add(to_line(*counts)); !added) return added.error();
  if (const auto finished = sheet.finish(); !finished) return finished.error();
  return ExportReport{*counts, sheet.bytes()};
}

crdt::Result<ExportFile> check_export(const std::string& file, const std::string& cluster,
                                      Edited edited) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return crdt::Error("cannot read " + file + ": " + std::strerror(errno));
  Judge judge(cluster, edited);
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

crdt::Result<ImportReport> import_into_store(const std::string& file, const StorePlace& place,
                                             const OnProgress& on_progress) {
  const auto options = store_options(place);
  if (!options) return options.error();
  auto lmdb = LmdbStore::open(*options);
  if (!lmdb) return lmdb.error();
  JournalFile journal(options->dir);
  WriteBehind store(**lmdb, journal, WriteBehind::Limits{});
  if (const auto opened = store.open(); !opened) return opened.error();
  crdt::Repository repository({}, origin_of);
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
