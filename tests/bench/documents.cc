// Documents: applying a delta, joining two copies of a channel, what a stored channel takes
#include "crdt/codec.h"
#include "crdt/edit.h"
#include "crdt/handled_set.h"
#include "node/cli/bench_channel.h"
#include "slack/incident/purge.h"
#include "slack/incident/tasks.h"
#include "tests/bench/stopwatch.h"

namespace {

using bench::keep;
using bench::microseconds_of;
using node::cli::Channel;

constexpr std::uint64_t kTasks = 24;  // As large as incidents get.

void joins() {
  bench::heading("a channel of 24 tasks");
  Channel writer(1);
  writer.add_tasks(kTasks, 1'000'000);
  const crdt::Document before = writer.document();
  std::vector<crdt::Delta> deltas;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    deltas.push_back(writer.change(
        std::to_string(1 + i % kTasks) + (i / kTasks % 2 == 0 ? " !yellow" : " !red"), i));
  }
  crdt::Document document = before;
  bench::row("join one delta", microseconds_of([&](std::uint64_t i) {
               if (i % deltas.size() == 0) document = before;
               keep(document.apply(deltas[i % deltas.size()]));
             }),
             "us", 5, "a status change; up to 4,096 handled marks");
  bench::row("join one delta, decoded before", microseconds_of([&](std::uint64_t i) {
               const auto delta = crdt::decode_delta(crdt::encode(deltas[i % deltas.size()]));
               if (i % deltas.size() == 0) document = before;
               keep(document.apply(*delta));
             }),
             "us", 0, "encode, decode, apply");
}

void two_copies() {
  Channel left(1);
  left.add_tasks(kTasks, 1'000'000);
  Channel right(2);
  right.learn_from(left);
  // Both sides of a split change every task.
  for (std::uint64_t i = 0; i < kTasks; ++i) {
    left.change(std::to_string(1 + i) + " !yellow", i);
    right.change(std::to_string(1 + i) + " !done", 1'000 + i);
  }
  const double copy =
      microseconds_of([&](std::uint64_t) { keep(crdt::Document(left.document())); });
  const double joined = microseconds_of([&](std::uint64_t) {
    crdt::Document document = left.document();
    keep(document.merge(right.document().fragment(document.context())));
  });
  bench::row("join two copies", joined - copy, "us", 50,
             "fragment and merge; every task changed on both sides; its copy taken off");
  const crdt::Bytes bytes = crdt::encode(right.document().fragment(left.document().context()));
  bench::row("that fragment", static_cast<double>(bytes.size()), "octets", 0, "encoded");
}

crdt::Bytes stored(const crdt::Document& document) {
  return crdt::encode(document.context()) + crdt::encode_leaves(document.leaves());
}

void removed_for_good() {
  bench::heading("1,000 tasks added and removed for good");
  Channel channel(1);
  for (std::uint64_t i = 0; i < 1'000; ++i) channel.change("add look at the orders table", i);
  crdt::Document document = channel.document();
  const auto edit = [&](crdt::Document& of, auto operate) {
    const crdt::WallTime now = node::cli::kChannelNow + std::chrono::hours(2);
    crdt::Edit change(of, channel.self(), {{1, 1}, ""}, {now.time_since_epoch().count()});
    operate(change);
    crdt::expire_all_handled(change, change.time());
    CHECK(of.apply(change.finish()) == crdt::Applied::kApplied);
  };
  edit(document, [](crdt::Edit& change) {
    const crdt::WallTime until = node::cli::kChannelNow + std::chrono::seconds(1);
    CHECK(slack::incident::purge_tasks(change, until) == 1'000);
  });
  crdt::Document live;
  edit(live, [](crdt::Edit& change) { change.write(slack::incident::kNumberPath, "1"); });
  const auto size_of = [](const crdt::Document& of) {
    return static_cast<double>(stored(of).size());
  };
  bench::row("stored, above what lives", size_of(document) - size_of(live), "octets", 64,
             "Yjs 19.6 KB, Loro 10.4 KB, Automerge 99 KB");
}

}  // namespace

int main() {
  std::printf("CPU time of this thread, median of %d rounds\n", bench::kRounds);
  joins();
  two_copies();
  removed_for_good();
  return 0;
}
