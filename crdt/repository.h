// Repository: documents, records, the replication log and cursors, kept in a Transaction.
//
// One place joins, stores and logs a change, whether it was made here or came from a peer.
//
// Shape    every change appends one LogRow in the same transaction. Documents are cached; the cache
//          is dropped with the Repository after a failed commit.
// Size     kCachedLeavesMax leaves of memory; all else stays in the store.
// Errors   a stored value with a wrong checksum is an Error that names it, never a wrong answer. It
//          is noted, and repaired from what peers hold (repository_repair.cc).
// Thread   one. use() hands in the transaction of the moment.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crdt/damage.h"
#include "crdt/document.h"
#include "crdt/horizon.h"
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
  // About 12 MB with their strings, for a process of 40 MB: some five hundred channels of 16 tasks,
  // each with the marks of a busy hour. Reading another one costs a tenth of a millisecond.
  static constexpr std::size_t kCachedLeavesMax = 32'000;

  using OnInsert = std::function<void(const Record&)>;

  // What a record says of itself; nothing for one that is kept for ever. Without it all are.
  using OriginOf = std::function<std::optional<Origin>(BytesView key, BytesView value)>;

  explicit Repository(OnInsert on_insert = {}, OriginOf origin_of = {})
      : on_insert_(std::move(on_insert)), origin_of_(std::move(origin_of)) {}
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  // The transaction of all calls until the next use().
  void use(Transaction& txn) { txn_ = &txn; }

  // Reads the log's end. REQUIRES use(). Without a run, the repository is read-only. An Error where
  // that is damaged: the repository can be used, but its digest may be an old one until a walk has
  // counted it.
  [[nodiscard]] Result<void> open();

  // Begins the run `self`: later log rows belong to it, and dots of local edits carry it.
  void begin_run(ReplicaId self);

  // The document under `key`; an empty one where there is none. Valid until the next call.
  [[nodiscard]] Result<const Document*> document(const std::string& key);

  // Its context alone: one row is read, and nothing comes into the cache.
  [[nodiscard]] Result<VersionVector> context(const std::string& key);

  // What it answers to `asker`; nothing comes into the cache.
  [[nodiscard]] Result<Fragment> fragment(const std::string& key, const VersionVector& asker);

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

  // A document that was not cached is not cached then: what fills a store is not what is in use.
  // `holder`: the run of the peer that the fragment is of. Where it holds all of the document now,
  // the log says so: {holder, 0}.
  [[nodiscard]] Result<Merged> merge(const std::string& key, const Fragment& fragment,
                                     ReplicaId holder = {});

  [[nodiscard]] Result<std::optional<Bytes>> record(BytesView key);
  // Values of the records whose keys begin with `prefix`, in key order, until `visit` says false.
  // A damaged one is left out, and is the Error once the others were visited.
  [[nodiscard]] Result<void> scan_records(
      BytesView prefix, const std::function<bool(BytesView key, BytesView value)>& visit);

  // Calls `visit(key, document)` for every document in key order; none comes into the cache.
  [[nodiscard]] Result<void> scan_documents(
      const std::function<void(const std::string& key, const Document& document)>& visit);

  // --- the log ---
  [[nodiscard]] ReplicaId run() const { return run_; }
  [[nodiscard]] std::uint64_t head() const { return head_; }
  [[nodiscard]] const StoreDigest& digest() const { return digest_; }
  // Whether digest() is that of all that is held: nothing was found damaged, or hidden, since.
  [[nodiscard]] bool digest_known() const {
    return digest_sound_ && !walk_due_ && damages_.empty() && damaged_records_.empty() &&
           lost_rows_.empty();
  }
  // What one document or record adds to the digest's hash.
  [[nodiscard]] static std::uint64_t digest_of(const std::string& key, const Document& document);
  [[nodiscard]] static std::uint64_t digest_of(BytesView key, BytesView value);

  // The digest's hash by parts of all keys, to find where two stores differ: 32 sums take 256
  // octets on the wire, and a walk for one difference collects a thirty-second of the store.
  static constexpr std::size_t kParts = 32;
  using Parts = std::array<std::uint64_t, kParts>;
  [[nodiscard]] static std::size_t part_of(BytesView key);
  // REQUIRES counted().
  [[nodiscard]] const Parts& parts() const { return parts_; }
  // Whether this process has counted all that is stored, and none of it is damaged.
  [[nodiscard]] bool counted() const { return counted_ && !walk_due_; }
  // Rows with seq in (after, head], in order, until `visit` says false.
  [[nodiscard]] Result<void> scan_log(
      std::uint64_t after, const std::function<bool(std::uint64_t seq, const LogRow& row)>& visit);
  // One row. An Error where it was swept, too. REQUIRES 1 <= seq <= head().
  [[nodiscard]] Result<LogRow> log_row(std::uint64_t seq);
  // The row that last touched `key`; 0 for an unknown document. Rows before it are stale for it.
  [[nodiscard]] Result<std::uint64_t> last_touched(const std::string& key);
  // How far `cursor`, which a peer claims to cover of this store, still holds: an unknown run
  // counts as 0, a known one is cut to where it ended.
  [[nodiscard]] std::uint64_t usable(const Cursor& cursor);

  // --- retention ---
  // Records below it are not held, whatever rows there still are: they are refused, not found, not
  // offered and not counted. It is what the document under kHorizonKey says, from the transaction
  // on that changes it; the walk that this makes due erases their rows.
  [[nodiscard]] const Horizon& horizon() const { return horizon_; }
  // No record that can be forgotten is older; nothing where there is none, or before the first
  // walk.
  [[nodiscard]] std::optional<WallTime> oldest_record() const { return oldest_; }
  // How many were erased since the process began.
  [[nodiscard]] std::uint64_t purged_records() const { return purged_records_; }

  // --- repair ---
  using Damages = std::map<std::string, Damage>;
  // Which peers have said that they hold no sound copy, by record.
  using DamagedRecords = std::map<Bytes, std::set<Bytes>>;

  // At most so many damaged records are asked for at a time; the walk finds the others again.
  static constexpr std::size_t kDamagedRecordsMax = 1'024;

  // Documents that were found damaged, until they are healed and every peer was asked since.
  [[nodiscard]] const Damages& damages() const { return damages_; }
  [[nodiscard]] const DamagedRecords& damaged_records() const { return damaged_records_; }

  // `peer`, one of `peers`, has answered for a damaged document: its whole fragment, asked for with
  // an empty context, or nullptr where it holds no sound copy either. The document is healed once
  // what was gathered covers what is known of it, or when all `peers` have answered; then sound
  // leaves that nobody else has are written anew, and what is lost is said (take_news). Where it is
  // healed already, this says that what the peer holds was merged.
  [[nodiscard]] Result<void> heal(const std::string& key, const Bytes& peer,
                                  const std::set<Bytes>& peers, const Fragment* fragment);
  // A change of `peer` was passed over, because the document it touches cannot be read.
  void owe(const std::string& key, const Bytes& peer);
  // `peer` holds no sound copy of a damaged record. When none of `peers` does, it is given up.
  void heal_record_without(const Bytes& key, const Bytes& peer, const std::set<Bytes>& peers);

  // Whether a document waits for the next run: dots of this one may have been lost with its vector,
  // and must not be minted again.
  [[nodiscard]] bool wants_new_run() const { return wants_new_run_; }
  void want_new_run() { wants_new_run_ = true; }

  // What a walk finds sound: a document or a record, and what it adds to the digest.
  struct Item {
    BytesView key;
    const Document* document = nullptr;  // nullptr for a record.
    std::uint64_t hash = 0;
  };
  using OnItem = std::function<void(const Item&)>;

  // Reads some rows of the store past the cache, from where the last call ended, and notes what is
  // damaged; writes rows of the log anew that are, and counts the digest. True at the end of the
  // store: the next call begins anew.
  [[nodiscard]] bool walk(std::size_t rows_max, const OnItem& on_item = {});
  // The next walk() begins at the first row.
  void begin_walk_anew() { walk_.reset(); }
  // Whether a walk is due now: something was found damaged, so that the digest may be wrong.
  [[nodiscard]] bool walk_due() const { return walk_due_; }

  struct DamageCounts {
    std::uint64_t found = 0;   // Stored values with a wrong checksum.
    std::uint64_t healed = 0;  // Documents, records and rows of the log that were put right.
    std::uint64_t lost = 0;    // Documents and records of which no peer holds all.
  };
  [[nodiscard]] const DamageCounts& damage_counts() const { return damage_counts_; }
  // Documents that cannot be answered from at the moment.
  [[nodiscard]] std::size_t unreadable() const;
  // What happened since the last call, in sentences.
  [[nodiscard]] std::vector<std::string> take_news() { return std::exchange(news_, {}); }

  // --- what this store covers of others ---
  [[nodiscard]] Cursor cursor(BytesView peer);
  void set_cursor(BytesView peer, const Cursor& cursor);
  [[nodiscard]] std::map<Bytes, Cursor> cursors();
  // The owner judges what peers send by `basis`. Where that is another than it last said, all
  // cursors are dropped, so that what was refused is offered again, and the answer is true.
  bool judged_by(BytesView basis);
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
  // The process whose memory was put back while it ran, so that it minted dots a second time;
  // nullopt where there was none, or peers have told all they know of it.
  [[nodiscard]] std::optional<ReplicaId> put_back_run();
  void set_put_back_run(std::optional<ReplicaId> run);

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
  Result<Document> read_rows(const std::string& key, std::uint64_t& seq);
  void store(const std::string& key, const Cached& cached, const Touched& touched);
  bool insert(const Record& record);
  std::uint64_t append(LogRow row);
  void keep_in_tail(LogRow row);
  void account(BytesView row, std::optional<std::uint64_t> before, std::uint64_t after);
  void account_healed(BytesView row, std::uint64_t after);
  void doubt_digest();
  void evict();
  void drop(std::map<std::string, Cached>::iterator cached);

  // What is left in the rows of a damaged document.
  struct Remains {
    bool header_lost = false;
    VersionVector known;
    std::vector<Leaf> sound;
    std::vector<std::string> lost_groups;
  };

  // A walk that has begun.
  struct Walk {
    Bytes next;       // The first row that was not read.
    StoreDigest sum;  // Of what lies before it,
    Parts parts{};    // and by parts.
    // Damaged rows of the log, and the documents last touched there. Where there are any: hashes of
    // the records that sound rows name, and the records that none does.
    std::map<std::uint64_t, std::vector<std::string>> lost_rows;
    std::vector<std::uint64_t> named;
    std::vector<Bytes> unnamed;
    std::vector<Bytes> hidden;       // Rows of records below the horizon, met in this step.
    std::optional<WallTime> oldest;  // Of the others, so far.
  };

  Error damaged_document(const std::string& key);
  Error damaged_record(BytesView key);
  Error damaged_log_row(std::uint64_t seq);
  void load_damages();
  void put_damage(const std::string& key);
  Remains remains_of(const std::string& key);
  Result<void> adopt(const std::string& key, const std::set<Bytes>& peers);
  Document salvage(const Remains& remains, Document healed);
  void replace(const std::string& key, const Cached& cached);
  void replace_damaged(const Record& record);
  void drop_if_confirmed(const std::string& key, const std::set<Bytes>& peers);
  void count(const Item& item, const OnItem& on_item);
  void walk_document(const std::string& key, const OnItem& on_item);
  std::size_t walk_documents(std::size_t rows_max, const OnItem& on_item);
  std::size_t walk_rows(std::size_t rows_max, const OnItem& on_item);
  void note_named(const std::vector<Bytes>& records);
  void note_unnamed(BytesView key);
  void rewrite_lost_rows();
  void erase_hidden();
  [[nodiscard]] bool stale(std::uint64_t seq, const LogRow& row);
  void sweep(const std::vector<std::pair<std::uint64_t, LogRow>>& rows);
  void end_walk();

  void follow_horizon(const std::string& key, const Document& document);
  [[nodiscard]] bool hidden(BytesView key, BytesView value) const;
  void note_age(BytesView key, BytesView value, std::optional<WallTime>& oldest) const;

  Transaction* txn_ = nullptr;
  OnInsert on_insert_;
  OriginOf origin_of_;
  Horizon horizon_;
  std::optional<WallTime> oldest_;
  std::uint64_t purged_records_ = 0;
  ReplicaId run_;
  std::uint64_t head_ = 0;
  std::deque<LogRow> tail_;  // The last rows up to head_: each is offered to every peer soon after.
  StoreDigest digest_;
  Parts parts_{};
  bool digest_sound_ = true;  // No damage was healed since a walk last counted it.
  bool counted_ = false;
  std::string catching_up_;
  Damages damages_;
  DamagedRecords damaged_records_;
  std::set<std::uint64_t> lost_rows_;  // Damaged rows of the log.
  DamageCounts damage_counts_;
  std::vector<std::string> news_;
  std::optional<Walk> walk_;
  bool walk_due_ = false;
  bool wants_new_run_ = false;
  std::map<std::string, Cached> cache_;
  std::map<std::string, Cached>::iterator recent_ = cache_.end();  // One request asks four times.
  std::list<std::string> ages_;                                    // The next to be evicted first.
  std::size_t cached_leaves_ = 0;                                  // As cached_size() counts.
};

}  // namespace crdt
