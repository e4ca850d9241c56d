// muster: the table of contents. Every subcommand is a file in node/cli.
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "node/cli/backup.h"
#include "node/cli/bench.h"
#include "node/cli/command.h"
#include "node/cli/demo.h"
#include "node/cli/export.h"
#include "node/cli/import.h"
#include "node/cli/init.h"
#include "node/cli/restore.h"
#include "node/cli/serve.h"
#include "node/cli/slack.h"
#include "node/cli/status.h"

extern "C" {
// jemalloc reads this before main; its name is jemalloc's. One thread needs one arena.
const char* malloc_conf = "narenas:1";
}

namespace {

constexpr const char* kVersion = "muster 0.1.0";

int run(int argc, char** argv) {
  CLI::App app("Muster: a leaderless cluster that runs a Slack app.");
  app.require_subcommand(1);
  app.set_version_flag("--version", kVersion);
  app.footer("Try it:\n  muster demo");
  node::cli::Action action;
  node::cli::add_bench(app, action);
  node::cli::add_demo(app, action);
  node::cli::add_init(app, action);
  node::cli::add_serve(app, action);
  node::cli::add_status(app, action);
  node::cli::add_slack(app, action);
  node::cli::add_backup(app, action);
  node::cli::add_restore(app, action);
  node::cli::add_export(app, action);
  node::cli::add_import(app, action);
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
