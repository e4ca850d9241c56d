#include "node/cli/status.h"

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "node/cli/status_table.h"
#include "node/config.h"
#include "node/http_client.h"

namespace node::cli {
namespace {

constexpr std::chrono::seconds kAnswerWithin{5};  // A person waits at the terminal.

struct StatusOptions {
  std::string config;
  std::string url;
  bool json = false;
};

crdt::Result<Url> target_of(const StatusOptions& options) {
  if (!options.url.empty()) {
    auto url = parse_url(options.url);
    if (url && url->target == "/") url->target = "/status";
    return url;
  }
  const auto address = admin_address_in(options.config);
  if (!address) return address.error();
  const bool any = address->host == "0.0.0.0" || address->host == "::";
  return Url{any ? "127.0.0.1" : address->host, address->port, "/status"};
}

int status(const StatusOptions& options) {
  const auto url = target_of(options);
  if (!url) {
    std::cerr << "muster: " << url.error().message << "\n";
    return kUnusable;
  }
  const auto answer =
      HttpClient(url->host, url->port, kAnswerWithin).call({"GET", url->target, {}, {}});
  if (!answer) {
    std::cerr << "muster: " << answer.error().message << "; does the node run?\n";
    return kFailed;
  }
  if (answer->status != 200) {
    std::cerr << "muster: the node answered " << answer->status << "; is this its admin address?\n";
    return kFailed;
  }
  if (options.json) {
    std::cout << answer->body << "\n";
    return kDone;
  }
  const auto table = draw_status(answer->body);
  if (!table) {
    std::cerr << "muster: " << table.error().message << "\n";
    return kFailed;
  }
  std::cout << table->text;
  return kDone;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "what a node says of itself and its peers");
  CLI::Option* config =
      command->add_option("--config", options->config, "the node's configuration, on its machine");
  command->add_option("--url", options->url, "its admin address, http://host:port")
      ->excludes(config);
  command->add_flag("--json", options->json, "print the answer as it came");
  command->footer("Example:\n  muster status --config /etc/muster/config.json");
  command->callback([options, &action] {
    if (options->config.empty() && options->url.empty()) {
      throw CLI::RequiredError("--config or --url");
    }
    action = [options] { return status(*options); };
  });
}

}  // namespace node::cli
