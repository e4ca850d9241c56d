#include "node/cli/status.h"

#include <iostream>
#include <memory>
#include <string>

#include "node/cli/admin_client.h"
#include "node/cli/status_table.h"

namespace node::cli {
namespace {

struct StatusOptions {
  AdminOptions admin;
  bool json = false;
};

int fail(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

int status(const StatusOptions& options) {
  auto client = AdminClient::open(options.admin);
  if (!client) return fail(client.error(), kUnusable);
  const auto answer = client->call("GET", "/status");
  if (!answer) return fail(answer.error(), kFailed);
  if (answer->status != 200) return fail(refusal_in(*answer), kFailed);
  if (options.json) {
    std::cout << answer->body << "\n";
    return kDone;
  }
  const auto table = draw_status(answer->body);
  if (!table) return fail(table.error(), kFailed);
  std::cout << table->text;
  return kDone;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "what a peer says of itself and the others");
  add_admin_options(*command, options->admin);
  command->add_flag("--json", options->json, "print the answer as it came");
  command->footer("Example:\n  muster status --config /etc/muster/config.json");
  command->callback([options, &action] {
    require_peer(options->admin);
    action = [options] { return status(*options); };
  });
}

}  // namespace node::cli
