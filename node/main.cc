// muster: the table of contents. Every subcommand is a file in node/cli.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "node/cli/admins.h"
#include "node/cli/backup.h"
#include "node/cli/bench.h"
#include "node/cli/command.h"
#include "node/cli/config.h"
#include "node/cli/demo.h"
#include "node/cli/doctor.h"
#include "node/cli/export.h"
#include "node/cli/forget.h"
#include "node/cli/import.h"
#include "node/cli/init.h"
#include "node/cli/invite.h"
#include "node/cli/join.h"
#include "node/cli/peers.h"
#include "node/cli/restore.h"
#include "node/cli/serve.h"
#include "node/cli/slack.h"
#include "node/cli/status.h"
#include "node/config_reader.h"
#include "node/replica_version.h"

extern "C" {
// jemalloc reads this before main; its name is jemalloc's. One thread needs one arena.
const char* malloc_conf = "narenas:1";
}

namespace {

// Before CLI11 sees the line: it only lists what was left over.
std::optional<std::string> unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  const std::string_view typed = argv[1];
  if (std::find(known.begin(), known.end(), typed) != known.end()) return std::nullopt;
  const std::string nearest = node::nearest_of(typed, known);
  return "there is no command \"" + std::string(typed) + "\"" +
         (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?") +
         " (muster --help lists them all)";
}

int run(int argc, char** argv) {
  CLI::App app("Muster: a leaderless cluster that runs a Slack app.");
  app.require_subcommand(1);
  app.set_version_flag("--version", "muster " + std::string(node::kVersion));
  app.footer(
      "Each command's --help shows an example. Exit codes: 0 done, 1 it was tried and failed, 2 "
      "it\n"
      "cannot be tried (usage, configuration, store), 3 done, but on fewer peers than --wait asks\n"
      "for.\n"
      "\nTry it:\n  muster demo");
  node::cli::Action action;
  node::cli::add_admins(app, action);
  node::cli::add_bench(app, action);
  node::cli::add_config(app, action);
  node::cli::add_demo(app, action);
  node::cli::add_doctor(app, action);
  node::cli::add_forget(app, action);
  node::cli::add_init(app, action);
  node::cli::add_invite(app, action);
  node::cli::add_join(app, action);
  node::cli::add_peers(app, action);
  node::cli::add_serve(app, action);
  node::cli::add_status(app, action);
  node::cli::add_slack(app, action);
  node::cli::add_backup(app, action);
  node::cli::add_restore(app, action);
  node::cli::add_export(app, action);
  node::cli::add_import(app, action);
  if (const auto unknown = unknown_command(app, argc, argv)) {
    std::cerr << "muster: " << *unknown << "\n";
    return node::cli::kUnusable;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version end here too, with 0.
    return app.exit(error) == 0 ? node::cli::kDone : node::cli::kUnusable;
  }
  return action ? action() : node::cli::kUnusable;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (sodium_init() < 0) {
      std::cerr << "muster: libsodium cannot be used on this machine\n";
      return node::cli::kFailed;
    }
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "muster: " << error.what() << "\n";
    return node::cli::kFailed;
  }
}
