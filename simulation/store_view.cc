#include "simulation/store_view.h"

#include <algorithm>

#include "crdt/byte_io.h"
#include "crdt/checksum.h"
#include "crdt/document_rows.h"
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

void complain(const crdt::Result<void>& done, StoreView& view) {
  if (!done && view.damage.empty()) view.damage = done.error().message;
}

void read_documents(crdt::Repository& repository, StoreView& view) {
  const auto read =
      repository.scan_documents([&](const std::string& key, const crdt::Document& document) {
        DocumentView& seen = view.documents[key];
        seen.context = document.context();
        // Everything that one who has nothing would be sent.
        for (crdt::Leaf& leaf : document.fragment({}).fresh) {
          std::vector<crdt::Leaf>& siblings = seen.leaves[leaf.path];
          siblings.push_back(std::move(leaf));
        }
      });
  complain(read, view);
}

void read_records(crdt::Repository& repository, StoreView& view) {
  const auto collect = [](std::map<crdt::Bytes, crdt::Bytes>& to) {
    return [&to](crdt::BytesView key, crdt::BytesView value) {
      to.emplace(key, value);
      return true;
    };
  };
  complain(repository.scan_records(std::string(1, node::kTimelineKind), collect(view.timeline)),
           view);
  complain(repository.scan_records(std::string(1, node::kRequestKind), collect(view.requests)),
           view);
}

using Read = std::function<void(crdt::Repository& repository, StoreView& view)>;

StoreView read(node::Store& store, const Read& read_rows) {
  StoreView view;
  crdt::Repository repository({}, node::origin_of);
  repository.use(store.begin());
  complain(repository.open(), view);
  read_rows(repository, view);
  view.digest = repository.digest();
  store.abort();
  return view;
}

// The request that a timeline record is about: its key ends with a Ksuid, and that with the
// request (node/replica_records.h).
std::optional<crdt::RequestId> request_of(crdt::BytesView timeline_key) {
  const std::size_t tail = std::min(timeline_key.size(), crdt::kKsuidBytes);
  const auto ksuid = crdt::ksuid_from_bytes(timeline_key.substr(timeline_key.size() - tail));
  return ksuid ? std::optional(ksuid->payload) : std::nullopt;
}

crdt::Bytes records_behind(char kind) {
  crdt::Bytes row = crdt::keyspace::record(crdt::Bytes(1, kind));
  ++row.back();
  return row;
}

}  // namespace

StoreView view_of(node::Store& store) {
  return read(store, [](crdt::Repository& repository, StoreView& view) {
    read_documents(repository, view);
    read_records(repository, view);
  });
}

StoreView records_of(node::Store& store) { return read(store, read_records); }

Outline outline_of(node::Store& store) {
  Outline outline;
  crdt::Transaction& txn = store.begin();
  const auto records = [&](char kind, const auto& visit) {
    txn.scan(crdt::keyspace::record(crdt::Bytes(1, kind)), records_behind(kind),
             [&](crdt::BytesView row, crdt::BytesView sealed) {
               if (crdt::open_value(sealed)) visit(crdt::keyspace::tail_of(row));
               return true;
             });
  };
  records(node::kTimelineKind, [&](crdt::BytesView key) {
    if (const auto request = request_of(key)) outline.told.insert(*request);
  });
  records(node::kRequestKind, [&](crdt::BytesView key) { outline.requests.emplace(key); });
  txn.scan(crdt::keyspace::documents(), crdt::keyspace::documents_end(),
           [&](crdt::BytesView row, crdt::BytesView sealed) {
             const std::string_view key = crdt::keyspace::document_of(row);
             if (outline.contexts.contains(key)) return true;
             if (row != crdt::keyspace::document_header(key)) return true;
             const auto value = crdt::open_value(sealed);
             auto decoded = value ? crdt::decode_header(*value) : value.error();
             if (decoded) outline.contexts.emplace(key, std::move(decoded->context));
             return true;
           });
  store.abort();
  return outline;
}

std::map<crdt::RequestId, std::size_t> StoreView::told() const {
  std::map<crdt::RequestId, std::size_t> counts;
  for (const auto& [key, value] : timeline) {
    if (const auto request = request_of(key)) ++counts[*request];
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

std::map<crdt::Bytes, crdt::Bytes> rows_of(node::Store& store) {
  std::map<crdt::Bytes, crdt::Bytes> rows;
  store.begin().scan("\1", {}, [&](crdt::BytesView key, crdt::BytesView value) {
    rows.emplace_hint(rows.end(), key, value);
    return true;
  });
  store.abort();
  return rows;
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

std::string first_difference(const StoreView& left, const StoreView& right) {
  // Of two ordered maps.
  const auto first = [](const auto& a, const auto& b, auto equal) -> const auto* {
    auto at = a.begin();
    auto other = b.begin();
    while (at != a.end() && other != b.end() && at->first == other->first && equal(*at, *other)) {
      ++at;
      ++other;
    }
    if (at == a.end()) return other == b.end() ? nullptr : &other->first;
    return other == b.end() || at->first <= other->first ? &at->first : &other->first;
  };
  const auto same = [](const auto& a, const auto& b) { return a.second == b.second; };
  if (const std::string* key = first(left.documents, right.documents, same)) {
    const auto a = left.documents.find(*key);
    const auto b = right.documents.find(*key);
    if (a == left.documents.end() || b == right.documents.end()) return *key;
    const auto* path = first(a->second.leaves, b->second.leaves, same);
    return *key + (path != nullptr ? " at " + std::string(*path) : ", in its context alone");
  }
  if (first(left.timeline, right.timeline, same)) return "an event of the timeline";
  return first(left.requests, right.requests, same) ? "a request record" : "";
}

}  // namespace simulation
