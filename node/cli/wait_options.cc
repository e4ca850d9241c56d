#include "node/cli/wait_options.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "gossip/config.h"
#include "node/cli/command.h"
#include "node/log.h"
#include "node/replica_wait.h"
#include "slack/form.h"

namespace node::cli {
namespace {

void print_names(const char* words, const nlohmann::json& names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? " " : ", ") + escape_control(name.get<std::string>());
  }
  if (!text.empty()) std::cout << words << text << "\n";
}

}  // namespace

void add_wait_options(CLI::App& command, WaitOptions& options) {
  command.add_option("--wait", options.wait,
                     "until so many peers have it durably: local, N or all; default local");
  command.add_option("--timeout", options.timeout,
                     "how long --wait waits: 500ms, 2s, 60s at most; default 2s");
}

const char* wait_help() {
  return "Exit code 0: done, and on as many peers as --wait asks for. 1: it failed. 2: it cannot "
         "be\n"
         "tried. 3: done, but fewer have said in time that they have it; it reaches the others "
         "when\n"
         "they can be reached.\n";
}

crdt::Result<std::string> wait_query(const WaitOptions& options) {
  std::string query = slack::form_encode("wait", options.wait) + "&" +
                      slack::form_encode("timeout", options.timeout);
  // What the peer will say of it, before anything is done; how many peers there are only it knows.
  const auto form = slack::Form::parse(query);
  if (!form) return form.error();
  if (const auto judged = parse_write_concern(*form, gossip::Config::kPeersMax + 1); !judged) {
    return crdt::Error("--" + judged.error().message);
  }
  return {boost::system::in_place_value, "?" + query};
}

void print_wait(const nlohmann::json& wait, const WaitOptions& options) {
  if (!options.for_others()) return;  // Nobody asked, so nobody's silence means anything.
  print_names("durable on", wait.at("durable_on"));
  print_names("not known to be durable on", wait.at("not_on"));
}

int wait_outcome(const nlohmann::json& wait, const WaitOptions& options) {
  if (wait.is_null() || wait.at("satisfied").get<bool>()) return kDone;
  std::cerr << "muster: it is done, but within " << options.timeout
            << " not as many peers as --wait " << options.wait
            << " asks for have said that they have it; muster status says who "
            << "is away\n";
  return kTooFew;
}

}  // namespace node::cli
