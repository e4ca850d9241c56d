#include "node/cli/forget.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "node/cli/admin_client.h"
#include "node/cli/plural.h"
#include "node/cli/wait_options.h"

namespace node::cli {
namespace {

constexpr std::chrono::seconds kAnswerWithin{90};  // Above the longest that can be waited for.

struct ForgetOptions {
  AdminOptions admin;
  WaitOptions wait;
  std::string before;
  std::string channel;
  bool yes = false;
  bool json = false;
};

constexpr const char* kHelp =
    "--before: events of the timeline and answers given, in all channels; tasks stay.\n"
    "--channel: the tasks, events and answers of one channel, all that was made until now.\n"
    "\n"
    "What is younger than 25 hours cannot be forgotten with --before. Whoever has taken it "
    "refuses\n"
    "and hides what is forgotten from then on, and removes its rows within a day; the octets lie\n"
    "in the files of the store until others are written there. A peer that is away takes it when\n"
    "it comes, and what it brings of it is forgotten, too; so is what an import or a restored\n"
    "backup brings. Where Slack has sent this peer nothing for ten minutes, --channel ends at the\n"
    "newest that this peer holds. It cannot reach: messages in Slack; what was typed in another\n"
    "channel; and backups and exports that were made before, or on the same day: a cluster that "
    "is\n"
    "restored whole from one, or another cluster that imports one, has it again.\n"
    "\n";

int failed(const crdt::Error& error, int code) {
  std::cerr << "muster: " << error.message << "\n";
  return code;
}

std::optional<int> number_in(std::string_view digits) {
  int number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
  return whole && number > 0 ? std::optional(number) : std::nullopt;
}

// The first second of a day, "2026-01-31", in UTC.
crdt::Result<std::int64_t> first_second_of(const std::string& date) {
  const std::string_view text = date;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const auto year = number_in(text.substr(0, 4));
    const auto month = number_in(text.substr(5, 2));
    const auto day = number_in(text.substr(8));
    if (year && month && day) {
      const std::chrono::year_month_day when{std::chrono::year(*year),
                                             std::chrono::month(static_cast<unsigned>(*month)),
                                             std::chrono::day(static_cast<unsigned>(*day))};
      const auto seconds = std::chrono::sys_seconds(std::chrono::sys_days(when));
      if (when.ok() && *year >= 1970) return seconds.time_since_epoch().count();
    }
  }
  return crdt::Error("\"" + date + "\" is no date; write it as 2026-01-31");
}

// Whether the person at the terminal means it.
crdt::Result<void> confirm(const ForgetOptions& options) {
  if (options.yes) return {};
  const std::string& what = options.channel.empty() ? options.before : options.channel;
  if (::isatty(STDIN_FILENO) != 1) {
    return crdt::Error("nobody is there to be asked; add --yes if " + what +
                       " is to be forgotten for ever");
  }
  std::cerr << (options.channel.empty() ? "All events and answers before " + what
                                        : "All tasks, events and answers of channel " + what)
            << " will be forgotten on every peer, for ever.\nType " << what << " to go on: ";
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == what) return {};
  return crdt::Error("nothing was forgotten");
}

void print(const nlohmann::json& answer, const ForgetOptions& options) {
  const auto tasks = answer.find("tasks");
  if (tasks != answer.end()) {
    std::cout << "forgotten: " << plural(tasks->get<std::uint64_t>(), "task")
              << " and all events and answers of the channel\n";
  } else {
    std::cout << "forgotten: all events and answers before that day\n";
  }
  print_wait(answer.at("wait"), options.wait);
  std::cout << "Whoever has it refuses and hides them, and removes their rows within a day.\n";
}

int forget(const ForgetOptions& options) {
  nlohmann::json body;
  if (options.channel.empty()) {
    const auto before = first_second_of(options.before);
    if (!before) return failed(before.error(), kUnusable);
    body["before"] = *before;
  } else {
    body["channel"] = options.channel;
  }
  const auto query = wait_query(options.wait);
  if (!query) return failed(query.error(), kUnusable);
  auto client = AdminClient::open(options.admin, kAnswerWithin);
  if (!client) return failed(client.error(), kUnusable);
  if (const auto sure = confirm(options); !sure) return failed(sure.error(), kUnusable);
  const auto answer = client->ask("POST", "/forget" + *query, body);
  if (!answer) return failed(answer.error(), kFailed);
  if (options.json) std::cout << answer->dump() << "\n";
  if (!options.json) print(*answer, options);
  return wait_outcome(answer->at("wait"), options.wait);
}

}  // namespace

void add_forget(CLI::App& app, Action& action) {
  auto options = std::make_shared<ForgetOptions>();
  CLI::App* command =
      app.add_subcommand("forget", "forget old events, or a channel, on every peer");
  auto* what = command->add_option_group("what");
  what->add_option("--before", options->before,
                   "events and answers from before this day (UTC), such as 2026-01-31");
  what->add_option("--channel", options->channel,
                   "all of one channel: WORKSPACE/CHANNEL, such as T024BE7LD/C061EG9T2");
  what->require_option(1);
  command->add_flag("--yes", options->yes, "do not ask");
  command->add_flag("--json", options->json, "print what the peer answers");
  add_wait_options(*command, options->wait);
  add_admin_options(*command, options->admin);
  command->footer(std::string(kHelp) + wait_help() +
                  "\nExamples:\n"
                  "  muster forget --before 2026-01-31 --data /var/lib/muster/store\n"
                  "  muster forget --channel T024BE7LD/C061EG9T2 --wait all --data DIR");
  command->callback([options, &action] {
    require_peer(options->admin);
    action = [options] { return forget(*options); };
  });
}

}  // namespace node::cli
