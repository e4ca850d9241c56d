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

crdt::Result<std::string> fetch_status(const StatusOptions& options) {
  auto client = AdminClient::open(options.admin);
  if (!client) return client.error();
  auto answer = client->call("GET", "/status");
  if (!answer) return answer.error();
  if (answer->status != 200) return refusal_in(*answer);
  return {boost::system::in_place_value, std::move(answer->body)};
}

int fail(const crdt::Error& error) {
  std::cerr << "muster: " << error.message << "\n";
  return kFailed;
}

int status(const StatusOptions& options) {
  const auto answer = fetch_status(options);
  if (!answer) return fail(answer.error());
  if (options.json) {
    std::cout << *answer << "\n";
    return kDone;
  }
  const auto table = draw_status(*answer);
  if (!table) return fail(table.error());
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
