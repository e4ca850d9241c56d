#include "simulation/store_view.h"

#include <algorithm>

#include "crdt/byte_io.h"
#include "crdt/checksum.h"
#include "crdt/hash64.h"
#include "crdt/keyspace.h"
#include "crdt/ksuid.h"
#include "crdt/repository.h"
#include "node/replica_records.h"
#include "slack/incident/tasks.h"

namespace simulation {
namespace {

constexpr std::uint64_t kOdd =
    0x9E3779B97F4A7C15;  // So that a row and its value do not cancel out.

void read(crdt::Repository& repository, StoreView& view) {
  const auto complain = [&](const crdt::Result<void>& done) {
    if (!done && view.damage.empty()) view.damage = done.error().message;
  };
  complain(repository.open());
  complain(repository.scan_documents([&](const std::string& key, const crdt::Document& document) {
    DocumentView& seen = view.documents[key];
    seen.context = document.context();
    // Everything that one who has nothing would be sent.
    for (crdt::Leaf& leaf : document.fragment({}).fresh) {
      std::vector<crdt::Leaf>& siblings = seen.leaves[leaf.path];
      siblings.push_back(std::move(leaf));
    }
  }));
  const auto collect = [](std::map<crdt::Bytes, crdt::Bytes>& to) {
    return [&to](crdt::BytesView key, crdt::BytesView value) {
      to.emplace(key, value);
      return true;
    };
  };
  complain(repository.scan_records(std::string(1, node::kTimelineKind), collect(view.timeline)));
  complain(repository.scan_records(std::string(1, node::kRequestKind), collect(view.requests)));
  view.digest = repository.digest();
}

}  // namespace

StoreView view_of(node::Store& store) {
  StoreView view;
  crdt::Repository repository({}, node::origin_of);
  repository.use(store.begin());
  read(repository, view);
  store.abort();
  return view;
}

std::map<crdt::RequestId, std::size_t> StoreView::told() const {
  std::map<crdt::RequestId, std::size_t> counts;
  for (const auto& [key, value] : timeline) {
    // The key ends with a Ksuid, and that with the request (node/replica_records.h).
    const crdt::BytesView tail =
        crdt::BytesView(key).substr(key.size() - std::min(key.size(), crdt::kKsuidBytes));
    const auto ksuid = crdt::ksuid_from_bytes(tail);
    if (ksuid) ++counts[ksuid->payload];
  }
  return counts;
}

std::map<crdt::RequestId, std::vector<slack::incident::Detail>> StoreView::details() const {
  std::map<crdt::RequestId, std::vector<slack::incident::Detail>> all;
  for (const auto& [key, value] : requests) {
    crdt::ByteReader in(value);
    static_cast<void>(in.short_run());  // The answer.
    auto detail = slack::incident::decode_detail(in.short_run());
    if (detail) all[detail->request].push_back(std::move(*detail));
  }
  return all;
}

Shown shown_in(node::Store& store) {
  Shown shown;
  crdt::Repository repository;
  repository.use(store.begin());
  const auto read =
      repository.scan_documents([&](const std::string& key, const crdt::Document& document) {
        const auto add = [&](const slack::incident::Field& field) {
          if (field.shown != nullptr) shown[{key, field.shown->path}] = field.shown->dot;
        };
        const slack::incident::TaskList list = slack::incident::read_tasks(document);
        for (const slack::incident::Task& task : list.tasks) {
          add(task.text);
          add(task.status);
          for (const slack::incident::Assignee& person : task.people) add(person.field);
        }
      });
  store.abort();
  return read ? shown : Shown{};
}

std::optional<std::uint64_t> rows_hash(node::Store& store) {
  std::optional<std::uint64_t> sum = 0;
  const auto add = [&](crdt::BytesView row, crdt::BytesView sealed) {
    const auto value = crdt::open_value(sealed);
    if (!value) sum.reset();
    if (!value) return false;
    const bool document = row.starts_with(crdt::keyspace::documents());
    const bool header =
        document && row == crdt::keyspace::document_header(crdt::keyspace::document_of(row));
    // A header begins with a place in this store's own log.
    const std::size_t skipped = header ? std::min(value->size(), sizeof(std::uint64_t)) : 0;
    *sum += crdt::hash64(row) * kOdd ^ crdt::hash64(value->substr(skipped));
    return true;
  };
  crdt::Transaction& txn = store.begin();
  txn.scan(crdt::keyspace::documents(), crdt::keyspace::documents_end(), add);
  if (sum) txn.scan(crdt::keyspace::records(), crdt::keyspace::records_end(), add);
  store.abort();
  return sum;
}

bool holds_record(node::Store& store, crdt::BytesView record_key) {
  const bool found = store.begin().get(crdt::keyspace::record(record_key)).has_value();
  store.abort();
  return found;
}

std::size_t tasks_numbered(node::Store& store, const std::string& document_key,
                           std::uint32_t number) {
  crdt::Repository repository;
  repository.use(store.begin());
  std::size_t count = 0;
  const auto document = repository.document(document_key);
  if (document && *document != nullptr) {
    count = slack::incident::read_tasks(**document).find({number, 0}).size();
  }
  store.abort();
  return count;
}

std::optional<crdt::StoreDigest> digest_of(node::Store& store) {
  crdt::Transaction& txn = store.begin();
  std::optional<crdt::StoreDigest> digest;
  const auto last = txn.last_key(crdt::keyspace::log(0), crdt::keyspace::log_end());
  if (!last) {
    digest = crdt::StoreDigest{};
  } else if (const auto row = crdt::open_value(*txn.get(*last)); row) {
    const auto decoded = crdt::decode_log_row(*row);
    if (decoded) digest = decoded->digest;
  }
  store.abort();
  return digest;
}

}  // namespace simulation
