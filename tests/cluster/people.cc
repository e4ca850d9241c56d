#include "tests/cluster/people.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "node/cli/blocks_text.h"
#include "node/cli/demo_people.h"
#include "node/cli/slack_request.h"
#include "tests/support/seed.h"

namespace tests {
namespace {

using Kind = TypedCommand::Kind;
using std::chrono::milliseconds;

constexpr milliseconds kThinkMax{40};     // Between two commands of one person.
constexpr std::size_t kRecentTasks = 24;  // What people still work on.

// No name is the beginning of another.
std::string numbered(const char* before, int number) {
  char name[32];
  std::snprintf(name, sizeof name, "%s%06d", before, number);
  return name;
}

std::string room_of(int job) { return numbered("room-", (job - 1) / People::kTasksPerRoom); }

node::HttpCall call_of(const TypedCommand& command, const std::string& trigger,
                       const std::string& secret) {
  node::cli::SlashCommand slash;
  slash.user_id = command.user;
  slash.user_name = "somebody";
  slash.channel_id = node::cli::channel_id_of(command.room);
  slash.channel_name = command.room;
  slash.text = command.text;
  slash.trigger_id = trigger;
  return node::cli::signed_call(slash, secret);
}

std::string text_of(const node::HttpAnswer& answer) {
  return node::cli::draw_body(answer.body, {false, {}});
}

}  // namespace

crdt::Result<std::string> list_of(std::uint16_t port, const std::string& secret,
                                  const std::string& room) {
  const TypedCommand list{.room = room, .user = "UREADER", .text = "list all"};
  node::HttpClient client("127.0.0.1", port, People::kAnswerWithin);
  const auto answer = client.call(call_of(list, node::cli::fresh_trigger_id(), secret));
  if (!answer) return answer.error();
  if (answer->status != 200) return crdt::Error("a " + std::to_string(answer->status));
  return {boost::system::in_place_value, text_of(*answer)};
}

People::People(Doors doors, History& history, std::uint64_t seed)
    : doors_(std::move(doors)), history_(history) {
  crdt::Rng rng(seed_of(seed));
  for (int person = 0; person < kPeople; ++person) {
    threads_.emplace_back([this, own = rng.next()] { work(own); });
  }
}

void People::finish() {
  done_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void People::go_on_for(int commands) const {
  const int wanted = said_ + commands;
  for (int now = said_; now < wanted; now = said_) said_.wait(now);
}

std::vector<std::string> People::rooms() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> rooms;
  for (int job = 1; job <= jobs_; job += kTasksPerRoom) rooms.push_back(room_of(job));
  return rooms;
}

void People::work(std::uint64_t seed) {
  crdt::Rng rng(seed_of(seed));
  while (!done_) {
    say(rng, draw_command(rng));
    ++said_;
    said_.notify_all();
    std::this_thread::sleep_for(
        milliseconds(rng.below(static_cast<std::uint64_t>(kThinkMax.count()))));
  }
}

TypedCommand People::draw_command(crdt::Rng& rng) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t dice = rng.below(100);
  if (tasks_.empty() || dice < 20) return draw_add();
  const std::size_t recent = std::min(kRecentTasks, tasks_.size());
  Task& task = tasks_[tasks_.size() - 1 - rng.below(recent)];
  TypedCommand command{.room = task.room, .user = numbered("UANN", ++marks_)};
  if (dice < 45) {
    command.text = "list all";
    return command;
  }
  command.job = task.job;
  int& changes = dice < 75 ? task.rewordings : task.assigns;
  if (++changes > kChangesPerTask) return draw_add();
  if (dice < 75) {
    command.kind = Kind::kReword;
    command.mark = numbered("v", marks_);
    command.text = task.label + ": " + task.job + " " + command.mark;
  } else {
    command.kind = Kind::kAssign;
    command.mark = numbered("UBOB", marks_);
    command.text = task.label + " <@" + command.mark + ">";
  }
  return command;
}

// REQUIRES the mutex.
TypedCommand People::draw_add() {
  TypedCommand command{.kind = Kind::kAdd, .user = numbered("UANN", ++marks_)};
  ++jobs_;
  command.room = room_of(jobs_);
  command.job = command.mark = numbered("job-", jobs_);
  command.text = "add " + command.job;
  return command;
}

void People::say(crdt::Rng& rng, TypedCommand command) {
  const auto doors = static_cast<std::uint64_t>(doors_.count);
  const bool doubled = rng.below(100) < 5;  // Slack, or a proxy, delivers it twice.
  const bool resigned = rng.below(2) == 0;
  const Kind kind = command.kind;
  // A peer that cannot answer a list has nothing to answer for; a balancer always has.
  const int tries = kind == Kind::kList && doors > 1 ? 1 : kTriesMax;
  const std::string trigger = node::cli::fresh_trigger_id();
  node::HttpCall call = call_of(command, trigger, doors_.signing_secret);
  std::uint64_t door = rng.below(doors);
  const History::Handle handle = history_.typed(command);
  bool acknowledged = false;
  for (int i = 0; i < tries && !acknowledged; ++i) {
    if (i > 0 && doors > 1) door = (door + 1 + rng.below(doors - 1)) % doors;
    if (i > 0 && resigned) call = call_of(command, trigger, doors_.signing_secret);
    acknowledged = try_once(handle, 1 + static_cast<int>(door), call);
  }
  if (acknowledged && doubled && kind != Kind::kList) {
    try_once(handle, 1 + static_cast<int>(rng.below(doors)), call);
  }
  if (acknowledged && kind == Kind::kAdd) remember(history_.command(handle));
}

bool People::try_once(History::Handle handle, int door, const node::HttpCall& call) {
  node::HttpClient client("127.0.0.1", doors_.port(door), kAnswerWithin);
  const std::size_t attempt = history_.sent(handle, door);
  const auto answer = client.call(call);
  if (!answer) return history_.heard(handle, attempt, std::nullopt, answer.error().message);
  history_.met(handle, attempt, doors_.peer(door, *answer));
  const std::string text = text_of(*answer);
  if (answer->status != 200) {
    return history_.heard(handle, attempt, std::nullopt,
                          std::to_string(answer->status) + " " + text);
  }
  return history_.heard(handle, attempt, text, {});
}

void People::remember(const TypedCommand& added) {
  if (added.attempts.size() != 1) return;  // Two peers may have given it two numbers.
  const Attempt& attempt = added.attempts.front();
  std::string label;
  for (const ShownTask& task : tasks_in(attempt.answer)) {
    if (task.shows(added.job)) label = task.label;
  }
  if (label.empty()) return;
  const char letter = static_cast<char>('a' + attempt.peer - 1);
  if (label.back() != letter) label += letter;
  const std::lock_guard lock(mutex_);
  tasks_.push_back({.room = added.room, .job = added.job, .label = label});
}

}  // namespace tests
