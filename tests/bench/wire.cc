// Wire: what one change of a channel takes between peers, against what it cannot do without
#include <algorithm>

#include "crdt/codec.h"
#include "crdt/compact_delta.h"
#include "gossip/link_cipher.h"
#include "gossip/wire.h"
#include "node/cli/bench_channel.h"
#include "node/replica_records.h"
#include "tests/bench/stopwatch.h"
#include "tests/support/replica_cluster.h"

namespace {

using node::cli::Channel;

constexpr std::uint64_t kTasks = 16;

// Of each part of a frame: its length, its kind and the tag (gossip/secure_channel.h).
constexpr double kSealOctets = 2 + 1 + gossip::kTagBytes;

double octets(const crdt::Bytes& bytes) { return static_cast<double>(bytes.size()); }
double octets(const crdt::Record& record) { return octets(record.key) + octets(record.value); }

double values_of(const crdt::Delta& delta) {
  double size = 0;
  for (const crdt::Leaf& leaf : delta.written) size += octets(leaf.value);
  return size;
}

// What says where and what, spelt out: no encoding can do without it the first time. The handled
// mark's path is the request's id, which the stamp holds.
double where_of(const std::string& key, const crdt::Delta& delta) {
  return octets(key) + octets(delta.written.front().path);
}

// One direction of a link, as a writer sees it.
struct Line {
  crdt::SentNames sent;
  crdt::ToldNames told;

