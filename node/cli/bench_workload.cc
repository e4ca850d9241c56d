#include "node/cli/bench_workload.h"

#include <utility>

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace node::cli {
namespace {

constexpr std::uint64_t kFillTriggers = std::uint64_t{1} << 48;  // Above every index of a run.
constexpr std::uint64_t kPerson = 7;  // Whoever is assigned; not among the authors.

// Slack's ids: a letter and eight to ten upper-case characters.
std::string slack_id(char kind, std::uint64_t number) {
  std::string digits = std::to_string(number);
  return kind + std::string(9 - std::min<std::size_t>(digits.size(), 9), '0') + digits;
}

// Between 60 and 80 characters, as people write tasks, some of which Slack escapes.
std::string task_text(std::uint64_t number) {
  return "replica lag on db-" + std::to_string(number) +
         " is above 30 s &amp; grows, look at the \"orders\" table";
}

}  // namespace

Workload::Workload(Options options) : options_(std::move(options)) {
  CHECK(options_.channels > 0);
  CHECK(options_.kind == Kind::kAdds || options_.tasks >= kTasksMin);
}

SlashCommand Workload::in_channel(std::uint64_t channel, std::uint64_t trigger) const {
  SlashCommand command;
  command.command = options_.command;
  command.channel_id = slack_id('C', 1'000'000 + channel);
  command.user_id = slack_id('U', 2'000'000 + channel % 500);
  command.user_name = "user" + std::to_string(channel % 500);
  command.trigger_id = "1763680000000.738474920." + crdt::to_hex(crdt::big_endian(trigger)) +
                       crdt::to_hex(crdt::big_endian(trigger * 0x9e3779b97f4a7c15U));
  return command;
}

SlashCommand Workload::fill(std::uint64_t index) const {
  SlashCommand command = in_channel(index % options_.channels, kFillTriggers + index);
  command.text = "add " + task_text(index);
  return command;
}

SlashCommand Workload::command(std::uint64_t index) const {
  const std::uint64_t channel = index % options_.channels;
  const std::uint64_t round = index / options_.channels;
  if (options_.kind == Kind::kAdds) {
    SlashCommand command = in_channel(channel, index);
    command.text = "add " + task_text(index);
    return command;
  }
  // Each block of T + 1 rounds visits every task of the channel once and adds one elsewhere; the
  // channels are shifted against one another, so that every moment sees the same mix.
  const std::uint64_t block = round / (options_.tasks + 1);
  const std::uint64_t slot = (round + channel) % (options_.tasks + 1);
  if (slot < options_.tasks) {
    SlashCommand command = in_channel(channel, index);
    command.text = update(slot + 1, block);
    return command;
  }
  const std::uint64_t generation = 1 + block / options_.tasks;
  SlashCommand command = in_channel(generation * options_.channels + channel, index);
  command.text = "add " + task_text(index);
  return command;
}

std::string Workload::update(std::uint64_t task, std::uint64_t visit) const {
  const std::string number = std::to_string(task);
  if (task == options_.tasks) return number + ": " + task_text(visit);
  if (task + 1 == options_.tasks) {
    return number + (visit % 2 == 0 ? " <@" : " -<@") + slack_id('U', kPerson) + "|sam>";
  }
  return number + (visit % 2 == 0 ? " !red" : " !yellow");
}

}  // namespace node::cli
