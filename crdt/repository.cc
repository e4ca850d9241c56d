#include "crdt/repository.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "crdt/checksum.h"
#include "crdt/codec.h"
#include "crdt/document_rows.h"
#include "crdt/hash64.h"
#include "crdt/keyspace.h"
#include "crdt/planted.h"

namespace crdt {
namespace {

// In leaves. A packed mark takes a third of what a leaf takes with its strings; an empty document
// counts, too, so that asking for many has a bound.
std::size_t cached_size(const Document& document) {
  const std::size_t marks = document.marks().size();
  return 1 + document.leaf_count() - marks + marks / 3;
}

// Nothing where it is damaged: a cursor may claim less than is covered, never more.
Cursor read_cursor(BytesView sealed) {
  const Result<BytesView> value = open_value(sealed);
  if (!value) return {};
  ByteReader in(*value);
  Cursor cursor;
  cursor.run.value = in.number();
  cursor.seq = in.number();
  return in.at_end() ? cursor : Cursor{};
}

// Of the documents that are read into a full cache, one in so many goes behind all others, and the
// rest is evicted next unless it is asked for again. Where more documents are in use by turns than
// fit, most of the cache stays useful; with the least recently used one evicted first, none of it
// would. Source: bimodal insertion of Qureshi, Jaleel, Patt, Steely, Emer: "Adaptive Insertion
// Policies for High Performance Caching", ISCA 2007; drawn by what is at hand and moves.
constexpr std::uint64_t kStaysOneIn = 32;

bool stays(const std::string& key, std::uint64_t head) {
  return (hash64(key) + head) % kStaysOneIn == 0;
}

// What offers reach back: a second of a busy cluster. Rows of commands name two or three things.
constexpr std::size_t kTailRowsMax = 256;
constexpr std::size_t kTailNamesMax = 16;

bool has_gap(const Document& document, const Delta& delta) {
  return !document.context().covers(delta.advance) && !document.follows(delta);
}

}  // namespace

Result<void> Repository::open() {
  head_ = 0;
  tail_.clear();
  digest_ = {};
  catching_up_.clear();
  if (const auto sealed = txn_->get(keyspace::catching_up())) {
    const Result<BytesView> why = open_value(*sealed);
    catching_up_ = why ? std::string(*why) : "its mark is damaged";
  }
  digest_sound_ = !txn_->get(keyspace::uncounted());
  const std::string horizon(kHorizonKey);
  std::uint64_t touched = 0;
  // Where it is damaged: what was erased may come again, until it is healed and that goes anew.
  if (const auto document = read_rows(horizon, touched)) horizon_.join(Horizon(*document));
  walk_due_ = walk_due_ || !digest_sound_;
  const std::optional<Bytes> last = txn_->last_key(keyspace::log(0), keyspace::log_end());
  if (last) head_ = from_big_endian(keyspace::tail_of(*last));
  // The digest of a damaged row is lost: an earlier one serves until a walk has counted it anew.
  for (std::uint64_t seq = head_; seq > 0; --seq) {
    const Result<LogRow> row = log_row(seq);
    if (!row) continue;
    digest_ = row->digest;
    break;
  }
  if (!lost_rows_.empty()) return Error("the newest row of the replication log is damaged");
  return {};
}

void Repository::begin_run(ReplicaId self) {
  CHECK(self != ReplicaId{});
  run_ = self;
  // A run that wrote nothing stays listed: peers' cursors may name it. Several runs can begin at
  // one row, so they are numbered.
  const auto last = txn_->last_key(keyspace::runs(), keyspace::runs_end());
  const std::uint64_t ordinal = last ? ByteReader(keyspace::tail_of(*last)).number() + 1 : 1;
  txn_->put(keyspace::run(ordinal, head_ + 1, self.value), {});
  load_damages();
}

Result<Document> Repository::read(const std::string& key, std::uint64_t& seq) {
  Result<Document> document = read_rows(key, seq);
  if (!document) return damaged_document(key);
  return document;
}

Result<Document> Repository::read_rows(const std::string& key, std::uint64_t& seq) {
  seq = 0;
  VersionVector context;
  std::vector<Leaf> leaves;
  std::vector<HandledMark> marks;
  std::optional<Error> error;
  const Bytes header = keyspace::document_header(key);
  const Bytes begin = keyspace::document_begin(key);
  txn_->scan(begin, keyspace::document_end(key), [&](BytesView row, BytesView sealed) {
    const Result<BytesView> value = open_value(sealed);
    if (!value) {
      error = value.error();
      return false;
    }
    if (row == header) {
      Result<DocumentHeader> stored = decode_header(*value);
      if (!stored) error = stored.error();
      if (stored) seq = stored->seq;
      if (stored) context = std::move(stored->context);
    } else if (keyspace::is_mark(row)) {
      const Result<HandledMark> mark = decode_mark(*value);
      if (!mark) error = mark.error();
      if (mark) marks.push_back(*mark);
    } else {
      Result<std::vector<Leaf>> group = decode_leaves(*value);
      if (!group) error = group.error();
      if (group) std::move(group->begin(), group->end(), std::back_inserter(leaves));
    }
    return !error;
  });
  if (error) return *error;
  const auto covered = [&](const auto& one) { return context.covers(one.dot); };
  if (!std::all_of(leaves.begin(), leaves.end(), covered) ||
      !std::all_of(marks.begin(), marks.end(), covered)) {
    return Error("a leaf is not covered");
  }
  return Document(std::move(context), std::move(leaves), marks);
}

Repository::Cached* Repository::find(const std::string& key) {
  if (recent_ == cache_.end() || recent_->first != key) recent_ = cache_.find(key);
  return recent_ == cache_.end() ? nullptr : &recent_->second;
}

Result<Repository::Cached*> Repository::load(const std::string& key) {
  CHECK(keyspace::valid_document_key(key));
  const bool again = recent_ != cache_.end() && recent_->first == key;  // The same request asks.
  if (Cached* cached = find(key)) {
    if (!again) ages_.splice(ages_.end(), ages_, cached->age);
    return cached;
  }
  if (const auto known = damages_.find(key); known != damages_.end() && !known->second.healed) {
    return damaged_document(key);
  }
  std::uint64_t seq = 0;
  Result<Document> document = read(key, seq);
  if (!document) return document.error();
  const bool kept = cached_leaves_ <= kCachedLeavesMax || stays(key, head_);
  evict();
  recent_ = cache_.try_emplace(key).first;
  Cached& cached = recent_->second;
  cached.document = std::move(*document);
  cached.seq = seq;
  cached.age = ages_.insert(kept ? ages_.end() : ages_.begin(), key);
  cached_leaves_ += cached_size(cached.document);
  return &cached;
}

// Before a document is loaded: what the caller holds stays valid until its next call.
void Repository::evict() {
  recent_ = cache_.end();
  while (cached_leaves_ > kCachedLeavesMax && !ages_.empty()) {
    drop(cache_.find(ages_.front()));
  }
}

void Repository::drop(std::map<std::string, Cached>::iterator cached) {
  CHECK(cached != cache_.end());
  if (recent_ == cached) recent_ = cache_.end();
  cached_leaves_ -= cached_size(cached->second.document);
  ages_.erase(cached->second.age);
  cache_.erase(cached);
}

Result<const Document*> Repository::document(const std::string& key) {
  const Result<Cached*> cached = load(key);
  if (!cached) return cached.error();
  return &(*cached)->document;
}

Result<Fragment> Repository::fragment(const std::string& key, const VersionVector& asker) {
  if (const Cached* cached = find(key)) return cached->document.fragment(asker);
  if (const auto known = damages_.find(key); known != damages_.end() && !known->second.healed) {
    return damaged_document(key);
  }
  std::uint64_t seq = 0;
  const Result<Document> document = read(key, seq);
  if (!document) return document.error();
  return document->fragment(asker);
}

Result<VersionVector> Repository::context(const std::string& key) {
  if (const Cached* cached = find(key)) return cached->document.context();
  if (const auto known = damages_.find(key); known != damages_.end() && !known->second.healed) {
    return damaged_document(key);
  }
  const auto sealed = txn_->get(keyspace::document_header(key));
  if (!sealed) return VersionVector{};
  const Result<BytesView> value = open_value(*sealed);
  if (!value) return damaged_document(key);
  Result<DocumentHeader> header = decode_header(*value);
  if (!header) return damaged_document(key);
  return std::move(header->context);
}

VersionVector Repository::previous_context(const std::string& key) {
  const Cached* cached = find(key);
  return cached == nullptr ? VersionVector{} : cached->previous;
}

// `row`: any row of the document, or the record's.
void Repository::account(BytesView row, std::optional<std::uint64_t> before, std::uint64_t after) {
  const bool document = row.starts_with(keyspace::documents());
  const std::size_t part = part_of(document ? keyspace::document_of(row) : keyspace::tail_of(row));
  const auto change = [&](StoreDigest& digest, Parts& parts) {
    if (!before) ++(document ? digest.documents : digest.records);
    digest.hash += after - before.value_or(0);
    parts.at(part) += after - before.value_or(0);
  };
  change(digest_, parts_);
  if (walk_ && row < walk_->next) change(walk_->sum, walk_->parts);
}

void Repository::store(const std::string& key, const Cached& cached, const Touched& touched) {
  const Document& document = cached.document;
  txn_->put(keyspace::document_header(key),
            seal_value(encode(DocumentHeader{cached.seq, document.context()})));
  for (const std::string& name : touched.groups) {
    const auto group = document.groups().find(name);
    const Bytes row = keyspace::document_group(key, name);
    if (group == document.groups().end()) {
      txn_->erase(row);
    } else {
      txn_->put(row, seal_value(encode_leaves(group->second)));
    }
  }
  for (const Dot& dot : touched.marks) {
    const Bytes row = keyspace::document_mark(key, dot);
    if (const HandledMark* mark = document.mark(dot)) {
      txn_->put(row, seal_value(encode(*mark)));
    } else {
      txn_->erase(row);
    }
  }
}

bool Repository::insert(const Record& record) {
  if (hidden(record.key, record.value)) return false;
  const Bytes row = keyspace::record(record.key);
  const auto sealed = txn_->get(row);
  const bool known = sealed.has_value();
  std::optional<std::uint64_t> before;
  if (known) {
    const Result<BytesView> held = open_value(*sealed);
    if (held && *held >= record.value) return false;
    if (held) before = digest_of(record.key, *held);
    if (!held) {
      replace_damaged(record);
      return true;
    }
  }
  txn_->put(row, seal_value(record.value));
  account(row, before, digest_of(record.key, record.value));
  if (counted_) note_age(record.key, record.value, oldest_);
  if (walk_) note_age(record.key, record.value, walk_->oldest);
  // A greater value under a known key is no new fact: folds count each record once.
  if (on_insert_ && !known) on_insert_(record);
  return true;
}

std::uint64_t Repository::append(LogRow row) {
  row.digest = digest_;
  txn_->put(keyspace::log(++head_), seal_value(encode(row)));
  keep_in_tail(std::move(row));
  return head_;
}

void Repository::keep_in_tail(LogRow row) {
  // A longer one is as cheap to read again as to keep.
  if (row.documents.size() + row.records.size() > kTailNamesMax) return tail_.clear();
  if (tail_.size() == kTailRowsMax) tail_.pop_front();
  tail_.push_back(std::move(row));
}

Result<Repository::Outcome> Repository::apply(const Change& change, Cursor source) {
  for (const DocumentDelta& part : change.deltas) {
    const Result<Cached*> cached = load(part.key);
    if (!cached) return cached.error();
    if (has_gap((*cached)->document, part.delta)) return Outcome{Applied::kGap, 0};
  }
  LogRow row{source, {}, {}, {}};
  for (const DocumentDelta& part : change.deltas) {
    const Result<Cached*> loaded = load(part.key);
    if (!loaded) return loaded.error();
    Cached& cached = **loaded;
    Touched touched;
    const bool known = !cached.document.empty();
    const std::uint64_t own_before = cached.document.context().of(run_);
    const auto before = known ? std::optional(digest_of(part.key, cached.document)) : std::nullopt;
    const std::size_t size_before = cached_size(cached.document);
    if (cached.document.apply(part.delta, &touched) != Applied::kApplied) continue;
    cached_leaves_ += cached_size(cached.document) - size_before;
    cached.seq = head_ + 1;
    if (part.delta.advance.of(run_) > own_before) cached.previous = cached.document.context();
    account(keyspace::document_begin(part.key), before, digest_of(part.key, cached.document));
    store(part.key, cached, touched);
    row.documents.push_back(part.key);
    follow_horizon(part.key, cached.document);
  }
  for (const Record& record : change.records) {
    if (insert(record)) row.records.push_back(record.key);
  }
  if (row.documents.empty() && row.records.empty()) return Outcome{Applied::kDuplicate, 0};
  return Outcome{Applied::kApplied, append(std::move(row))};
}

Result<Repository::Merged> Repository::merge(const std::string& key, const Fragment& fragment,
                                             ReplicaId holder) {
  const bool in_use = find(key) != nullptr;
  const Result<Cached*> cached = load(key);
  if (!cached) return cached.error();
  const bool all_of_it = fragment.context.covers((*cached)->document.context());
  std::optional<Delta> brought = (*cached)->document.brought_by(fragment);
  if (!brought) return Merged{true, {}, 0};
  if (brought->advance.empty()) return Merged{};
  Merged merged{false, Change{{DocumentDelta{key, std::move(*brought)}}, {}}, 0};
  const Result<Outcome> outcome = apply(merged.brought, {all_of_it ? holder : ReplicaId{}, 0});
  if (!outcome) return outcome.error();
  CHECK(outcome->applied == Applied::kApplied);
  if (!in_use) drop(cache_.find(key));
  merged.seq = outcome->seq;
  return merged;
}

Result<std::optional<Bytes>> Repository::record(BytesView key) {
  const auto sealed = txn_->get(keyspace::record(key));
  if (!sealed) return std::optional<Bytes>();
  const Result<BytesView> value = open_value(*sealed);
  if (!value) return damaged_record(key);
  if (hidden(key, *value)) return std::optional<Bytes>();
  return std::optional<Bytes>(Bytes(*value));
}

Result<void> Repository::scan_records(BytesView prefix,
                                      const std::function<bool(BytesView, BytesView)>& visit) {
  std::optional<Error> error;
  const Bytes from = keyspace::record(prefix);
  txn_->scan(from, {}, [&](BytesView row, BytesView sealed) {
    if (!row.starts_with(from)) return false;
    const Result<BytesView> value = open_value(sealed);
    if (!value) {
      error = damaged_record(keyspace::tail_of(row));
      return true;
    }
    return hidden(keyspace::tail_of(row), *value) || visit(keyspace::tail_of(row), *value);
  });
  if (error) return *error;
  return {};
}

Result<void> Repository::scan_documents(
    const std::function<void(const std::string&, const Document&)>& visit) {
  Bytes from = keyspace::documents();
  while (true) {
    std::optional<std::string> key;
    txn_->scan(from, keyspace::documents_end(), [&](BytesView row, BytesView) {
      key = std::string(keyspace::document_of(row));
      return false;
    });
    if (!key) return {};
    if (const Cached* cached = find(*key)) {
      visit(*key, cached->document);
    } else {
      std::uint64_t seq = 0;
      const Result<Document> document = read(*key, seq);
      if (!document) return document.error();
      visit(*key, *document);
    }
    from = keyspace::document_end(*key);
  }
}

Result<void> Repository::scan_log(std::uint64_t after,
                                  const std::function<bool(std::uint64_t, const LogRow&)>& visit) {
  if (head_ <= after + tail_.size()) {
    const std::uint64_t before = head_ - tail_.size();
    for (std::uint64_t seq = std::max(after, before) + 1; seq <= head_; ++seq) {
      if (!visit(seq, tail_[seq - before - 1])) break;
    }
    return {};
  }
  std::optional<Error> error;
  txn_->scan(keyspace::log(after + 1), keyspace::log_end(), [&](BytesView key, BytesView sealed) {
    const std::uint64_t seq = from_big_endian(keyspace::tail_of(key));
    const Result<BytesView> value = open_value(sealed);
    const Result<LogRow> row = value ? decode_log_row(*value) : value.error();
    if (!row) {
      error = damaged_log_row(seq);
      return false;
    }
    return visit(seq, *row);
  });
  if (error) return *error;
  return {};
}

Result<LogRow> Repository::log_row(std::uint64_t seq) {
  const auto sealed = txn_->get(keyspace::log(seq));
  if (!sealed) return Error("row " + std::to_string(seq) + " of the replication log is not there");
  const Result<BytesView> value = open_value(*sealed);
  Result<LogRow> row = value ? decode_log_row(*value) : value.error();
  if (!row) return damaged_log_row(seq);
  return row;
}

Result<std::uint64_t> Repository::last_touched(const std::string& key) {
  if (const Cached* cached = find(key)) return cached->seq;
  const auto sealed = txn_->get(keyspace::document_header(key));
  if (!sealed) return std::uint64_t{0};
  const Result<BytesView> value = open_value(*sealed);
  if (!value) return damaged_document(key);
  return ByteReader(*value).number();
}

std::uint64_t Repository::usable(const Cursor& cursor) {
  if (cursor.run == run_) return std::min(cursor.seq, head_);
  std::optional<std::uint64_t> end;  // The last seq of the cursor's run, once that run was seen.
  bool found = false;
  txn_->scan(keyspace::runs(), keyspace::runs_end(), [&](BytesView key, BytesView) {
    ByteReader in(keyspace::tail_of(key));
    std::ignore = in.number();  // The ordinal, by which they are sorted.
    const std::uint64_t first = in.number();
    if (found) {
      end = first - 1;
      return false;
    }
    found = in.number() == cursor.run.value;
    return true;
  });
  if (!found) return planted(Bug::kUnknownRunTrusted) ? std::min(cursor.seq, head_) : 0;
  if (planted(Bug::kTurso8129)) end.reset();
  return std::min({cursor.seq, end.value_or(head_), head_});
}

Cursor Repository::cursor(BytesView peer) {
  const auto sealed = txn_->get(keyspace::cursor(peer));
  return sealed ? read_cursor(*sealed) : Cursor{};
}

void Repository::set_cursor(BytesView peer, const Cursor& cursor) {
  const Bytes value = ByteWriter().number(cursor.run.value).number(cursor.seq).take();
  txn_->put(keyspace::cursor(peer), seal_value(value));
}

void Repository::set_catching_up(const std::string& why) {
  catching_up_ = why;
  if (why.empty()) {
    txn_->erase(keyspace::catching_up());
  } else {
    txn_->put(keyspace::catching_up(), seal_value(why));
  }
}

bool Repository::judged_by(BytesView basis) {
  const auto sealed = txn_->get(keyspace::basis());
  const Result<BytesView> last = sealed ? open_value(*sealed) : BytesView();
  if (last && *last == basis) return false;
  txn_->put(keyspace::basis(), seal_value(Bytes(basis)));
  if (!sealed) return false;  // Nothing was ever judged by another.
  for (const auto& [peer, cursor] : cursors()) txn_->erase(keyspace::cursor(peer));
  return true;
}

std::map<Bytes, Cursor> Repository::cursors() {
  std::map<Bytes, Cursor> all;
  txn_->scan("c", keyspace::cursors_end(), [&](BytesView key, BytesView sealed) {
    all.emplace(keyspace::tail_of(key), read_cursor(sealed));
    return true;
  });
  return all;
}

}  // namespace crdt
