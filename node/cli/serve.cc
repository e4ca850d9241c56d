#include "node/cli/serve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "node/config.h"
#include "node/log.h"
#include "node/server.h"

namespace node::cli {
namespace {

constexpr int kStdout = STDOUT_FILENO;

struct ServeOptions {
  std::string config;
  int ready_fd = kStdout;
  bool accept_restored = false;
};

int unusable(const crdt::Error& error) {
  std::cerr << "muster: " << error.message << "\n";
  return kUnusable;
}

void prepare_process() {
  // A broken pipe and a file-size limit are errors of one write, not the end of the node.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // Connections are bounded by the configuration, not by the shell's habit of 1024 descriptors.
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

// Whoever started the node waits for this line: from here on all listeners answer.
void say_ready(const ServeOptions& options, const std::string& addresses) {
  const std::string line = "ready " + addresses + "\n";
  if (options.ready_fd == kStdout) {
    std::cout << line << std::flush;
    return;
  }
  if (::write(options.ready_fd, line.data(), line.size()) < 0) {
    // Nobody waits any more; the node serves all the same.
  }
  ::close(options.ready_fd);
}

int serve(const ServeOptions& options) {
  if (options.ready_fd != kStdout && ::fcntl(options.ready_fd, F_GETFD) < 0) {
    return unusable(
        crdt::Error("--ready-fd names no open descriptor; leave it out, or open it as "
                    "in: muster serve ... --ready-fd 3 3>FILE"));
  }
  prepare_process();
  auto config = load_config(options.config);
  if (!config) return unusable(config.error());
  config->accept_restored = options.accept_restored;
  const auto log = Log::open(config->log);
  if (!log) return unusable(log.error());
  for (const std::string& warning : config->warnings) (*log)->write(Level::kWarning, warning);
  const auto server = Server::open(*config, **log);
  if (!server) {
    if (!config->log.file.empty()) (*log)->write(Level::kError, server.error().message);
    return unusable(server.error());
  }
  const std::string addresses = "slack=" + (*server)->slack_address() +
                                " admin=" + (*server)->admin_address() +
                                " peers=" + (*server)->peers_address();
  (*log)->write(Level::kInfo, "ready: " + config->replica.name + " of " +
                                  config->replica.gossip.cluster + ", " + addresses);
  say_ready(options, addresses);
  try {
    (*server)->run();
  } catch (const std::exception& error) {
    (*log)->write(Level::kError, std::string("this peer cannot go on: ") + error.what());
    throw;
  }
  (*log)->write(Level::kInfo, "stopped");
  return kDone;
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "run one peer until SIGTERM or ctrl-C");
  command->add_option("--config", options->config, "its configuration (muster init makes one)")
      ->required();
  command->add_option(
      "--ready-fd", options->ready_fd,
      "write the line that begins with \"ready\" to this descriptor, not to stdout");
  command->add_flag("--accept-restored", options->accept_restored,
                    "serve a restored or copied store at once, although no other peer has brought "
                    "what it may lack; for the last copy there is");
  command->footer(
      "SIGTERM drains first: for drain_ms of the configuration /readyz says 503, so that load\n"
      "balancers look elsewhere, and everything is served. A second one, or ctrl-C, skips that.\n"
      "\nExample:\n  muster serve --config /etc/muster/config.json");
  command->callback([options, &action] { action = [options] { return serve(*options); }; });
}

}  // namespace node::cli
