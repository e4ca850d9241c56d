#include "node/cli/import.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "node/cli/progress.h"
#include "node/cli/store_place.h"
#include "node/export.h"

namespace node::cli {
namespace {

struct Options {
  PlaceOptions place;
  std::string file;
  bool json = false;
};

int say(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

void print(const ImportReport& report, bool as_json) {
  if (as_json) {
    std::cout << nlohmann::ordered_json{{"lines", report.lines}, {"changed", report.changed}}.dump()
              << "\n";
    return;
  }
  std::cout << "imported " << report.lines << " lines; " << report.changed
            << " of them held something new\n";
}

int run(const Options& options) {
  const auto place = place_of(options.place);
  if (!place) return say(place.error(), kUnusable);
  const auto sound = check_export(options.file, place->cluster);
  if (!sound) return say(sound.error(), kFailed);
  const std::uint64_t lines = sound->counts.documents + sound->counts.records;
  const auto report = [&] {
    Progress progress("import");
    return import_into_store(options.file, place->data_dir,
                             [&](const CopyProgress& done) { progress.show(done.rows, lines, 0); });
  }();
  if (!report) return say(report.error(), kFailed);
  print(*report, options.json);
  return kDone;
}

}  // namespace

void add_import(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("import", "join what an export holds into a stopped peer's store");
  add_place_options(*command, options->place);
  command->add_option("file", options->file, "what muster export made")->required();
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(
      "The whole file is checked first; a bad line is named by its number, and nothing is taken.\n"
      "An import is a join: what is newer here stays, and importing again changes nothing.\n"
      "\nExample:\n  muster import a.jsonl --config /etc/muster/config.json");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli
