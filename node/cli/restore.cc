#include "node/cli/restore.h"

#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "node/backup.h"
#include "node/cli/plural.h"
#include "node/cli/progress.h"
#include "node/cli/store_place.h"

namespace node::cli {
namespace {

struct Options {
  PlaceOptions place;
  std::string file;
  std::string node;
  bool json = false;
};

void print(const RestoreReport& report, const std::string& dir, bool as_json) {
  const BackupHeader& header = report.summary.header;
  if (as_json) {
    std::cout << nlohmann::ordered_json{{"data_dir", dir},
                                        {"cluster", header.cluster},
                                        {"peer", report.node},
                                        {"made_at", header.made_at},
                                        {"documents", header.digest.documents},
                                        {"records", header.digest.records},
                                        {"rows", report.summary.rows},
                                        {"catching_up", true}}
                     .dump()
              << "\n";
    return;
  }
  std::cout << "restored " << report.node << " of " << header.cluster << " to " << dir << " as of "
            << header.made_at << ": " << plural(header.digest.documents, "document") << ", "
            << plural(header.digest.records, "record") << "\n\nnext:\n"
            << "  1. give it a node key: this peer's own one if it was kept, or a new one that\n"
            << "     muster init makes and the other peers are told of\n"
            << "  2. muster serve: it catches up with the other peers first, then it serves\n"
            << "  3. if this copy is all there is: muster serve --accept-restored\n";
}

int restore(const Options& options) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto place = place_of(options.place);
  if (!place) {
    std::cerr << "muster: " << place.error().message << "\n";
    return kUnusable;
  }
  std::error_code ignored;
  const bool occupied = std::filesystem::exists(place->data_dir + "/data.mdb", ignored);
  const std::string node = options.node.empty() ? place->node : options.node;
  const auto report = [&] {
    Progress progress("restore");
    return restore_backup(
        {options.file, place->data_dir, node, place->cluster},
        [&](const CopyProgress& done) { progress.show(done.rows, done.rows_total, done.bytes); });
  }();
  if (report) {
    print(*report, place->data_dir, options.json);
    return kDone;
  }
  std::cerr << "muster: " << report.error().message << "\n";
  return occupied ? kUnusable : kFailed;
}

}  // namespace

void add_restore(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("restore", "make a store from a backup");
  add_place_options(*command, options->place);
  command->add_option("file", options->file, "what muster backup made")->required();
  command->add_option("--name", options->node,
                      "the peer that the store is for; default: the configuration's name, or the "
                      "one it was made of");
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(
      "The whole file is read and checked before anything is touched; a store is never replaced.\n"
      "The peer then catches up with others before it serves.\n"
      "\nExample:\n  muster restore /backup/a-monday --config /etc/muster/config.json");
  command->callback([options, &action] { action = [options] { return restore(*options); }; });
}

}  // namespace node::cli
