#include "slack/incident/help.h"

#include <array>
#include <span>
#include <utility>

namespace slack::incident {
namespace {

// An example, and what it does.
struct Example {
  std::string_view typed;
  std::string_view effect;
};

struct Topic {
  std::string_view names;  // Separated and surrounded by spaces.
  std::string_view intro;
  std::span<const Example> examples;
};

constexpr std::array kOverview{
    Example{"", "what is left to do"},
    Example{"disk full on db-3 @ann !red", "add a task; `add` in front is optional"},
    Example{"3 !done", "change a task: a status, people, or `: new text`"},
    Example{"take 3", "it is mine now; `drop 3` gives it back"},
    Example{"done 3 4", "finish tasks; also `cancel` and `reopen`"},
    Example{"all", "finished tasks, too; also `finished`, `mine`, `@ann`, `!red`"},
    Example{"help add", "more about one command"}};

constexpr std::array kAdd{
    Example{"add disk full on db-3", "a task for nobody in particular"},
    Example{"+ disk full on db-3 @ann me", "for Ann and me: people come last"},
    Example{"add disk full on db-3 @ann !red", "with a status, at the end as well"},
    Example{"add \"explain !red alerts\"", "in double quotes, words stay text"}};

constexpr std::array kUpdate{
    Example{"3 !yellow", "set a status; its first letters will do"},
    Example{"3 @ann -@bob", "Ann joins, Bob leaves"},
    Example{"3: disk full on db-3 and db-4", "write a new text"},
    Example{"7a !done", "where two tasks share a number, a letter tells them apart"}};

constexpr std::array kList{Example{"list", "unfinished tasks"},
                           Example{"list all", "finished ones as well"},
                           Example{"list finished", "only those"},
                           Example{"list mine", "what I have to do"},
                           Example{"list @ann !red", "what Ann has that is red"},
                           Example{"mine", "the word `list` may be left out"}};

constexpr std::array kDone{Example{"done 3", "finish a task; `close 3` is the same"},
                           Example{"done 3 4 7", "several at once: all of them or none"}};

constexpr std::array kReopen{Example{"reopen 3", "back to work"}};

constexpr std::array kCancel{Example{"cancel 3", "it need not be done"}};

constexpr std::array kTake{Example{"take 3", "assign it to me"},
                           Example{"take 3 4", "several at once: all of them or none"}};

constexpr std::array kDrop{Example{"drop 3", "take me off it"}};

constexpr std::array kUsers{
    Example{"3 @ann @ops", "people and user groups, as Slack completes them"},
    Example{"3 me", "whoever types it"}, Example{"3 -@ann", "take somebody off"}};

constexpr std::array kStatus{Example{"3 !yellow", "set a status"},
                             Example{"3 !y", "its first letters, while only one begins like that"},
                             Example{"list !yellow", "who is where"}};

constexpr std::array kHelp{Example{"help", "all commands"}, Example{"help add", "one of them"}};

const std::array kTopics{
    Topic{"  ", "One channel is one incident, and this is its list of tasks.", kOverview},
    Topic{" add + ", "*Add a task.* It gets a number that it keeps.", kAdd},
    Topic{" update ", "*Change a task* by its number. Several changes fit in one command.",
          kUpdate},
    Topic{" list ls ", "*See tasks.* Only you see the answer.", kList},
    Topic{" done close ", "*Finish tasks.*", kDone},
    Topic{" reopen ", "*Take a finished task up again.*", kReopen},
    Topic{" cancel ", "*Give a task up.* It counts as finished.", kCancel},
    Topic{" take ", "*Assign tasks to yourself.*", kTake},
    Topic{" drop ", "*Take yourself off tasks.*", kDrop},
    Topic{" users ", "*People.* Any number of them can have one task.", kUsers},
    Topic{" status ", "*Statuses.*", kStatus},
    Topic{" help ", "*Help.* `?` and `--help` do the same.", kHelp}};

const Topic& find_topic(std::string_view name) {
  const std::string wanted = ' ' + std::string(name) + ' ';
  for (const Topic& topic : kTopics) {
    if (topic.names.find(wanted) != std::string_view::npos) return topic;
  }
  return kTopics.front();
}

}  // namespace

std::vector<std::string> help_lines(std::string_view topic, const StatusSet& statuses,
                                    const Audience& audience) {
  const Topic& found = find_topic(topic);
  std::vector<std::string> lines{std::string(found.intro)};
  for (const Example& example : found.examples) {
    lines.push_back(code(audience, example.typed) + "  " + std::string(example.effect));
  }
  std::string names = "Statuses:";
  for (const Status& status : statuses.all()) {
    names.append(names.back() == ':' ? " " : ", ").append(status.emoji).append(" !");
    names.append(status.name).append(status.finished ? " (finished)" : "");
  }
  lines.push_back(std::move(names));
  return lines;
}

}  // namespace slack::incident
