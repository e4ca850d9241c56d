#include "node/cli/bench_store.h"

#include <functional>
#include <memory>
#include <tuple>

#include "crdt/check.h"
#include "crdt/codec.h"
#include "crdt/keyspace.h"
#include "gossip/wire.h"
#include "node/cli/bench_channel.h"
#include "node/entropy.h"
#include "node/journal_file.h"
#include "node/lmdb_store.h"
#include "node/write_behind.h"

namespace node::cli {
namespace {

constexpr std::uint64_t kCommitChannels = 1'000;  // Some megabytes a commit.

std::string channel_of(std::uint64_t index) {
  const std::string digits = std::to_string(100'000'000 + index);
  return "C" + digits;
}

crdt::Result<std::unique_ptr<LmdbStore>> open_lmdb(const BenchStore& store) {
  LmdbStore::Options options;
  options.dir = store.folder.string();
  options.cluster = store.cluster;
  options.node = store.node;
  return LmdbStore::open(options);
}

crdt::Error failed(const BenchStore& store, const std::string& why) {
  return crdt::Error("cannot prepare the store in " + store.folder.string() + ": " + why);
}

// One transaction on the store as its node would open it.
crdt::Result<void> change(const BenchStore& store,
                          const std::function<crdt::Result<void>(crdt::Transaction&)>& body) {
  auto lmdb = open_lmdb(store);
  if (!lmdb) return lmdb.error();
  JournalFile journal(store.folder);
  WriteBehind behind(**lmdb, journal, WriteBehind::Limits{});
  if (const auto opened = behind.open(); !opened) return opened;
  if (const auto done = body(behind.begin()); !done) {
    behind.abort();
    return done;
  }
  if (const auto committed = behind.commit(); !committed) {
    return failed(store, committed.error().message);
  }
  return {};
}

crdt::ReplicaId draw_replica() {
  crdt::Rng rng(seed_from_system());
  return {rng.next() | 1};
}

}  // namespace

crdt::Result<void> fill_store(const BenchStore& store, std::uint64_t channels,
                              const std::function<void(std::uint64_t done)>& on_progress) {
  auto lmdb = open_lmdb(store);
  if (!lmdb) return lmdb.error();
  const crdt::ReplicaId self = draw_replica();
  Channel channel(self.value);
  channel.add_tasks(kFilledTasks, 1);
  // Every channel holds the same, under dots of its own context.
  const crdt::Fragment whole = channel.document().fragment({});
  crdt::Repository repository;
  repository.use((*lmdb)->begin());
  if (const auto opened = repository.open(); !opened) return opened;
  repository.begin_run(self);
  for (std::uint64_t i = 0; i < channels; ++i) {
    const std::string key = slack::document_key(channel_command("", 0, channel_of(i)));
    const auto merged = repository.merge(key, whole);
    if (!merged) return merged.error();
    if (i + 1 < channels && (i + 1) % kCommitChannels != 0) continue;
    if (const auto done = (*lmdb)->commit(); !done) return failed(store, done.error().message);
    repository.use((*lmdb)->begin());
    on_progress(i + 1);
  }
  (*lmdb)->abort();
  return {};
}

crdt::Result<std::uint64_t> change_store(const BenchStore& store, std::uint64_t channels,
                                         std::uint64_t count, std::uint64_t round) {
  std::uint64_t octets = 0;
  const auto body = [&](crdt::Transaction& txn) -> crdt::Result<void> {
    crdt::Repository repository;
    repository.use(txn);
    if (const auto opened = repository.open(); !opened) return opened;
    const crdt::ReplicaId self = draw_replica();
    repository.begin_run(self);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto command =
          channel_command(round % 2 == 0 ? "5 !yellow" : "5 !green", 1'000'000 + round * count + i,
                          channel_of(i * channels / count));
      const std::string key = slack::document_key(command);
      const auto document = repository.document(key);
      if (!document) return document.error();
      const crdt::VersionVector before = (*document)->context();
      slack::HandlerContext context;
      context.self = self;
      context.now = kChannelNow;
      auto handled = slack::handle(command, **document, context);
      CHECK(handled.delta.has_value());
      const auto applied = repository.apply({{{key, std::move(*handled.delta)}}, {}});
      if (!applied) return applied.error();
      const crdt::Fragment brings = repository.document(key).value()->fragment(before);
      const gossip::FragmentPart part{key, 0, true, crdt::encode(brings)};
      octets += gossip::encode(gossip::Message(part)).size();
    }
    return {};
  };
  if (const auto done = change(store, body); !done) return done.error();
  return octets;
}

crdt::Result<void> erase_cursors(const BenchStore& store) {
  return change(store, [](crdt::Transaction& txn) -> crdt::Result<void> {
    std::vector<crdt::Bytes> keys;
    txn.scan(crdt::keyspace::cursor({}), crdt::keyspace::cursors_end(),
             [&](crdt::BytesView key, crdt::BytesView) {
               keys.emplace_back(key);
               return true;
             });
    for (const crdt::Bytes& key : keys) txn.erase(key);
    return {};
  });
}

}  // namespace node::cli
