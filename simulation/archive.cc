#include "simulation/archive.h"

#include <algorithm>
#include <string>
#include <utility>

#include "crdt/checksum.h"
#include "crdt/keyspace.h"
#include "crdt/repository.h"
#include "node/replica_records.h"

namespace simulation {
namespace {

bool is_record(crdt::BytesView row) {
  return row >= crdt::keyspace::records() && row < crdt::keyspace::records_end();
}

bool is_horizon(crdt::BytesView row) {
  return row >= crdt::keyspace::document_begin(crdt::kHorizonKey) &&
         row < crdt::keyspace::document_end(crdt::kHorizonKey);
}

using Visit = std::function<void(const crdt::Bytes& key, const crdt::Bytes& value)>;

// Records that can be read, hidden ones, too.
void scan_rows(node::Store& store, const Visit& visit) {
  store.begin().scan(crdt::keyspace::records(), crdt::keyspace::records_end(),
                     [&](crdt::BytesView row, crdt::BytesView sealed) {
                       const auto value = crdt::open_value(sealed);
                       const crdt::BytesView key = crdt::keyspace::tail_of(row);
                       if (value) visit(crdt::Bytes(key), crdt::Bytes(*value));
                       return true;
                     });
  store.abort();
}

bool hides(const crdt::Horizon& horizon, const crdt::Bytes& key, const crdt::Bytes& value) {
  const auto origin = node::origin_of(key, value);
  return origin && horizon.hides(*origin);
}

class WatchedStore final : public node::Store, private crdt::Transaction {
 public:
  WatchedStore(std::unique_ptr<node::Store> inner, const Disk& disk, Archive& archive)
      : inner_(std::move(inner)), disk_(disk), archive_(archive) {
    read_all();
  }

  crdt::Transaction& begin() override {
    txn_ = &inner_->begin();
    batch_ = {};
    moves_ = false;
    return *this;
  }

  boost::system::result<void, node::CommitError> commit() override {
    auto committed = inner_->commit();
    if (!committed) {
      read_all();  // Whether it is stored nobody says.
      return committed;
    }
    if (batch_.put.empty() && batch_.erased.empty() && !moves_) return committed;
    const crdt::Horizon before = horizon_;
    if (moves_) horizon_ = horizon_of(*inner_);
    archive_.committed(disk_, batch_, before, horizon_);
    return committed;
  }

  void abort() override { inner_->abort(); }
  [[nodiscard]] node::StoreSize size() const override { return inner_->size(); }
  [[nodiscard]] bool sound() const override { return inner_->sound(); }
  [[nodiscard]] std::optional<node::CommitError> refusal() const override {
    return inner_->refusal();
  }

 private:
  std::optional<crdt::BytesView> get(crdt::BytesView key) override { return txn_->get(key); }

  void put(crdt::BytesView key, crdt::BytesView value) override {
    moves_ = moves_ || is_horizon(key);
    if (is_record(key)) {
      const auto opened = crdt::open_value(value);
      if (opened) batch_.put[crdt::Bytes(crdt::keyspace::tail_of(key))] = crdt::Bytes(*opened);
    }
    txn_->put(key, value);
  }

  void erase(crdt::BytesView key) override {
    moves_ = moves_ || is_horizon(key);
    if (is_record(key)) note_erased(key);
    txn_->erase(key);
  }

  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override {
    txn_->scan(from, to, visit);
  }

  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override {
    return txn_->last_key(from, to);
  }

  void note_erased(crdt::BytesView row) {
    const auto sealed = txn_->get(row);
    if (!sealed) return;
    const auto value = crdt::open_value(*sealed);
    crdt::Bytes key(crdt::keyspace::tail_of(row));
    batch_.put.erase(key);
    if (value) batch_.erased[std::move(key)] = crdt::Bytes(*value);
  }

  void read_all() {
    horizon_ = horizon_of(*inner_);
    scan_rows(*inner_,
              [&](const auto& key, const auto& value) { archive_.holds(disk_, key, value); });
  }

  std::unique_ptr<node::Store> inner_;
  const Disk& disk_;
  Archive& archive_;
  crdt::Transaction* txn_ = nullptr;
  crdt::Horizon horizon_;
  Archive::Batch batch_;
  bool moves_ = false;
};

}  // namespace

crdt::Horizon horizon_of(node::Store& store) {
  crdt::Repository repository({}, node::origin_of);
  repository.use(store.begin());
  const auto document = repository.document(std::string(crdt::kHorizonKey));
  crdt::Horizon horizon = document ? crdt::Horizon(**document) : crdt::Horizon{};
  store.abort();
  return horizon;
}

std::size_t hidden_rows(node::Store& store) {
  const crdt::Horizon horizon = horizon_of(store);
  std::size_t count = 0;
  scan_rows(store, [&](const auto& key, const auto& value) {
    count += hides(horizon, key, value) ? 1 : 0;
  });
  return count;
}

std::unique_ptr<node::Store> Archive::watch(std::unique_ptr<node::Store> store, const Disk& disk) {
  return std::make_unique<WatchedStore>(std::move(store), disk, *this);
}

void Archive::holds(const Disk& disk, crdt::BytesView key, crdt::BytesView value) {
  Entry& entry = records_[crdt::Bytes(key)];
  entry.value = crdt::Bytes(value);
  entry.had.insert(&disk);
}

void Archive::committed(const Disk& disk, const Batch& batch, const crdt::Horizon& before,
                        const crdt::Horizon& after) {
  if (!(before == after)) {
    moved_at_ = scheduler_.now();
    coverage_.reach(Mark::kHorizonMoved);
  }
  for (const auto& [key, value] : batch.put) {
    if (hides(before, key, value)) fail("nothing that is forgotten comes back", key);
    holds(disk, key, value);
  }
  for (const auto& [key, value] : batch.erased) {
    holds(disk, key, value);
    forget(key, value, after);
  }
}

void Archive::forget(const crdt::Bytes& key, const crdt::Bytes& value,
                     const crdt::Horizon& horizon) {
  Entry& entry = records_.at(key);
  if (!hides(horizon, key, value)) fail("only what is below the horizon is forgotten", key);
  if (std::exchange(entry.forgotten, true)) return;
  coverage_.reach(Mark::kRecordForgotten);
  const bool seen = std::all_of(nodes_.begin(), nodes_.end(),
                                [&](const Disk* node) { return entry.had.contains(node); });
  if (!seen) fail("nothing is forgotten that somebody never had", key);
}

void Archive::fail(std::string property, const crdt::Bytes& key) {
  verdict_.fail(
      {"safety", std::move(property), "the record " + crdt::to_hex(key), scheduler_.now()});
}

StoreView Archive::with_forgotten(StoreView view) const {
  for (const auto& [key, entry] : records_) {
    if (!entry.forgotten) continue;
    const char kind = crdt::kind_of(key);
    if (kind == node::kTimelineKind) view.timeline.emplace(key, entry.value);
    if (kind == node::kRequestKind) view.requests.emplace(key, entry.value);
  }
  return view;
}

std::optional<std::string> Archive::lacking(const StoreView& view,
                                            const crdt::Horizon& horizon) const {
  for (const auto& [key, entry] : records_) {
    if (view.timeline.contains(key) || view.requests.contains(key)) continue;
    const char kind = crdt::kind_of(key);
    if (kind != node::kTimelineKind && kind != node::kRequestKind) continue;
    if (!hides(horizon, key, entry.value)) return "the record " + crdt::to_hex(key);
  }
  return std::nullopt;
}

}  // namespace simulation
