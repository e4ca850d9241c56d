#include "node/cli/backup.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "node/backup.h"
#include "node/cli/plural.h"
#include "node/cli/progress.h"
#include "node/cli/status_table.h"
#include "node/cli/store_place.h"

namespace node::cli {
namespace {

constexpr int kNice = 10;  // The peer comes first.
constexpr std::uint64_t kMegabyte = 1'000'000;

struct Options {
  PlaceOptions place;
  std::string file;
  std::uint64_t rate = 50;  // A tenth of what a plain disk writes: live traffic hardly feels it.
  bool json = false;
};

void print(const BackupReport& report, const Options& options) {
  const BackupHeader& header = report.header;
  if (options.json) {
    std::cout << nlohmann::ordered_json{{"file", options.file},
                                        {"cluster", header.cluster},
                                        {"peer", header.node},
                                        {"made_at", header.made_at},
                                        {"running", report.live},
                                        {"documents", header.digest.documents},
                                        {"records", header.digest.records},
                                        {"log_head", header.head},
                                        {"rows", report.rows},
                                        {"bytes", report.bytes},
                                        {"damaged", report.damaged}}
                     .dump()
              << "\n";
    return;
  }
  std::cout << "backed up " << header.node << " of " << header.cluster << " as of "
            << header.made_at << ": " << plural(header.digest.documents, "document") << ", "
            << plural(header.digest.records, "record") << ", " << size_text(report.bytes) << " in "
            << options.file
            << "\nnot in it: node key, secrets, configuration; keep those elsewhere\n";
}

int backup(const Options& options) {
  std::signal(SIGXFSZ, SIG_IGN);  // A file-size limit is an error of one write.
  const auto place = place_of(options.place);
  std::error_code ignored;
  if (!place) {
    std::cerr << "muster: " << place.error().message << "\n";
    return kUnusable;
  }
  if (std::filesystem::exists(options.file, ignored)) {
    std::cerr << "muster: " << options.file
              << " is there already; it stays as it is. Choose another name\n";
    return kUnusable;
  }
  if (::nice(kNice) < 0) {
    // At the peer's own priority then; the rate still holds.
  }
  const auto report = [&] {
    Progress progress("backup");
    return write_backup(
        {place->data_dir, options.file, options.rate * kMegabyte},
        [&](const CopyProgress& done) { progress.show(done.rows, done.rows_total, done.bytes); });
  }();
  if (!report) {
    std::cerr << "muster: " << report.error().message << "\n";
    return kFailed;
  }
  print(*report, options);
  if (report->damaged == 0) return kDone;
  const bool one = report->damaged == 1;
  std::cerr << "muster: " << plural(report->damaged, "value") << " of this store "
            << (one ? "is damaged: its checksum is wrong"
                    : "are damaged: their checksums are wrong")
            << "; the backup has what was there, and other peers hold it sound\n";
  return kFailed;
}

}  // namespace

void add_backup(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("backup", "copy a peer's store to one file, while it runs");
  add_place_options(*command, options->place);
  command->add_option("--to", options->file, "the file to make; never replaces one")->required();
  command->add_option("--rate", options->rate, "MB a second at most; 0: no limit; default 50");
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(
      "All that the peer has acknowledged before this begins is in it; what comes later is not.\n"
      "Node key, secrets and configuration are not: without them nobody can pose as this peer.\n"
      "\nExample:\n  muster backup --config /etc/muster/config.json --to /backup/a-monday");
  command->callback([options, &action] { action = [options] { return backup(*options); }; });
}

}  // namespace node::cli