  // Names that it had to define, and the delta with the reference to its key.
  double definitions = 0;
  double carry(const std::string& key, const crdt::Delta& delta) {
    crdt::ByteWriter out;
    sent.begin_message();
    sent.refer(out, key);
    crdt::write_compact(out, delta, sent);
    definitions = octets(told.tell(sent));
    return octets(out.take());
  }
};

// What stands around the delta in its frame, and the seal.
double around(const std::string& key, const crdt::Delta& delta, std::uint64_t seq) {
  crdt::SentNames names;
  crdt::ByteWriter bare;
  names.begin_message();
  names.refer(bare, key);
  crdt::write_compact(bare, delta, names);
  const crdt::Change change{{{key, delta}}, {}};
  return octets(gossip::encode_push(seq, true, change, names)) - octets(bare.take()) + kSealOctets;
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
  const std::string key = slack::document_key(node::cli::channel_command("", 1));
  // Each of the others has written since: three writers' entries travel.
  const auto by_second = [&](const std::string& text) {
    first.learn_from(second);
    third.learn_from(second);
    first.change("6" + text, ++trigger);
    third.change("7" + text, ++trigger);
    second.learn_from(first);
    second.learn_from(third);
    return second.change("5" + text, ++trigger);
  };
  Line line;
  const crdt::Delta early = by_second(" !done");
  const double told_early = line.carry(key, early) + line.definitions;
  bench::row("the first on a link", told_early, "octets", 0, "with the definitions of its names");
  bench::row("of it key, path and values", where_of(key, early) + values_of(early), "octets", 0,
             "cannot be done without");
  bench::row("the first without them", told_early - where_of(key, early) - values_of(early),
             "octets", 0, "three replica ids, the author, the request");
  const crdt::Delta late = by_second(" !red");
  const double told_late = line.carry(key, late);
  CHECK(line.definitions == 0);
  CHECK(late.after.entries().size() == 3);
  bench::row("a later one", told_late, "octets", 0, "all of it, names as references");
  bench::row("a later one without its values", told_late - values_of(late), "octets", 64,
             "Yjs 26, Loro 84, Automerge 129 (without request, author, handled mark)");
  bench::row("frame and seal around it", around(key, late, 1'000'000), "octets", 26,
             "as the millionth row of its log");
  bench::row("as it would be stored", octets(crdt::encode(late)), "octets", 0, "crdt/codec.h");
}

void costs() {
  bench::heading("what a push of it costs");
  Channel writer(1);
  writer.add_tasks(kTasks, 1'000'000);
  const std::string key = slack::document_key(node::cli::channel_command("", 1));
  std::vector<crdt::Change> changes;
  for (std::uint64_t i = 0; i < 1'024; ++i) {
    const std::string text =
        std::to_string(1 + i % kTasks) + (i / kTasks % 2 == 0 ? " !done" : " !red");
    changes.push_back({{{key, writer.change(text, i)}}, {{"t", crdt::Bytes(780, 'x')}}});
  }
  crdt::SentNames names;
  crdt::ToldNames told[2];
  crdt::Bytes encoded;
  const auto push = [&](std::uint64_t i) {
    encoded = gossip::encode_push(i + 1, true, changes[i % changes.size()], names);
    for (crdt::ToldNames& link : told) bench::keep(link.tell(names));
  };
  bench::row("encode it for two links", bench::microseconds_of(push), "us", 0, "CPU time");
  const auto stored = [&](std::uint64_t i) {
    bench::keep(crdt::encode(changes[i % changes.size()].deltas.front().delta));
  };
  bench::row("encode its stored form", bench::microseconds_of(stored), "us", 0, "crdt/codec.h");
  crdt::HeardNames heard;
  crdt::ToldNames anew;
  push(0);
  CHECK(heard.define(anew.tell(names)));
  const auto decode = [&](std::uint64_t) { bench::keep(gossip::decode_frame(encoded, heard)); };
  bench::row("decode it", bench::microseconds_of(decode), "us", 0, "");
  const crdt::Bytes bytes = crdt::encode(changes.front().deltas.front().delta);
  const auto decode_stored = [&](std::uint64_t) { bench::keep(crdt::decode_delta(bytes)); };
  bench::row("decode its stored form", bench::microseconds_of(decode_stored), "us", 0, "");
}

// Octets that `cluster` sent since `from`, an index into effects(), by node.
std::vector<double> sent_since(const tests::ReplicaCluster& cluster, std::size_t from) {
  std::vector<double> sent(cluster.size());
  for (std::size_t i = from; i < cluster.effects().size(); ++i) {
    const auto& [node, effects] = cluster.effects()[i];
    for (const node::LinkSend& send : effects.sends) sent[node] += octets(send.bytes);
  }
  return sent;
}

void on_links() {
  bench::heading("the same among three nodes, sealed, with its two records");
  tests::ReplicaCluster cluster(3, 1);
  CHECK(cluster.settle());
  for (std::uint64_t i = 0; i < kTasks; ++i) cluster.type(i % 3, "add look at the orders table");
  for (int round = 0; round < 2; ++round) {
    const std::string status = round == 0 ? " !yellow" : " !red";
    for (std::uint64_t task = 1; task <= kTasks; ++task) {
      cluster.type(task % 3, std::to_string(task) + status);
    }
  }
  CHECK(cluster.settle());
  const std::size_t before = cluster.effects().size();
  cluster.submit(0, cluster.request(cluster.command("5 !done")));
  cluster.pump();
  const std::vector<double> at_once = sent_since(cluster, before);
  const std::size_t then = cluster.effects().size();
  cluster.pass(std::chrono::milliseconds(500));
  cluster.pump();
  const std::vector<double> later = sent_since(cluster, then);
  bench::row("pushed to each peer", at_once[0] / 2, "octets", 0, "the delta and both records");
  bench::row("acknowledged by each peer", (at_once[1] + at_once[2]) / 2, "octets", 0, "");
  bench::row("offered by source, and answered", (later[0] + later[1] + later[2]) / 3, "octets", 0,
             "a link, 200 ms later; however many changes there were");
}

void records() {
  bench::heading("the records of such a change");
  Channel channel(1);
  channel.add_tasks(kTasks, 1'000'000);
  const slack::SlashCommand command = node::cli::channel_command("5 !done", 99);
  const slack::HandlerResult result = channel.handle(command);
  const crdt::Record timeline = node::timeline_record(slack::document_key(command),
                                                      command.signed_at, command.id, result.entry);
  const crdt::Record request =
      node::request_record(channel.self(), 1, {result.reply, result.detail});
  bench::row("its timeline record", octets(timeline), "octets", 0, "key and value");
  bench::row("its request record", octets(request), "octets", 0,
             "key and value, the answer included");
}

}  // namespace

int main() {
  status_change();
  costs();
  records();
  on_links();
  return 0;
}
