#include "node/cli/import.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "node/cli/admin_client.h"
#include "node/cli/progress.h"
#include "node/cli/store_place.h"
#include "node/export.h"
#include "node/lmdb_snapshot.h"

namespace node::cli {
namespace {

// Several lines a request: each costs the peer a commit.
constexpr std::size_t kRequestBytes = 256 << 10;
constexpr std::chrono::seconds kAnswerWithin{90};  // Above the longest that can be waited for.

struct Options {
  PlaceOptions place;
  std::string file;
  std::string wait = "local";
  std::string timeout = "2s";
  bool json = false;
};

int say(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

struct Outcome {
  ImportReport report;
  nlohmann::json wait;  // What a running peer said of the others; null for a stopped one.
};

void print(const Outcome& outcome, bool as_json) {
  const auto& [report, wait] = outcome;
  if (as_json) {
    nlohmann::ordered_json json{{"lines", report.lines}, {"changed", report.changed}};
    if (!wait.is_null()) json["wait"] = wait;
    std::cout << json.dump() << "\n";
    return;
  }
  std::cout << "imported " << report.lines << " lines; " << report.changed
            << " of them held something new\n";
  if (wait.is_null()) return;
  const auto list = [](const char* words, const nlohmann::json& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? " " : ", ") + name.get<std::string>();
    if (!text.empty()) std::cout << words << text << "\n";
  };
  list("durable on", wait.at("durable_on"));
  list("not known to be durable on", wait.at("not_on"));
}

crdt::Result<Outcome> import_into_peer(const Options& options, const std::string& data_dir,
                                       const OnProgress& on_progress) {
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
  const auto sent = scan_export(options.file, [&](std::uint64_t, const std::string& text) {
    lines.push_back(nlohmann::json::parse(text));
    bytes += text.size();
    return bytes < kRequestBytes ? crdt::Result<void>() : send("");
  });
  if (!sent) return sent.error();
  // The last one waits for all of them: whoever has its row has those before it.
  const auto last = send("?wait=" + options.wait + "&timeout=" + options.timeout);
  if (!last) return last.error();
  return outcome;
}

// Whether a peer has it open. A store that cannot be read says why when it is opened for good.
bool is_running(const std::string& data_dir) {
  const auto snapshot = LmdbSnapshot::open(data_dir);
  return snapshot && (*snapshot)->live();
}

crdt::Result<Outcome> import(const Options& options, const std::string& data_dir,
                             std::uint64_t lines) {
  Progress progress("import");
  const auto show = [&](const CopyProgress& done) { progress.show(done.rows, lines, 0); };
  if (is_running(data_dir)) return import_into_peer(options, data_dir, show);
  const auto report = import_into_store(options.file, data_dir, show);
  if (!report) return report.error();
  return Outcome{*report, {}};
}

int run(const Options& options) {
  const auto place = place_of(options.place);
  if (!place) return say(place.error(), kUnusable);
  const auto sound = check_export(options.file, place->cluster);
  if (!sound) return say(sound.error(), kFailed);
  const std::uint64_t lines = sound->counts.documents + sound->counts.records;
  const auto outcome = import(options, place->data_dir, lines);
  if (!outcome) return say(outcome.error(), kFailed);
  print(*outcome, options.json);
  return kDone;
}

}  // namespace

void add_import(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("import", "join what an export holds into a peer, while it runs or not");
  add_place_options(*command, options->place);
  command->add_option("file", options->file, "what muster export made")->required();
  command->add_option("--wait", options->wait,
                      "of a running peer: answer when this many have it durably: local, N or all; "
                      "default local");
  command->add_option("--timeout", options->timeout, "how long it waits: 500ms, 2s; default 2s");
  command->add_flag("--json", options->json, "print what was done as JSON");
  command->footer(
      "The whole file is checked first; a bad line is named by its number, and nothing is taken.\n"
      "An import is a join: what is newer here stays, and importing again changes nothing.\n"
      "\nExample:\n  muster import a.jsonl --config /etc/muster/config.json");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace node::cli
