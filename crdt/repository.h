// Repository: documents, records, the replication log and cursors, kept in a Transaction.
//
// One place joins, stores and logs a change, whether it was made here or came from a peer.
//
// Shape    every change appends one LogRow in the same transaction. Documents are cached; the cache
//          is dropped with the Repository after a failed commit.
// Size     kCachedLeavesMax leaves of memory; all else stays in the store.
// Errors   a stored value with a wrong checksum is an Error that names it, never a wrong answer.
// Thread   one. use() hands in the transaction of the moment.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/document.h"
#include "crdt/log_row.h"
#include "crdt/record.h"
#include "crdt/result.h"
#include "crdt/transaction.h"

namespace crdt {

struct DocumentDelta {
  std::string key;
  Delta delta;

  bool operator==(const DocumentDelta&) const = default;
};

// What one event changes. It is applied as a whole or not at all, and travels in one frame.
struct Change {
  std::vector<DocumentDelta> deltas;
  std::vector<Record> records;

  bool operator==(const Change&) const = default;
};

class Repository {
 public:
  // About 20 MB with their strings: a thousand active channels of 16 tasks are never read twice.
  static constexpr std::size_t kCachedLeavesMax = 100'000;

  using OnInsert = std::function<void(const Record&)>;

  explicit Repository(OnInsert on_insert = {}) : on_insert_(std::move(on_insert)) {}
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  // The transaction of all calls until the next use().
  void use(Transaction& txn) { txn_ = &txn; }

  // Reads the log's end. REQUIRES use(). Without a run, the repository is read-only.
  [[nodiscard]] Result<void> open();

  // Begins the run `self`: later log rows belong to it, and dots of local edits carry it.
  void begin_run(ReplicaId self);

  // The document under `key`; an empty one where there is none. Valid until the next call.
  [[nodiscard]] Result<const Document*> document(const std::string& key);

  // The context after this run's previous event in `key`; empty if it had none or it is forgotten.
  [[nodiscard]] VersionVector previous_context(const std::string& key);

  struct Outcome {
    Applied applied = Applied::kDuplicate;
    std::uint64_t seq = 0;  // The row that logs it; 0 where nothing changed.
  };

  // Applies a change of this node or of a peer. kGap: nothing was changed, because a delta has one.
  [[nodiscard]] Result<Outcome> apply(const Change& change, Cursor source = {});

  struct Merged {
    bool refused = false;  // The document does not cover what the fragment was asked with.
    Change brought;        // The interval it brought; no deltas where it brought nothing.
    std::uint64_t seq = 0;
  };

  [[nodiscard]] Result<Merged> merge(const std::string& key, const Fragment& fragment);

  [[nodiscard]] Result<std::optional<Bytes>> record(BytesView key);
  // Values of the records whose keys begin with `prefix`, in key order, until `visit` says false.
  [[nodiscard]] Result<void> scan_records(
      BytesView prefix, const std::function<bool(BytesView key, BytesView value)>& visit);

  // Calls `visit(key, document)` for every document in key order, past the cache.
  [[nodiscard]] Result<void> scan_documents(
      const std::function<void(const std::string& key, const Document& document)>& visit);

  // --- the log ---
  [[nodiscard]] ReplicaId run() const { return run_; }
  [[nodiscard]] std::uint64_t head() const { return head_; }
  [[nodiscard]] const StoreDigest& digest() const { return digest_; }
  // How often a stored value was found damaged since the process began.
  [[nodiscard]] std::uint64_t damage_found() const { return damage_found_; }
  // Rows with seq in (after, head], in order, until `visit` says false.
  [[nodiscard]] Result<void> scan_log(
      std::uint64_t after, const std::function<bool(std::uint64_t seq, const LogRow& row)>& visit);
  // One row. REQUIRES 1 <= seq <= head().
  [[nodiscard]] Result<LogRow> log_row(std::uint64_t seq);
  // The row that last touched `key`; 0 for an unknown document. Rows before it are stale for it.
  [[nodiscard]] Result<std::uint64_t> last_touched(const std::string& key);
  // How far `cursor`, which a peer claims to cover of this store, still holds: an unknown run
  // counts as 0, a known one is cut to where it ended.
  [[nodiscard]] std::uint64_t usable(const Cursor& cursor);

  // --- what this store covers of others ---
  [[nodiscard]] Cursor cursor(BytesView peer);
  void set_cursor(BytesView peer, const Cursor& cursor);
  [[nodiscard]] std::map<Bytes, Cursor> cursors();
  // Whether a peer that sends `cursor` covers rows of an earlier run that this store does not hold:
  // it went back in time, or its disk is new.
  [[nodiscard]] bool lost(const Cursor& cursor) {
    return cursor.run != ReplicaId{} && cursor.run != run_ && cursor.seq > usable(cursor);
  }

  // --- whether this store may speak for itself ---
  // Why it is catching up: it was restored, copied, or found behind what its peers know of it.
  // Whoever owns it then mints, sponsors and serves nothing. Empty where it is not catching up.
  [[nodiscard]] const std::string& catching_up() const { return catching_up_; }
  void set_catching_up(const std::string& why);  // Empty: it no longer is.

 private:
  struct Cached {
    Document document;
    std::uint64_t seq = 0;   // The row that last touched it.
    VersionVector previous;  // See previous_context().
    std::list<std::string>::iterator age;
  };

  [[nodiscard]] Cached* find(const std::string& key);  // In the cache, or nullptr.
  Result<Cached*> load(const std::string& key);
  Result<Document> read(const std::string& key, std::uint64_t& seq);
  void store(const std::string& key, const Cached& cached, const std::vector<std::string>& groups);
  bool insert(const Record& record);
  std::uint64_t append(LogRow row);
  void account(const std::string& key, const VersionVector& before, const VersionVector& after);
  void evict();
  Error damaged(const std::string& what);

  Transaction* txn_ = nullptr;
  OnInsert on_insert_;
  ReplicaId run_;
  std::uint64_t head_ = 0;
  StoreDigest digest_;
  std::uint64_t damage_found_ = 0;
  std::string catching_up_;
  std::map<std::string, Cached> cache_;
  std::map<std::string, Cached>::iterator recent_ = cache_.end();  // One request asks four times.
  std::list<std::string> ages_;                                    // Least recently used first.
  std::size_t cached_leaves_ = 0;  // And one for each document, so that empty ones count.
};

}  // namespace crdt
