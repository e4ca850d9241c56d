#include "node/cli/admins.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "gossip/noise_keys.h"
#include "node/admin_token.h"
#include "node/cli/admin_client.h"
#include "node/cli/wait_options.h"
#include "node/entropy.h"
#include "node/log.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kAnswerWithin{90};  // Above the longest that can be waited for.

struct AdminsOptions {
  AdminOptions admin;
  WaitOptions wait;
  std::string name;
  std::string role = "reader";
  std::string file;
  bool json = false;
};

int failed(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

// The answer to a change. Where there is none: the exit code, kUnusable if nothing was sent.
crdt::Result<HttpAnswer> send(const AdminsOptions& options, const char* target, const json& body,
                              int& code) {
  code = kUnusable;
  const auto query = wait_query(options.wait);
  if (!query) return query.error();
  auto client = AdminClient::open(options.admin, kAnswerWithin);
  if (!client) return client.error();
  code = kFailed;
  return client->call("POST", target + *query, body);
}

int unheard(const AdminsOptions& options, const crdt::Error& error) {
  std::string what = error.message + "; whether " + options.name +
                     " was granted a token, \"muster admins list\" says";
  what += options.file.empty() ? ": if so, revoke it" : "; the token is in " + options.file;
  return failed(crdt::Error(what), kFailed);
}

// A token that is lost is revoked; so it is written before it is granted, and stays unless it was
// refused.
int grant(const AdminsOptions& options) {
  crdt::Rng rng(seed_from_system());
  const std::string token = draw_token(rng, options.name);
  if (!options.file.empty()) {
    const auto written = write_new_file(options.file, token + "\n");
    if (!written) return failed(written.error(), kUnusable);
  }
  const json body{{"name", options.name},
                  {"role", options.role},
                  {"hash", crdt::to_hex(gossip::view_of(hash_token(token)))}};
  int code = kFailed;
  const auto sent = send(options, "/admins/grant", body, code);
  if (!sent && code == kFailed) return unheard(options, sent.error());
  auto answer = sent ? body_in(*sent, "the peer") : crdt::Result<json>(sent.error());
  if (!answer) {
    if (!options.file.empty()) static_cast<void>(std::remove(options.file.c_str()));
    return failed(answer.error(), code);
  }
  if (options.json) {
    (*answer)[options.file.empty() ? "token" : "file"] =
        options.file.empty() ? token : options.file;
    std::cout << answer->dump() << "\n";
  } else {
    std::cout << (options.file.empty() ? token : options.file) << "\n";
    std::cerr << options.name << " may " << (options.role == "reader" ? "look" : "do everything")
              << " at every peer that has heard of it, with --token-file; nobody shows this token "
                 "again\n";
  }
  return wait_outcome(answer->at("wait"), options.wait);
}

int revoke(const AdminsOptions& options) {
  int code = kFailed;
  const auto sent = send(options, "/admins/revoke", {{"name", options.name}}, code);
  if (!sent) return failed(sent.error(), code);
  const auto answer = body_in(*sent, "the peer");
  if (!answer) return failed(answer.error(), code);
  if (options.json) {
    std::cout << answer->dump() << "\n";
    return wait_outcome(answer->at("wait"), options.wait);
  }
  const bool again = answer->value("was", "") == "revoked";
  std::cout << options.name << (again ? " was revoked before" : " is revoked, for ever")
            << "; a peer that is away takes the token until it hears of it\n";
  print_wait(answer->at("wait"), options.wait);
  return wait_outcome(answer->at("wait"), options.wait);
}

int list(const AdminsOptions& options) {
  auto client = AdminClient::open(options.admin);
  if (!client) return failed(client.error(), kUnusable);
  const auto answer = client->ask("GET", "/admins");
  if (!answer) return failed(answer.error(), kFailed);
  if (options.json) {
    std::cout << answer->dump() << "\n";
    return kDone;
  }
  const json& admins = answer->at("admins");
  for (const json& row : admins) {
    const auto text = [&](const char* key) { return escape_control(row.value(key, "")); };
    std::cout << text("name") << "  " << text("role") << "  " << text("state") << ", granted by "
              << text("granted_by") << "\n";
  }
  if (admins.empty()) {
    std::cout << "nobody was granted anything; each peer takes the tokens in its data folder\n";
  }
  return kDone;
}

CLI::App* add_one(CLI::App& admins, const char* name, const char* what,
                  const std::shared_ptr<AdminsOptions>& options, Action& action,
                  int (*run)(const AdminsOptions&)) {
  CLI::App* command = admins.add_subcommand(name, what);
  add_admin_options(*command, options->admin);
  command->add_flag("--json", options->json, "what the peer answers, as JSON");
  command->callback([options, &action, run] {
    require_peer(options->admin);
    action = [options, run] { return run(*options); };
  });
  return command;
}

}  // namespace

void add_admins(CLI::App& app, Action& action) {
  CLI::App* admins = app.add_subcommand("admins", "who may look at, or change, every peer");
  admins->require_subcommand(1);
  admins->footer(
      "Two tokens lie beside each peer's store and open that peer: operator.token and\n"
      "reader.token. What is granted here opens every peer, under a name that changes are signed\n"
      "with, until it is revoked.\n\n"
      "Example:\n  muster admins grant alice --role operator --config /etc/muster/config.json");
  auto granting = std::make_shared<AdminsOptions>();
  CLI::App* command =
      add_one(*admins, "grant", "make a token for somebody", granting, action, grant);
  command->add_option("name", granting->name, "who: a name that nobody had before")->required();
  command->add_option("--role", granting->role, "reader (the default) or operator");
  command->add_option("--to", granting->file, "a new file for the token; default: it is printed");
  add_wait_options(*command, granting->wait);
  command->footer(
      std::string(wait_help()) +
      "\nExample:\n  muster admins grant prometheus --to prometheus.token --wait all \\\n"
      "    --config /etc/muster/config.json");
  auto revoking = std::make_shared<AdminsOptions>();
  command =
      add_one(*admins, "revoke", "shut somebody's token out, for ever", revoking, action, revoke);
  command->add_option("name", revoking->name, "who")->required();
  add_wait_options(*command, revoking->wait);
  command->footer(
      "A peer that cannot be reached takes the token until it hears of this: --wait all says who "
      "has\nheard.\n\n" +
      std::string(wait_help()) +
      "\nExample:\n  muster admins revoke alice --wait all --config /etc/muster/config.json");
  auto listing = std::make_shared<AdminsOptions>();
  add_one(*admins, "list", "who was granted what", listing, action, list)
      ->footer("Example:\n  muster admins list --config /etc/muster/config.json");
}

}  // namespace node::cli
