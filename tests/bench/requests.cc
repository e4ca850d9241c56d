// CPU time of each step of one slash command in process; the whole server: muster bench requests
#include <sodium.h>

#include <map>
#include <memory>
#include <vector>

#include "crdt/codec.h"
#include "crdt/handled_set.h"
#include "gossip/noise_keys.h"
#include "node/cli/bench_channel.h"
#include "node/cli/bench_signed.h"
#include "node/clock.h"
#include "node/entropy.h"
#include "node/http_head.h"
#include "node/http_parser.h"
#include "node/replica.h"
#include "slack/request.h"
#include "tests/bench/stopwatch.h"

namespace {

using bench::keep;
using bench::microseconds_of;

constexpr const char* kSecret = "secret";
constexpr std::uint64_t kTasks = 16;
constexpr std::uint64_t kAhead =
    4096;  // Requests prepared for a step; it begins again behind them.

// A store whose writes cost nothing: what remains is the node's own work. Nothing is ever there.
class NoStore final : public crdt::Transaction {
 public:
  std::optional<crdt::BytesView> get(crdt::BytesView) override { return std::nullopt; }
  void put(crdt::BytesView key, crdt::BytesView value) override {
    rows_ += 1;
    bytes_ += key.size() + value.size();
  }
  void erase(crdt::BytesView) override { rows_ += 1; }
  void scan(crdt::BytesView, crdt::BytesView,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>&) override {}
  std::optional<crdt::Bytes> last_key(crdt::BytesView, crdt::BytesView) override {
    return std::nullopt;
  }

