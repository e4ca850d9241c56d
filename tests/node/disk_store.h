// DiskStore: a peer's store in a folder, written as a peer writes it, without the peer.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "crdt/check.h"
#include "crdt/edit.h"
#include "crdt/keyspace.h"
#include "crdt/repository.h"
#include "node/journal_file.h"
#include "node/lmdb_store.h"
#include "node/write_behind.h"

namespace tests {

class DiskStore {
 public:
  using Rows = std::map<crdt::Bytes, crdt::Bytes>;

  explicit DiskStore(const std::string& dir, std::uint64_t run = 7) : self_{run} {
    node::LmdbStore::Options options;
    options.dir = dir;
    options.cluster = "test";
    options.node = "a";
    options.disk_reserve_bytes = 0;
    auto opened = node::LmdbStore::open(options);
    CHECK(opened);
    lmdb_ = std::move(*opened);
    journal_ = std::make_unique<node::JournalFile>(dir);
    store_ = std::make_unique<node::WriteBehind>(*lmdb_, *journal_, node::WriteBehind::Limits{});
    CHECK(store_->open());
    begin();
    CHECK(repository_.open());
    repository_.begin_run(self_);
    commit();
  }

  void begin() { repository_.use(store_->begin()); }
  void commit() { CHECK(store_->commit()); }

  // One event in a transaction of its own.
  void write(const std::string& key, const std::string& path, const std::string& value) {
    begin();
    add(key, path, value);
    commit();
  }

  // One event: a field of a document, and a record.
  void add(const std::string& key, const std::string& path, const std::string& value) {
    const auto document = repository_.document(key);
    CHECK(document);
    ++events_;
    crdt::Edit edit(**document, self_, {{0, events_}, "U1"}, {static_cast<std::int64_t>(events_)},
                    repository_.previous_context(key));
    edit.write(path, value);
    const std::string record = "t" + key + std::to_string(self_.value) + std::to_string(events_);
    const crdt::Change change{{{key, edit.finish()}}, {{record, value}}};
    CHECK(repository_.apply(change));
  }

  std::string read(const std::string& key, const std::string& path) {
    begin();
    const auto document = repository_.document(key);
    CHECK(document);
    const crdt::Leaf* leaf = (*document)->winner(path);
    std::string value = leaf == nullptr ? "" : leaf->value;
    store_->abort();
    return value;
  }

  // What a backup carries of it.
  Rows rows() {
    Rows rows;
    store_->begin().scan("\1", {}, [&](crdt::BytesView key, crdt::BytesView value) {
      if (crdt::keyspace::travels(key)) rows.emplace(key, value);
      return true;
    });
    store_->abort();
    return rows;
  }

  crdt::Repository& repository() { return repository_; }
  node::LmdbStore& lmdb() { return *lmdb_; }
  node::WriteBehind& store() { return *store_; }

 private:
  crdt::ReplicaId self_;
  std::unique_ptr<node::LmdbStore> lmdb_;
  std::unique_ptr<node::JournalFile> journal_;
  std::unique_ptr<node::WriteBehind> store_;
  crdt::Repository repository_;
  std::uint64_t events_ = 0;
};

}  // namespace tests
