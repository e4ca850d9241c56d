#include "node/cli/demo.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "node/cli/demo_cluster.h"
#include "node/cli/demo_line.h"
#include "node/cli/demo_session.h"
#include "node/cli/line_input.h"

namespace node::cli {
namespace {

constexpr int kInterrupted = 130;  // As a shell reports an end by SIGINT.

struct DemoOptions {
  std::string dir;
  bool keep = false;
};

// The demo's folder; a fresh one goes with the demo unless it is to be kept.
class DemoFolder {
 public:
  static crdt::Result<DemoFolder> choose(const DemoOptions& options) {
    if (!options.dir.empty()) return DemoFolder(options.dir, false);
    std::error_code error;
    const auto base = std::filesystem::temp_directory_path(error);
    if (error) return crdt::Error("there is no folder for temporary files: " + error.message());
    std::string path = (base / "muster-demo-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return crdt::Error("cannot make a folder in " + path);
    return DemoFolder(path, !options.keep);
  }

  DemoFolder(DemoFolder&& other) noexcept
      : path_(std::exchange(other.path_, {})), remove_(std::exchange(other.remove_, false)) {}

  ~DemoFolder() {
    std::error_code ignored;
    if (remove_) std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  bool removed_at_end() const { return remove_; }
  void keep() { remove_ = false; }

 private:
  DemoFolder(std::filesystem::path path, bool remove) : path_(std::move(path)), remove_(remove) {}

  std::filesystem::path path_;
  bool remove_;
};

void introduce(const DemoFolder& folder, DemoCluster& cluster) {
  std::cout << "Three peers, each a process with its own store. Their files are in "
            << folder.path().string()
            << (folder.removed_at_end() ? ", which goes when the demo ends (--keep keeps it)"
                                        : ", which stays")
            << ".\n";
  for (int peer = 1; peer <= cluster.size(); ++peer) {
    std::cout << "  peer " << peer << "  process " << cluster.pid_of(peer)
              << "  slack http://127.0.0.1:" << cluster.slack_port(peer)
              << "  admin http://127.0.0.1:" << cluster.admin_port(peer) << "\n";
  }
  std::cout << "Operators ask a peer from another terminal: muster status --data "
            << (folder.path() / "peer-1" / "store").string() << "\n"
            << std::flush;
}

// One types; a failure is shown and one types on.
int converse(LineInput& input, DemoSession& session, const DemoCluster& cluster) {
  std::cout << "Try 1> /ir add disk full on db-3 @ann !red   then   2> /ir list   or help.\n";
  while (!session.quit()) {
    std::cout << session.prompt() << std::flush;
    const auto text = input.next();
    if (!text) {
      std::cout << "\n";
      break;
    }
    const auto line = parse_demo_line(*text, cluster.size());
    const auto done = line ? session.perform(*line) : crdt::Result<void>(line.error());
    if (!done) std::cout << "   " << done.error().message << "\n";
  }
  return kDone;
}

// A script: the first failure ends it.
int run_script(LineInput& input, DemoSession& session, DemoCluster& cluster) {
  const auto pause = [&input](std::chrono::milliseconds time) { return input.pause(time); };
  for (int number = 1; !session.quit(); ++number) {
    const auto text = input.next();
    if (!text) break;
    std::cout << *text << "\n" << std::flush;
    const auto line = parse_demo_line(*text, cluster.size());
    auto done = line ? crdt::Result<void>() : crdt::Result<void>(line.error());
    const bool idle = line && std::holds_alternative<NothingLine>(*line);
    const bool check = line && std::holds_alternative<ExpectLine>(*line);
    if (done && !idle && !check) done = cluster.settle(pause);
    if (done) done = session.perform(*line);
    if (done) continue;
    if (input.interrupted()) break;
    std::cout << std::flush;
    std::cerr << "line " << number << ": " << *text << "\n  failed: " << done.error().message
              << "\n";
    return kFailed;
  }
  return input.interrupted() ? kInterrupted : kDone;
}

int demo(const DemoOptions& options) {
  LineInput input;  // Before any thread: see there.
  auto folder = DemoFolder::choose(options);
  if (!folder) {
    std::cerr << folder.error().message << "\n";
    return kUnusable;
  }
  const auto cluster = DemoCluster::create({.folder = folder->path()});
  if (!cluster) {
    std::cerr << cluster.error().message << "\n";
    return kUnusable;
  }
  for (int peer = 1; peer <= (*cluster)->size(); ++peer) {
    if (input.interrupted()) return kInterrupted;
    if (auto started = (*cluster)->start(peer); !started) {
      folder->keep();
      std::cerr << started.error().message << "\n  its log is in "
                << (*cluster)->folder_of(peer).string() << "\n";
      return kFailed;
    }
  }
  introduce(*folder, **cluster);
  const bool watched = ::isatty(STDIN_FILENO) == 1;
  DemoSession session(**cluster, std::cout, ::isatty(STDOUT_FILENO) == 1,
                      [&input](std::chrono::milliseconds time) { return input.pause(time); });
  const int code =
      watched ? converse(input, session, **cluster) : run_script(input, session, **cluster);
  (*cluster)->stop_all();
  std::cout << "All peers have stopped." << std::endl;
  return code;
}

}  // namespace

void add_demo(CLI::App& app, Action& action) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* command = app.add_subcommand(
      "demo", "three peers on this machine and a prompt that plays Slack; or a script on stdin");
  command->add_option("--dir", options->dir,
                      "keep everything in this folder; used again, it goes on where it ended");
  command->add_flag("--keep", options->keep, "do not remove the fresh folder at the end");
  command->footer("Examples:\n  muster demo\n  muster demo < tests/cluster/first_demo.txt\n\n" +
                  std::string(demo_help()));
  command->callback([options, &action] { action = [options] { return demo(*options); }; });
}

}  // namespace node::cli
