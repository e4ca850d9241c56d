// Repository's half that finds damage and puts it right.
//
// Laws     a document is put right from what peers hold, never from a vector without its leaves: a
//          vector that was read may vouch for leaves that are lost. Where peers do not cover what
//          is known, its vector is dropped with what was lost, so that whoever still has that can
//          send it; and since dropped dots would be minted again, this run mints none in it any
//          more.
#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "crdt/checksum.h"
#include "crdt/codec.h"
#include "crdt/document_rows.h"
#include "crdt/hash64.h"
#include "crdt/keyspace.h"
#include "crdt/repository.h"

namespace crdt {
namespace {

std::string named(BytesView key) {
  std::string text;
  for (const char c : key) text.push_back(c >= ' ' && c <= '~' ? c : '.');
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 8;  // A sentence, not a list.
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kNamed; ++i) {
    text += (i == 0 ? "" : ", ") + named(names[i]);
  }
  if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
  return text;
}

bool all_in(const std::set<Bytes>& some, const std::set<Bytes>& all) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

std::uint64_t Repository::digest_of(const std::string& key, const Document& document) {
  const auto& entries = document.context().entries();
  ByteWriter out;
  out.reserve(key.size() + 16 * (1 + entries.size())).run(key).number(document.leaf_sum());
  for (const auto& [replica, counter] : entries) out.number(replica.value).number(counter);
  return hash64(out.take());
}

std::uint64_t Repository::digest_of(BytesView key, BytesView value) {
  return hash64(ByteWriter().run(key).run(value).take());
}

std::size_t Repository::part_of(BytesView key) { return hash64(key) % kParts; }

// --- what is found ---

Error Repository::damaged_document(const std::string& key) {
  Error error("document " + key + " is damaged in this peer's store (a checksum is wrong)");
  if (run_ == ReplicaId{} || (damages_.contains(key) && !damages_.at(key).healed)) return error;
  ++damage_counts_.found;
  Remains remains = remains_of(key);
  Damage damage{run_, remains.header_lost, false, std::move(remains.known), {}, {}};
  damages_.insert_or_assign(key, std::move(damage));
  put_damage(key);
  news_.push_back(error.message + "; its peers are asked for it");
  return error;
}

Error Repository::damaged_record(BytesView key) {
  Error error("record " + named(key) + " is damaged in this peer's store (its checksum is wrong)");
  const bool room = damaged_records_.size() < kDamagedRecordsMax;
  if (run_ == ReplicaId{} || !room || damaged_records_.contains(Bytes(key))) return error;
  ++damage_counts_.found;
  damaged_records_.emplace(key, std::set<Bytes>());
  news_.push_back(error.message + "; its peers are asked for it");
  return error;
}

Error Repository::damaged_log_row(std::uint64_t seq) {
  Error error("row " + std::to_string(seq) +
              " of the replication log is damaged in this peer's store (its checksum is wrong)");
  if (!lost_rows_.insert(seq).second) return error;
  ++damage_counts_.found;
  walk_due_ = true;
  news_.push_back(error.message + "; it is written anew");
  return error;
}

std::size_t Repository::unreadable() const {
  return static_cast<std::size_t>(std::count_if(
      damages_.begin(), damages_.end(), [](const auto& entry) { return !entry.second.healed; }));
}

void Repository::load_damages() {
  damages_.clear();
  std::vector<std::string> unreadable;
  txn_->scan(keyspace::damages(), keyspace::damages_end(), [&](BytesView row, BytesView sealed) {
    const std::string key(keyspace::tail_of(row));
    const Result<BytesView> value = open_value(sealed);
    Result<Damage> damage = value ? decode_damage(*value) : value.error();
    if (!damage) {
      unreadable.push_back(key);
      return true;
    }
    // What they said went with the process that heard it.
    if (!damage->healed) damage->asked.clear();
    damages_.emplace(key, std::move(*damage));
    return true;
  });
  // What such a note said is lost: as if the document had been found damaged just now.
  for (const std::string& key : unreadable) std::ignore = damaged_document(key);
  walk_due_ = walk_due_ || !damages_.empty();
}

void Repository::put_damage(const std::string& key) {
  txn_->put(keyspace::damage(key), seal_value(encode(damages_.at(key))));
}

Repository::Remains Repository::remains_of(const std::string& key) {
  Remains remains;
  remains.header_lost = true;
  const Bytes header = keyspace::document_header(key);
  const Bytes begin = keyspace::document_begin(key);
  txn_->scan(begin, keyspace::document_end(key), [&](BytesView row, BytesView sealed) {
    const Result<BytesView> value = open_value(sealed);
    if (row == header) {
      const Result<DocumentHeader> stored = value ? decode_header(*value) : value.error();
      remains.header_lost = !stored;
      if (stored) remains.known.join(stored->context);
      return true;
    }
    Result<std::vector<Leaf>> group = value ? leaves_of_row(row, *value) : value.error();
    if (!group) remains.lost_groups.emplace_back(keyspace::group_of_row(row));
    if (group) std::move(group->begin(), group->end(), std::back_inserter(remains.sound));
    return true;
  });
  // A header that does not cover a sound leaf is no better than none.
  for (const Leaf& leaf : remains.sound) {
    if (remains.known.covers(leaf.dot)) continue;
    remains.header_lost = true;
    remains.known.advance(leaf.dot.replica, leaf.dot.counter);
  }
  return remains;
}

// --- healing ---

void Repository::owe(const std::string& key, const Bytes& peer) {
  const auto found = damages_.find(key);
  if (found == damages_.end() || found->second.asked.erase(peer) == 0) return;
  put_damage(key);
}

Result<void> Repository::heal(const std::string& key, const Bytes& peer,
                              const std::set<Bytes>& peers, const Fragment* fragment) {
  const auto found = damages_.find(key);
  if (found == damages_.end()) return {};
  Damage& damage = found->second;
  if (!damage.healed && fragment != nullptr) {
    if (!fragment->asker.empty()) return {};  // Of an earlier Want: not all that the peer holds.
    damage.gathered.merge(*fragment);
  }
  damage.asked.insert(peer);
  put_damage(key);
  if (!damage.healed) return adopt(key, peers);
  drop_if_confirmed(key, peers);
  return {};
}

void Repository::drop_if_confirmed(const std::string& key, const std::set<Bytes>& peers) {
  const Damage& damage = damages_.at(key);
  if (!damage.healed || !all_in(peers, damage.asked)) return;
  txn_->erase(keyspace::damage(key));
  damages_.erase(key);
}

// Puts the document right, where enough was gathered.
Result<void> Repository::adopt(const std::string& key, const std::set<Bytes>& peers) {
  Damage& damage = damages_.at(key);
  const VersionVector& gathered = damage.gathered.context();
  const bool covered = gathered.covers(damage.known) && !gathered.empty();
  if (!covered && !all_in(peers, damage.asked)) return {};
  if ((!covered || damage.header_lost) && damage.found_in == run_) {
    wants_new_run_ = true;
    return {};
  }
  const Remains remains = remains_of(key);
  Cached healed;
  healed.document = salvage(remains, std::exchange(damage.gathered, {}));
  healed.seq = head_ + 1;
  damage.healed = true;
  damage_counts_.healed += 1;
  const std::string lost = covered ? "" : joined(remains.lost_groups);
  if (!covered) ++damage_counts_.lost;
  news_.push_back(
      "document " + key + " is healed" +
      (covered ? " from its peers"
       : lost.empty()
           ? "; no peer had all of it: what only this peer had removed is there again"
           : "; no peer had all of it: what only this peer held of " + lost + " is lost"));
  replace(key, healed);
  follow_horizon(key, healed.document);
  if (healed.document.empty()) {  // Nobody knows of it.
    --digest_.documents;
    doubt_digest();
  } else {
    account_healed(keyspace::document_begin(key), digest_of(key, healed.document));
    append(LogRow{{}, {key}, {}, {}});
  }
  put_damage(key);
  drop_if_confirmed(key, peers);
  return {};
}

// `healed`, and the sound leaves that it knows nothing of, written anew.
Document Repository::salvage(const Remains& remains, Document healed) {
  Delta delta{healed.context(), {}, {}, {}};
  std::uint64_t minted = healed.context().of(run_);
  for (const Leaf& leaf : remains.sound) {
    if (healed.context().covers(leaf.dot)) continue;
    delta.written.push_back(leaf);
    delta.written.back().dot = Dot{run_, ++minted};
  }
  if (delta.written.empty()) return healed;
  delta.advance.advance(run_, minted);
  CHECK(healed.apply(delta) == Applied::kApplied);
  return healed;
}

// Every row of the document, whatever was there.
void Repository::replace(const std::string& key, const Cached& cached) {
  std::vector<Bytes> rows;
  txn_->scan(keyspace::document_begin(key), keyspace::document_end(key),
             [&](BytesView row, BytesView) {
               rows.emplace_back(row);
               return true;
             });
  for (const Bytes& row : rows) txn_->erase(row);
  if (cached.document.empty()) return;
  Touched all;
  for (const auto& [name, leaves] : cached.document.groups()) all.groups.push_back(name);
  for (const HandledMark& mark : cached.document.marks()) all.marks.push_back(mark.dot);
  store(key, cached, all);
}

// What the digest counts of something damaged, or hidden, nobody knows any more. A walk counts it
// anew, of this process or a later one.
void Repository::doubt_digest() {
  walk_due_ = true;
  if (std::exchange(digest_sound_, false)) txn_->put(keyspace::uncounted(), {});
}

// In the place of what nobody knows any more: the walk that is due counts the digest anew. One that
// is under way has left it out.
void Repository::account_healed(BytesView row, std::uint64_t after) {
  doubt_digest();
  if (!walk_ || row >= walk_->next) return;
  const bool document = row.starts_with(keyspace::documents());
  const BytesView key = document ? keyspace::document_of(row) : keyspace::tail_of(row);
  ++(document ? walk_->sum.documents : walk_->sum.records);
  walk_->sum.hash += after;
  walk_->parts.at(part_of(key)) += after;
}

void Repository::replace_damaged(const Record& record) {
  const Bytes row = keyspace::record(record.key);
  txn_->put(row, seal_value(record.value));
  account_healed(row, digest_of(record.key, record.value));
  ++damage_counts_.healed;
  if (damaged_records_.erase(record.key) == 0) ++damage_counts_.found;
  news_.push_back("record " + named(record.key) + " is healed from a peer");
}

void Repository::heal_record_without(const Bytes& key, const Bytes& peer,
                                     const std::set<Bytes>& peers) {
  const auto found = damaged_records_.find(key);
  if (found == damaged_records_.end()) return;
  found->second.insert(peer);
  if (!all_in(peers, found->second)) return;
  damaged_records_.erase(found);
  txn_->erase(keyspace::record(key));
  --digest_.records;
  doubt_digest();
  ++damage_counts_.lost;
  news_.push_back("record " + named(key) + " is lost: no peer holds a sound copy");
}

// --- the walk ---

bool Repository::walk(std::size_t rows_max, const OnItem& on_item) {
  if (!walk_) {
    walk_due_ = false;
    walk_ = Walk();
    walk_->next = keyspace::documents();
    for (const std::uint64_t seq : lost_rows_) walk_->lost_rows[seq];
  }
  std::size_t rows = 0;
  if (walk_->next < keyspace::documents_end()) rows = walk_documents(rows_max, on_item);
  if (rows < rows_max && walk_->next >= keyspace::documents_end()) {
    rows += walk_rows(rows_max - rows, on_item);
  }
  if (rows >= rows_max) return false;
  end_walk();
  return true;
}

// How many rows were read.
std::size_t Repository::walk_documents(std::size_t rows_max, const OnItem& on_item) {
  std::size_t rows = 0;
  while (rows < rows_max) {
    std::optional<std::string> key;
    txn_->scan(walk_->next, keyspace::documents_end(), [&](BytesView row, BytesView) {
      const std::string_view document = keyspace::document_of(row);
      if (key && *key != document) return false;
      if (!key) key = std::string(document);
      ++rows;
      return true;
    });
    if (!key) {
      walk_->next = keyspace::documents_end();
      return rows;
    }
    walk_document(*key, on_item);
    walk_->next = keyspace::document_end(*key);
  }
  return rows;
}

void Repository::count(const Item& item, const OnItem& on_item) {
  ++(item.document != nullptr ? walk_->sum.documents : walk_->sum.records);
  walk_->sum.hash += item.hash;
  walk_->parts.at(part_of(item.key)) += item.hash;
  if (on_item) on_item(item);
}

void Repository::walk_document(const std::string& key, const OnItem& on_item) {
  std::uint64_t seq = 0;
  Result<Document> document = read_rows(key, seq);
  if (const Cached* cached = find(key); !document && cached != nullptr) {
    // Memory holds what the rows did.
    replace(key, *cached);
    ++damage_counts_.found;
    ++damage_counts_.healed;
    news_.push_back("document " + key +
                    " was damaged in this peer's store; it is healed from memory");
    document = read_rows(key, seq);
  }
  if (!document) {
    std::ignore = damaged_document(key);
    return;
  }
  count({key, &*document, digest_of(key, *document)}, on_item);
  if (const auto lost = walk_->lost_rows.find(seq); lost != walk_->lost_rows.end()) {
    lost->second.push_back(key);
  }
}

// Rows of the log and records.
std::size_t Repository::walk_rows(std::size_t rows_max, const OnItem& on_item) {
  std::size_t rows = 0;
  std::vector<std::pair<std::uint64_t, LogRow>> logged;
  const auto read = [&](BytesView row, BytesView sealed) {
    if (rows == rows_max) return false;
    ++rows;
    walk_->next = Bytes(row).append(1, '\0');
    const Result<BytesView> value = open_value(sealed);
    const BytesView tail = keyspace::tail_of(row);
    if (row < keyspace::log_end()) {
      Result<LogRow> log = value ? decode_log_row(*value) : value.error();
      if (!log) std::ignore = damaged_log_row(from_big_endian(tail));
      if (log) note_named(log->records);
      if (log) logged.emplace_back(from_big_endian(tail), std::move(*log));
    } else if (value && hidden(tail, *value)) {
      walk_->hidden.emplace_back(row);
    } else if (value) {
      note_age(tail, *value, walk_->oldest);
      count({tail, nullptr, digest_of(tail, *value)}, on_item);
      note_unnamed(tail);
    } else {
      std::ignore = damaged_record(tail);
    }
    return true;
  };
  txn_->scan(std::max(walk_->next, keyspace::log(0)), keyspace::log_end(), read);
  if (rows < rows_max) {
    if (walk_->next < keyspace::records()) std::sort(walk_->named.begin(), walk_->named.end());
    txn_->scan(std::max(walk_->next, keyspace::records()), keyspace::records_end(), read);
  }
  erase_hidden();
  sweep(logged);
  return rows;
}

void Repository::note_named(const std::vector<Bytes>& records) {
  if (walk_->lost_rows.empty()) return;
  for (const Bytes& key : records) walk_->named.push_back(hash64(key));
}

// REQUIRES walk_->named in order.
void Repository::note_unnamed(BytesView key) {
  if (walk_->lost_rows.empty()) return;
  const auto& named = walk_->named;
  if (!std::binary_search(named.begin(), named.end(), hash64(key)))
    walk_->unnamed.emplace_back(key);
}

// A row is an index entry: which documents it was the last to touch, their headers say, and which
// records, that no other row names them. These go into rows of their own: a row that was lost may
// lie before or behind what a peer covers.
void Repository::rewrite_lost_rows() {
  constexpr std::size_t kRecordsMax = 512;  // In one row: half of what an offer takes.
  for (const auto& [seq, documents] : walk_->lost_rows) {
    txn_->put(keyspace::log(seq), seal_value(encode(LogRow{{}, documents, {}, digest_})));
    lost_rows_.erase(seq);
    ++damage_counts_.healed;
  }
  if (!walk_->lost_rows.empty()) tail_.clear();
  const std::vector<Bytes>& unnamed = walk_->unnamed;
  for (std::size_t at = 0; at < unnamed.size(); at += kRecordsMax) {
    const std::size_t end = std::min(unnamed.size(), at + kRecordsMax);
    const auto from = unnamed.begin() + static_cast<std::ptrdiff_t>(at);
    append(LogRow{{}, {}, {from, unnamed.begin() + static_cast<std::ptrdiff_t>(end)}, {}});
  }
}

void Repository::end_walk() {
  const StoreDigest sum = walk_->sum;
  parts_ = walk_->parts;
  oldest_ = walk_->oldest;
  rewrite_lost_rows();
  walk_.reset();
  walk_due_ = walk_due_ || !lost_rows_.empty();
  // A part that cannot be read is in neither sum; its healing makes another walk due.
  counted_ = unreadable() == 0 && damaged_records_.empty() && lost_rows_.empty();
  if (!counted_) return;
  // What was doubted while it went on, the next one counts.
  if (!walk_due_ && !std::exchange(digest_sound_, true)) txn_->erase(keyspace::uncounted());
  if (std::exchange(digest_, sum) == sum || head_ == 0) return;
  Result<LogRow> last = log_row(head_);
  if (!last) return;
  last->digest = digest_;
  tail_.clear();
  txn_->put(keyspace::log(head_), seal_value(encode(*last)));
}

std::optional<ReplicaId> Repository::put_back_run() {
  const auto sealed = txn_->get(keyspace::put_back());
  if (!sealed) return std::nullopt;
  const Result<BytesView> run = open_value(*sealed);
  if (!run || run->size() != sizeof(std::uint64_t)) return std::nullopt;
  return ReplicaId{from_big_endian(*run)};
}

void Repository::set_put_back_run(std::optional<ReplicaId> run) {
  if (run) {
    txn_->put(keyspace::put_back(), seal_value(big_endian(run->value)));
  } else if (txn_->get(keyspace::put_back())) {
    txn_->erase(keyspace::put_back());
  }
}

}  // namespace crdt
