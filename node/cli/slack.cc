#include "node/cli/slack.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "node/cli/blocks_text.h"
#include "node/cli/slack_request.h"
#include "node/text_file.h"

namespace node::cli {
namespace {

struct SlackOptions {
  std::string url;
  std::string secret_file;
  std::vector<std::string> words;  // One, where it was quoted as it should be.
  SlashCommand command;
  bool json = false;
};

constexpr std::chrono::seconds kAnswerWithin{3};  // Slack waits no longer.

// As Slack's ids look. A name is not taken for one: the peer would open a channel of its own.
bool is_id(const std::string& text) {
  return text.size() >= 2 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

crdt::Result<void> check_ids(const SlashCommand& command) {
  const auto refusal = [](const std::string& option, const std::string& text, const char* hint) {
    return crdt::Error(option + " takes an id in capitals and digits, and \"" + text +
                       "\" is none; " + hint);
  };
  if (!is_id(command.channel_id)) {
    return refusal("--channel", command.channel_id,
                   "Slack shows it at the end of the channel's details: C012AB3CD");
  }
  if (!is_id(command.user_id)) {
    return refusal("--user", command.user_id,
                   "Slack shows it under \"Copy member ID\" of a profile: U012AB3CD");
  }
  if (!is_id(command.team_id)) {
    return refusal("--team", command.team_id,
                   "it is the part of a Slack address in the browser that begins with T");
  }
  return {};
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// "/ir add x" into the command and its text.
crdt::Result<void> split(const std::string& line, SlashCommand& command) {
  if (!line.starts_with('/') || line.size() < 2) {
    return crdt::Error("a Slack command starts with a slash, as in '/ir list'");
  }
  const std::size_t space = line.find(' ');
  command.command = line.substr(0, space);
  const std::size_t text = line.find_first_not_of(' ', space);
  if (space != std::string::npos && text != std::string::npos) command.text = line.substr(text);
  return {};
}

// Editors leave one, and it is no part of the secret.
std::string_view without_end_of_line(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

struct Prepared {
  Url url;
  HttpCall call;
};

crdt::Result<Prepared> prepare(SlackOptions& options) {
  auto url = parse_url(options.url);
  if (!url) return url.error();
  const auto secret = read_text_file(options.secret_file);
  if (!secret) return secret.error();
  if (auto good = check_ids(options.command); !good) return good.error();
  if (auto done = split(joined(options.words), options.command); !done) return done.error();
  if (options.command.user_name.empty()) options.command.user_name = options.command.user_id;
  if (options.command.trigger_id.empty()) options.command.trigger_id = fresh_trigger_id();
  HttpCall call = signed_call(options.command, without_end_of_line(secret->text));
  if (url->target != "/") call.target = url->target;
  return Prepared{std::move(*url), std::move(call)};
}

int fail(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

std::string hint(const HttpAnswer& answer) {
  if (answer.status != 401) return "";
  // Only admin addresses answer with JSON then.
  if (answer.body.starts_with('{')) return ": that is its admin address; --url takes slack.listen";
  return ": check the secret file and this machine's clock";
}

int slack(SlackOptions& options) {
  const auto prepared = prepare(options);
  if (!prepared) return fail(prepared.error(), kUnusable);
  const Url& url = prepared->url;
  const auto answer = HttpClient(url.host, url.port, kAnswerWithin).call(prepared->call);
  if (!answer) return fail(crdt::Error(answer.error().message + "; does the peer run?"), kFailed);
  if (options.json) {
    std::cout << answer->body << "\n";
  } else {
    std::cout << draw_body(answer->body, {::isatty(STDOUT_FILENO) == 1, {}}) << "\n";
  }
  if (answer->status == 200) return kDone;
  return fail(crdt::Error("the peer answered " + std::to_string(answer->status) + hint(*answer)),
              kFailed);
}

}  // namespace

void add_slack(CLI::App& app, Action& action) {
  auto options = std::make_shared<SlackOptions>();
  SlashCommand& slash = options->command;
  slash.user_name.clear();
  CLI::App* command =
      app.add_subcommand("slack", "send one slash command to a peer, signed as Slack would");
  command->add_option("--url", options->url, "the peer's Slack address, http://host:port")
      ->required();
  command->add_option("--secret-file", options->secret_file, "file with Slack's signing secret")
      ->required();
  command->add_option("--user", slash.user_id, "user id, such as U012AB3CD")->required();
  command->add_option("--channel", slash.channel_id, "channel id, such as C012AB3CD")->required();
  command->add_option("--user-name", slash.user_name, "default: the user id");
  command->add_option("--channel-name", slash.channel_name, "default: incident");
  command->add_option("--team", slash.team_id,
                      "workspace id; each has its own channels; default: T0MUSTER, the demo's");
  command->add_option("--app", slash.api_app_id, "app id; default: A0MUSTER");
  command->add_option("--trigger", slash.trigger_id, "trigger id; the same again is a retry");
  command->add_flag("--json", options->json, "print the answer as it came");
  command
      ->add_option("command", options->words,
                   "the command as Slack sends it, such as '/ir add disk full <@U012AB3CD>'")
      ->required();
  command->footer(
      "Example:\n  muster slack --url http://127.0.0.1:8080 --secret-file signing-secret \\\n"
      "    --user U012AB3CD --channel C012AB3CD '/ir list'");
  command->callback([options, &action] { action = [options] { return slack(*options); }; });
}

}  // namespace node::cli
