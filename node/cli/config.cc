#include "node/cli/config.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "node/cli/admin_client.h"
#include "node/cli/wait_options.h"
#include "node/log.h"
#include "slack/form.h"

namespace node::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kAnswerWithin{90};  // Above the longest that can be waited for.

struct ConfigOptions {
  AdminOptions admin;
  WaitOptions wait;
  std::string key;
  std::string value;
  std::optional<std::string> if_version;
  bool json = false;
};

std::string target_of(const std::string& key) {
  return "/config/" + slack::form_encode("", key).substr(1);
}

// What is no JSON is a string, so that people need no quotes inside quotes.
json value_of(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

std::string text_of(const json& value) {
  return value.is_string() ? escape_control(value.get<std::string>()) : value.dump();
}

int failed(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

int show(const ConfigOptions& options, const crdt::Result<json>& answer) {
  if (!answer) return failed(answer.error(), kFailed);
  const json wait = answer->value("wait", json());
  if (options.json) {
    std::cout << answer->dump() << "\n";
    return wait_outcome(wait, options.wait);
  }
  std::cout << text_of((*answer)["value"]) << "\n";
  std::cerr << "version " << answer->value("version", "") << ", set by "
            << escape_control(answer->value("set_by", "")) << "\n";
  for (const json& rival : answer->value("conflict", json::array())) {
    std::cerr << "in conflict with " << text_of(rival["value"]) << ", set by "
              << escape_control(rival.value("set_by", "")) << "; set it again to settle it\n";
  }
  return wait_outcome(wait, options.wait);
}

int get(const ConfigOptions& options) {
  auto client = AdminClient::open(options.admin);
  if (!client) return failed(client.error(), kUnusable);
  return show(options, client->ask("GET", target_of(options.key)));
}

int set(const ConfigOptions& options) {
  const auto query = wait_query(options.wait);
  if (!query) return failed(query.error(), kUnusable);
  auto client = AdminClient::open(options.admin, kAnswerWithin);
  if (!client) return failed(client.error(), kUnusable);
  json body = {{"value", value_of(options.value)}};
  if (options.if_version) body["if_version"] = *options.if_version;
  return show(options, client->ask("PUT", target_of(options.key) + *query, body));
}

CLI::App* add_one(CLI::App& config, const char* name, const char* what,
                  const std::shared_ptr<ConfigOptions>& options, Action& action,
                  int (*run)(const ConfigOptions&)) {
  CLI::App* command = config.add_subcommand(name, what);
  add_admin_options(*command, options->admin);
  command->add_option("key", options->key, "such as incident/severities")->required();
  command->add_flag("--json", options->json, "print the answer as it came");
  command->callback([options, &action, run] {
    require_peer(options->admin);
    action = [options, run] { return run(*options); };
  });
  return command;
}

}  // namespace

void add_config(CLI::App& app, Action& action) {
  CLI::App* config = app.add_subcommand("config", "keys that all peers share");
  config->require_subcommand(1);
  config->footer(
      "Example:\n  muster config set incident/severities 3 --config /etc/muster/config.json");
  auto getting = std::make_shared<ConfigOptions>();
  add_one(*config, "get", "a key's value; its version goes to standard error", getting, action, get)
      ->footer(
          "Example:\n  muster config get incident/severities --config /etc/muster/config.json");
  auto setting = std::make_shared<ConfigOptions>();
  CLI::App* command = add_one(*config, "set", "set a key, on every peer", setting, action, set);
  command->add_option("value", setting->value, "JSON, or a text")->required();
  command->add_option("--if-version", setting->if_version,
                      "only if the key is at this version here; '' for a key that must be new");
  add_wait_options(*command, setting->wait);
  command->footer(
      "--if-version is judged by what the asked peer holds: on two sides of a split both may set "
      "a\n"
      "key, and then it shows both values until it is set again. --wait all leaves less room for\n"
      "that.\n\n" +
      std::string(wait_help()) +
      "\nExample:\n  muster config set incident/severities 3 --config /etc/muster/config.json \\\n"
      "    --if-version '' --wait all");
}

}  // namespace node::cli
