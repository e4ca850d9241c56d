// StoreView: what a node's store holds, read past its Replica, for the checkers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/leaf.h"
#include "crdt/log_row.h"
#include "crdt/request_id.h"
#include "crdt/version_vector.h"
#include "node/store.h"
#include "slack/incident/timeline.h"

namespace simulation {

// One document, its leaves by path and in the order of their dots.
struct DocumentView {
  crdt::VersionVector context;
  std::map<std::string, std::vector<crdt::Leaf>, std::less<>> leaves;

  bool operator==(const DocumentView&) const = default;
};

struct StoreView {
  crdt::StoreDigest digest;
  std::map<std::string, DocumentView> documents;  // By key.
  std::map<crdt::Bytes, crdt::Bytes> timeline;    // By record key.
  std::map<crdt::Bytes, crdt::Bytes> requests;
  std::string damage;  // What could not be read, and why; empty where all could.

  bool operator==(const StoreView&) const = default;

  // How many timeline records each request has.
  [[nodiscard]] std::map<crdt::RequestId, std::size_t> told() const;
  // What replicas did about each request.
  [[nodiscard]] std::map<crdt::RequestId, std::vector<slack::incident::Detail>> details() const;
};

// REQUIRES no open transaction.
[[nodiscard]] StoreView view_of(node::Store& store);
// The first document, record or path that one has and the other has not, or not so. Empty where
// they hold the same.
[[nodiscard]] std::string first_difference(const StoreView& left, const StoreView& right);
// The records alone: without its documents, and thus many times as quick.
[[nodiscard]] StoreView records_of(node::Store& store);

// What a store is known to have, without the values.
struct Outline {
  std::set<crdt::RequestId> told;  // Requests with a timeline record.
  std::set<crdt::Bytes> requests;  // Record keys.
  std::map<std::string, crdt::VersionVector, std::less<>> contexts;  // Of documents, by key.
};
// Of what can be read of it. REQUIRES no open transaction.
[[nodiscard]] Outline outline_of(node::Store& store);

// What people are shown of each register of a task: by document and path, the value's dot. REQUIRES
// no open transaction.
using Shown = std::map<std::pair<std::string, std::string>, crdt::Dot>;
[[nodiscard]] Shown shown_in(node::Store& store);

// A hash of the rows of all documents and records, without reading what is in them: equal rows are
// equal documents and records, other rows may be. Nothing where one is damaged. REQUIRES no open
// transaction.
[[nodiscard]] std::optional<std::uint64_t> rows_hash(node::Store& store);

// All rows, as they lie there. REQUIRES no open transaction.
[[nodiscard]] std::map<crdt::Bytes, crdt::Bytes> rows_of(node::Store& store);

// Single facts, without reading everything. REQUIRES no open transaction.
[[nodiscard]] bool holds_record(node::Store& store, crdt::BytesView record_key);
// How many tasks of a document have this number.
[[nodiscard]] std::size_t tasks_numbered(node::Store& store, const std::string& document_key,
                                         std::uint32_t number);

// The digest of its newest log row, or of an empty store; absent where the row is damaged.
[[nodiscard]] std::optional<crdt::StoreDigest> digest_of(node::Store& store);

}  // namespace simulation
