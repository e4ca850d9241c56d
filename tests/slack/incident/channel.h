// Channel: one peer's copy of one channel's document, for tests that type commands and exchange
// deltas.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "slack/handler.h"
#include "slack/incident/tasks.h"

namespace tests {

// What somebody typed, and which request it is: equal requests are retries.
struct Typed {
  std::string text;
  std::string user = "U1";
  std::int64_t at = 1'000'000;  // Seconds.
  std::string trigger;          // Empty: made from the rest, so that different words differ.
};

inline slack::SlashCommand request_of(const Typed& typed) {
  slack::SlashCommand command;
  command.team_id = "T1";
  command.channel_id = "C1";
  command.user_id = typed.user;
  command.user_name = "name-of-" + typed.user;
  command.command = "/ir";
  command.text = typed.text;
  command.signed_at = crdt::WallTime(std::chrono::seconds(typed.at));
  const std::string trigger = typed.trigger.empty()
                                  ? typed.text + '/' + typed.user + '/' + std::to_string(typed.at)
                                  : typed.trigger;
  command.id = crdt::request_id_of({"A1", command.team_id, trigger});
  return command;
}

class Channel {
 public:
  explicit Channel(char letter) : Channel(letter, {static_cast<std::uint64_t>(letter)}) {}
  Channel(char letter, crdt::ReplicaId self) : letter_(letter), self_(self) {}

  // Handles the command here and applies what it changes. Keeps the delta for deliver().
  slack::HandlerResult type(const Typed& typed) {
    slack::HandlerContext context;
    context.self = self_;
    context.now = crdt::WallTime(std::chrono::seconds(typed.at));
    context.letter = letter_;
    context.split = split;
    slack::HandlerResult result = slack::handle(request_of(typed), document, context);
    if (result.delta) {
      EXPECT_EQ(document.apply(*result.delta), crdt::Applied::kApplied);
      deltas.push_back(*result.delta);
    }
    return result;
  }

  slack::HandlerResult type(const std::string& text, const std::string& user = "U1",
                            std::int64_t at = 1'000'000) {
    return type(Typed{text, user, at, ""});
  }

  // Learns all that `other` knows.
  void pull(const Channel& other) {
    const auto brought = document.merge(other.document.fragment(document.context()));
    EXPECT_TRUE(brought.has_value());
  }

  // One line per task, as people see them: "7a red disk full [U1 @ann]".
  [[nodiscard]] std::vector<std::string> board() const {
    std::vector<std::string> lines;
    const slack::incident::TaskList list = slack::incident::read_tasks(document);
    for (const slack::incident::Task& task : list.tasks) {
      std::string line = task.label() + ' ';
      line += task.status_name(slack::incident::StatusSet::standard());
      line.append(" ").append(task.text.value()).append(" [");
      std::string people;
      for (const slack::incident::Assignee& person : task.people) {
        if (person.assigned()) people.append(people.empty() ? "" : " ").append(person.user);
      }
      line += people + ']';
      if (task.in_conflict()) line += " contested";
      lines.push_back(line);
    }
    return lines;
  }

  crdt::Document document;
  std::vector<crdt::Delta> deltas;
  bool split = false;

 private:
  char letter_;
  crdt::ReplicaId self_;
};

inline void sync(Channel& a, Channel& b) {
  a.pull(b);
  b.pull(a);
}

}  // namespace tests