  std::uint64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

std::string status_of(std::uint64_t i) {
  return std::to_string(1 + i % kTasks) + (i / kTasks % 2 == 0 ? " !yellow" : " !assigned");
}

struct Prepared {
  std::vector<std::string> wire;        // HTTP as it comes.
  std::vector<node::HttpRequest> http;  // Taken out of it.
};

Prepared prepare(const node::cli::Workload& workload, std::uint64_t from, std::uint64_t count) {
  Prepared prepared;
  const auto requests = node::cli::SignedRequests::sign(
      {"127.0.0.1:8080", std::string(slack::kCommandsPath), kSecret}, workload,
      {from, count, 20'000});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    prepared.wire.push_back(requests.whole(i));
    node::HttpParser parser(1 << 20);
    std::size_t taken = 0;
    CHECK(parser.put(prepared.wire.back(), taken) == node::HttpParser::State::kDone);
    prepared.http.push_back(parser.take());
    prepared.http.back().exchange = node::ExchangeId{i + 1};
  }
  return prepared;
}

slack::HttpRequest view_of(const node::HttpRequest& http) {
  return {http.method,
          http.target,
          http.content_type,
          slack::header_of(http.timestamps),
          slack::header_of(http.signatures),
          http.body};
}

void front(const Prepared& prepared) {
  bench::heading("a request of ~800 octets comes in");
  node::HttpParser parser(1 << 20);
  bench::row("parse HTTP", microseconds_of([&](std::uint64_t i) {
               std::size_t taken = 0;
               keep(parser.put(prepared.wire[i % kAhead], taken));
               keep(parser.take());
               parser.reset();
             }),
             "us", 0, "Beast's parser, fed by hand");
  slack::Verifier verifier(kSecret);
  const crdt::WallTime now = node::read_clock().wall;
  bench::row("verify the signature", microseconds_of([&](std::uint64_t i) {
               const node::HttpRequest& http = prepared.http[i % kAhead];
               keep(verifier.check(slack::header_of(http.timestamps),
                                   slack::header_of(http.signatures), http.body, now));
             }),
             "us", 0, "HMAC-SHA256, keyed once");
  bench::row("verify, form, fields, request id", microseconds_of([&](std::uint64_t i) {
               keep(slack::parse_request(view_of(prepared.http[i % kAhead]), verifier, now));
             }),
             "us", 0, "slack::parse_request");
}

void decide_and_answer() {
  bench::heading("one status change of a channel of 16 tasks");
  node::cli::Channel channel(7);
  channel.add_tasks(kTasks, 1'000'000);
  std::vector<slack::SlashCommand> commands;
  for (std::uint64_t i = 0; i < kAhead; ++i) {
    commands.push_back(node::cli::channel_command(status_of(i), i));
  }
  bench::row("decide, render, records' bytes",
             microseconds_of([&](std::uint64_t i) { keep(channel.handle(commands[i % kAhead])); }),
             "us", 6, "slack::handle; nothing is applied");
  constexpr std::uint64_t kChannels = 200;
  constexpr std::uint64_t kMarks = 300;  // Of the last hour, in each channel.
  std::vector<node::cli::Channel> channels;
  for (std::uint64_t c = 0; c < kChannels; ++c) {
    node::cli::Channel& one = channels.emplace_back(7);
    one.add_tasks(kTasks, 1'000'000);
    for (std::uint64_t i = 0; i < kMarks; ++i) one.change(status_of(i), 2'000'000 + i);
  }
  std::vector<slack::SlashCommand> changes;  // None of them to what a channel has already.
  for (std::uint64_t i = 0; i < kAhead; ++i) {
    const std::string task = std::to_string(1 + i * 7 % kTasks);
    changes.push_back(node::cli::channel_command(task + " !green", i));
  }
  bench::row("the same, 200 channels in turn", microseconds_of([&](std::uint64_t i) {
               keep(channels[i % kChannels].handle(changes[i % kAhead]));
             }),
             "us", 0, "300 handled marks each: little of it is in the processor's caches");
  std::vector<slack::HandlerResult> results;
  std::vector<crdt::Delta> deltas;
  node::cli::Channel writer(7);
  writer.add_tasks(kTasks, 1'000'000);
  const node::cli::Channel before = writer;
  for (std::uint64_t i = 0; i < kAhead; ++i) deltas.push_back(writer.change(status_of(i), i));
  crdt::Document document = before.document();
  bench::row("apply its delta", microseconds_of([&](std::uint64_t i) {
               if (i % kAhead == 0) document = before.document();
               keep(document.apply(deltas[i % kAhead]));
             }),
             "us", 5, "Document::apply, up to 4,096 handled marks");
  bench::row("encode its delta",
             microseconds_of([&](std::uint64_t i) { keep(crdt::encode(deltas[i % kAhead])); }),
             "us", 0, "Cap'n Proto, as pushed to peers");
}

void answer() {
  bench::heading("the answer");
  node::cli::Channel channel(7);
  channel.add_tasks(kTasks, 1'000'000);
  const std::string body = channel.handle(status_of(0), 1).reply;
  std::string out;
  bench::row("write HTTP", microseconds_of([&](std::uint64_t i) {
               out.clear();
               node::HttpHead head;
               head.content_type = "application/json";
               head.date = "Fri, 20 Nov 2026 23:24:13 GMT";
               head.uuid = {i + 1, i + 1};
               head.length = body.size();
               node::append_head(out, head);
               out += body;
               keep(out);
             }),
             "us", 0, std::to_string(body.size()) + " octets of Block Kit");
}

// The composition over many channels; `changed` requests of the workload in order, once each.
void whole() {
  bench::heading("all of it: Replica::step over 200 channels of 16 tasks, in the mix of the bench");
  const node::cli::Workload workload({node::cli::Workload::Kind::kIncidents, 200, kTasks, "/ir"});
  constexpr std::uint64_t kRequests = 40'000;
  constexpr std::uint64_t kBatch = 64;
  node::ReplicaConfig config;
  config.name = "bench";
  config.signing_secret = kSecret;
  config.gossip.cluster = "bench";
  crdt::Rng rng(node::seed_from_system());
  config.gossip.identity = gossip::draw_private_key(rng);
  NoStore store;
  node::Replica replica(config, node::seed_from_system(), node::read_clock(), store,
                        node::Replica::Mode::kReadWrite);
  const auto requests =
      node::cli::SignedRequests::sign_fill({"h", "/slack/commands", kSecret}, workload);
  node::HttpParser parser(1 << 20);
  std::uint64_t exchange = 0;
  const auto step = [&](const std::string& wire) {
    std::size_t taken = 0;
    CHECK(parser.put(wire, taken) == node::HttpParser::State::kDone);
    node::HttpRequest http = parser.take();
    parser.reset();
    http.exchange = node::ExchangeId{++exchange};
    keep(replica.step(node::read_clock(), store, http));
    if (exchange % kBatch == 0) keep(replica.step(node::read_clock(), store, node::BatchEnd{}));
  };
  for (std::size_t i = 0; i < requests.size(); ++i) step(requests.whole(i));
  constexpr std::uint64_t kPart = kRequests / 4;
  for (std::uint64_t part = 0; part < 4; ++part) {
    const Prepared prepared = prepare(workload, part * kPart, kPart);
    const std::uint64_t rows = store.rows();
    const std::uint64_t bytes = store.bytes();
    const auto began = bench::thread_time();
    for (const std::string& wire : prepared.wire) step(wire);
    const std::chrono::duration<double, std::micro> spent = bench::thread_time() - began;
    const double count = static_cast<double>(kPart);
    bench::row(
        "requests " + std::to_string(part * kPart) + " to " + std::to_string((part + 1) * kPart),
        spent.count() / count, "us", 0,
        std::to_string((store.rows() - rows) / kPart) + " rows, " +
            std::to_string((store.bytes() - bytes) / kPart) + " octets a request; no store");
  }
}

}  // namespace

int main() {
  if (sodium_init() < 0) return 1;
  const node::cli::Workload workload({node::cli::Workload::Kind::kIncidents, 200, kTasks, "/ir"});
  std::printf("CPU time of this thread, median of %d rounds\n", bench::kRounds);
  front(prepare(workload, 0, kAhead));
  decide_and_answer();
  answer();
  whole();
  return 0;
}
