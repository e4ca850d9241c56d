#include "node/cli/export.h"

#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "node/cli/plural.h"
#include "node/cli/progress.h"
#include "node/cli/status_table.h"
#include "node/cli/store_place.h"
#include "node/export.h"

namespace node::cli {
namespace {

struct Options {
  PlaceOptions place;
  std::string file = "-";
  bool json = false;
};

int run(const Options& options) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto place = place_of(options.place);
  if (!place) {
    std::cerr << "muster: " << place.error().message << "\n";
    return kUnusable;
  }
  std::error_code ignored;
  const auto there = std::filesystem::symlink_status(options.file, ignored);
  const bool occupied = options.file != "-" && std::filesystem::exists(there);
  const auto report = [&] {
    Progress progress("export");
    return write_export(place->data_dir, options.file, [&](const CopyProgress& done) {
      progress.show(done.rows, done.rows_total, done.bytes);
    });
  }();
  if (!report) {
    std::cerr << "muster: " << report.error().message << "\n";
    return occupied ? kUnusable : kFailed;
  }
  // Where the lines go to stdout, nothing else may.
  std::ostream& out = options.file == "-" ? std::cerr : std::cout;
  if (options.json) {
    out << nlohmann::ordered_json{{"file", options.file},
                                  {"documents", report->counts.documents},
                                  {"records", report->counts.records},
                                  {"bytes", report->bytes}}
               .dump()
        << "\n";
  } else {
    out << "exported " << plural(report->counts.documents, "document") << " and "
        << plural(report->counts.records, "record") << ", " << size_text(report->bytes) << "\n";
  }
  return kDone;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "export", "write what a peer holds as lines of JSON, while it runs or not");
  add_place_options(*command, options->place);
  command->add_option("--to", options->file, "the file to make; default: stdout");
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(
      "The file is for its owner alone, never replaces one, and ends with what muster import "
      "checks\n"
      "it by: a changed or missing line is found.\n"
      "\nExamples:\n  muster export --config /etc/muster/config.json --to a.jsonl\n"
      "  muster export --config /etc/muster/config.json | grep 'disk full'");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli
