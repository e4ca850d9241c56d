// Wire: what changes of a channel take between peers, against what they cannot do without
#include <algorithm>

#include "crdt/codec.h"
#include "gossip/wire.h"
#include "tests/bench/channel.h"
#include "tests/bench/stopwatch.h"

namespace {

using bench::Channel;

constexpr std::uint64_t kTasks = 16;

// The octets that say where and what: no encoding can do without them. The handled mark is the
// request's own; its path is its id.
std::size_t payload_of(const std::string& key, const crdt::Delta& delta) {
  std::size_t size = key.size();
  for (const crdt::Leaf& leaf : delta.written) size += leaf.path.size() + leaf.value.size();
  return size;
}

void status_change() {
  bench::heading("one status change of a channel of 16 tasks with 3 writers");
  Channel first(0x1111111111111111);
  Channel second(0x2222222222222222);
  Channel third(0x3333333333333333);
  first.add_tasks(kTasks, 1'000'000);
  second.learn_from(first);
  third.learn_from(first);
  std::uint64_t trigger = 0;
  for (int round = 0; round < 3; ++round) {
    const std::string status = round % 2 == 0 ? " !yellow" : " !red";
    for (std::uint64_t task = 1; task <= kTasks; ++task) {
      Channel& writer = task % 3 == 0 ? first : task % 3 == 1 ? second : third;
      const crdt::Delta delta = writer.change(std::to_string(task) + status, ++trigger);
      for (Channel* other : {&first, &second, &third}) {
        if (other != &writer) other->take(delta);
      }
    }
  }
  const std::string key = slack::document_key(bench::slash_command("", 1));
  slack::HandlerResult result = second.handle("5 !done", 99);
  CHECK(result.delta.has_value());
  const double delta = static_cast<double>(crdt::encode(*result.delta).size());
  const double payload = static_cast<double>(payload_of(key, *result.delta) - key.size());
  bench::row("encoded delta", delta, "octets", 0, "with the handled mark of its request");
  bench::row("of it path and value", payload, "octets", 0, "cannot be done without");
  bench::row("encoded delta without them", delta - payload, "octets", 64,
             "Yjs 26, Loro 84, Automerge 129 (without request, author, handled mark)");

  crdt::Change change;
  change.deltas.push_back({key, std::move(*result.delta)});
  const slack::SlashCommand command = bench::slash_command("5 !done", 99);
  const crdt::Record timeline =
      node::timeline_record(key, command.signed_at, command.id, result.entry);
  const crdt::Record request =
      node::request_record(second.self(), 1, {result.reply, result.detail});
  const auto size = [](const crdt::Record& record) {
    return static_cast<double>(record.key.size() + record.value.size());
  };
  bench::row("its timeline record", size(timeline), "octets", 0, "key and value");
  bench::row("its request record", size(request), "octets", 0,
             "key and value, the answer included");
  change.records = {timeline, request};
  gossip::Push push;
  push.seq = 1'000;
  push.firsthand = true;
  push.change = change;
  bench::row("the push as a frame, unsealed", static_cast<double>(gossip::encode(push).size()),
             "octets", 0, "one for each peer");
}

}  // namespace

int main() {
  status_change();
  return 0;
}
