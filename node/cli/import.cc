#include "node/cli/import.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "node/cli/admin_client.h"
#include "node/cli/plural.h"
#include "node/cli/progress.h"
#include "node/cli/store_place.h"
#include "node/cli/wait_options.h"
#include "node/export.h"
#include "node/lmdb_snapshot.h"

namespace node::cli {
namespace {

// Several lines a request: each costs the peer a commit.
constexpr std::size_t kRequestBytes = 256 << 10;
constexpr std::chrono::seconds kAnswerWithin{90};  // Above the longest that can be waited for.

struct Options {
  PlaceOptions place;
  WaitOptions wait;
  std::string file;
  bool hand_edited = false;
  bool json = false;
};

int say(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

constexpr const char* kHelp =
    "The whole file is checked first; a bad line is named by its number, and nothing is taken.\n"
    "An import is a join: what is newer here stays, and importing again changes nothing. A peer\n"
    "that never ran gets a store. --wait is for a peer that runs.\n"
    "\n"
    "--hand-edited: every line carries a sum of all lines up to it, so a changed, missing or cut\n"
    "line is refused. An edited document still claims to be the version it was made of: a peer\n"
    "that holds that version keeps it, one that does not takes yours. They then differ for good,\n"
    "with equal state hashes, and nothing will ever show it or mend it. Safe only where no peer "
    "of\n"
    "the cluster, and no backup of one, holds what you edited, as in a cluster that is new. To\n"
    "leave out whole lines is harmless.\n"
    "\n";

struct Outcome {
  ImportReport report;
  nlohmann::json wait;  // What a running peer said of the others; null for a stopped one.
};

void print(const Outcome& outcome, const Options& options) {
  const auto& [report, wait] = outcome;
  if (options.json) {
    nlohmann::ordered_json json{{"lines", report.lines}, {"changed", report.changed}};
    if (!wait.is_null()) json["wait"] = wait;
    std::cout << json.dump() << "\n";
    return;
  }
  std::cout << "imported " << plural(report.lines, "line") << "; " << report.changed
            << " of them held something new\n";
  if (!wait.is_null()) print_wait(wait, options.wait);
}

crdt::Result<Outcome> import_into_peer(const Options& options, const std::string& data_dir,
                                       const std::string& query, const OnProgress& on_progress) {
  AdminOptions admin;
  admin.data = data_dir;
  auto client = AdminClient::open(admin, kAnswerWithin);
  if (!client) return client.error();
  Outcome outcome;
  nlohmann::json lines = nlohmann::json::array();
  std::size_t bytes = 0;
  const auto send = [&](const std::string& query) -> crdt::Result<void> {
    auto answer = client->ask("POST", "/import" + query, {{"lines", std::move(lines)}});
    if (!answer) return answer.error();
    lines = nlohmann::json::array();
    bytes = 0;
    outcome.report.lines += answer->at("lines").get<std::uint64_t>();
    outcome.report.changed += answer->at("changed").get<std::uint64_t>();
    outcome.wait = std::move(answer->at("wait"));
    on_progress({outcome.report.lines, outcome.report.lines + 1, 0});
    return {};
  };
  // Nothing yet, and at once: whether there are as many peers as are to have it.
  WaitOptions none = options.wait;
  none.timeout = "0s";
  if (const auto sound = send(*wait_query(none)); !sound) return sound.error();
  const auto sent = scan_export(options.file, [&](std::uint64_t, const std::string& text) {
    lines.push_back(nlohmann::json::parse(text));
    bytes += text.size();
    return bytes < kRequestBytes ? crdt::Result<void>() : send("");
  });
  if (!sent) return sent.error();
  // The last one waits for all of them: whoever has its row has those before it.
  const auto last = send(query);
  if (!last) return last.error();
  return outcome;
}

// Whether a peer has it open. A store that cannot be read says why when it is opened for good.
bool is_running(const std::string& data_dir) {
  const auto snapshot = LmdbSnapshot::open(data_dir);
  return snapshot && (*snapshot)->live();
}

// `query` asks a running peer to wait; empty for one that does not run.
crdt::Result<Outcome> import(const Options& options, const StorePlace& place,
                             const std::string& query, std::uint64_t lines) {
  Progress progress("import");
  const auto show = [&](const CopyProgress& done) { progress.show(done.rows, lines, 0); };
  if (!query.empty()) return import_into_peer(options, place.data_dir, query, show);
  const auto report = import_into_store(options.file, place, show);
  if (!report) return report.error();
  return Outcome{*report, {}};
}

int run(const Options& options) {
  const auto place = place_of(options.place);
  if (!place) return say(place.error(), kUnusable);
  const auto query = wait_query(options.wait);
  if (!query) return say(query.error(), kUnusable);
  const auto sound = check_export(options.file, place->cluster,
                                  options.hand_edited ? Edited::kTake : Edited::kRefuse);
  if (!sound) return say(sound.error(), kFailed);
  const bool running = is_running(place->data_dir);
  if (!running && options.wait.for_others()) {
    return say(crdt::Error("the peer does not run, so nobody can tell when others have what is "
                           "imported; start it first, or leave out --wait: then they get it when "
                           "it runs"),
               kUnusable);
  }
  const std::uint64_t lines = sound->counts.documents + sound->counts.records;
  const auto outcome = import(options, *place, running ? *query : "", lines);
  if (!outcome) return say(outcome.error(), kFailed);
  print(*outcome, options);
  return wait_outcome(outcome->wait, options.wait);
}

}  // namespace

void add_import(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("import", "join what an export holds into a peer, while it runs or not");
  add_place_options(*command, options->place);
  command->add_option("file", options->file, "what muster export made")->required();
  add_wait_options(*command, options->wait);
  command->add_flag("--hand-edited", options->hand_edited,
                    "take a file whose sums do not fit; read below what that can break");
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(
      kHelp + std::string(wait_help()) +
      "\nExample:\n  muster import a.jsonl --config /etc/muster/config.json --wait all");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli
