#include "gossip/log_sender.h"

#include <algorithm>
#include <map>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"
#include "gossip/wire.h"

namespace gossip {

namespace {

// Whether a row after `seq` will offer `key` by name, so that this one need not. A row that came
// from a peer is left out or offered by its source, and speaks only for its own change.
crdt::Result<bool> offered_later(crdt::Repository& repository, const std::string& key,
                                 std::uint64_t seq) {
  const crdt::Result<std::uint64_t> last = repository.last_touched(key);
  if (!last) return last.error();
  if (*last == seq) return false;
  if (*last == 0) return true;  // Healed to nothing: nobody holds it.
  if (crdt::planted(crdt::Bug::kStaleRowLeftOut)) return true;
  const crdt::Result<crdt::LogRow> row = repository.log_row(*last);
  if (!row) return row.error();
  return row->source.seq == 0;
}

}  // namespace

void LogSender::resume(std::uint32_t scan, std::uint64_t told, std::uint8_t offers_max,
                       std::uint64_t held) {
  resumed_ = true;
  live_ = false;
  spelt_ = false;
  offers_max_ = std::min(offers_max, kOffersMax);
  scan_ = scan;
  told_ = told;
  held_ = held;
  open_.clear();
  pushed_.clear();
  unacked_.clear();
}

void LogSender::catch_up() {
  while (!pushed_.empty() && *pushed_.begin() <= told_ + 1) {
    told_ = std::max(told_, *pushed_.begin());
    pushed_.erase(pushed_.begin());
  }
}

void LogSender::pushed(std::uint64_t seq) {
  CHECK(may_push());
  unacked_.insert(seq);
  pushed_.insert(seq);
  // While an offer is open, its end decides: only then are the rows before this one settled.
  if (open_.empty()) catch_up();
}

void LogSender::acknowledged(const Pushed& pushed) {
  for (const std::uint64_t seq : pushed.seqs) unacked_.erase(seq);
}

crdt::Result<Offer> LogSender::build(crdt::Repository& repository, crdt::ReplicaId receiver,
                                     bool by_source) {
  const std::uint64_t from = offered();
  Offer offer{scan_, from, std::max(from, held_), false, {}, {}, {}};
  std::map<crdt::ReplicaId, std::uint64_t> sources;
  std::map<std::string, std::uint64_t> touched;  // Document -> the newest of these rows with it.
  std::size_t rows = 0;
  const auto scanned =
      repository.scan_log(offer.to, [&](std::uint64_t seq, const crdt::LogRow& row) {
        const bool full = ++rows > offer_rows_max_ ||
                          touched.size() + row.documents.size() > kOfferDocumentsMax ||
                          offer.records.size() + row.records.size() > kOfferRecordsMax;
        if (full && offer.to != from) return false;  // One row always fits, whatever it names.
        offer.to = seq;
        if (row.source.run == receiver) return true;
        if (row.source.seq != 0 && by_source) {
          sources[row.source.run] = std::max(sources[row.source.run], row.source.seq);
          return true;
        }
        for (const std::string& key : row.documents) touched[key] = seq;
        offer.records.insert(offer.records.end(), row.records.begin(), row.records.end());
        return true;
      });
  if (!scanned) return scanned.error();
  for (const auto& [key, seq] : touched) {
    const crdt::Result<bool> stale = offered_later(repository, key, seq);
    if (!stale || *stale) {
      if (!stale) damaged_.push_back(stale.error());
      continue;
    }
    const crdt::Result<crdt::VersionVector> context = repository.context(key);
    if (!context) {
      damaged_.push_back(context.error());
      continue;
    }
    offer.documents.push_back({key, context_hash(*context)});
  }
  std::erase_if(offer.records, [&](const crdt::Bytes& key) {
    const auto record = repository.record(key);
    if (!record) damaged_.push_back(record.error());
    return !record || !*record;  // Forgotten, or given up: nobody shall ask for it.
  });
  for (const auto& [run, seq] : sources) offer.sources.push_back({run, seq});
  offer.tail = offer.to == repository.head();
  cut_ = !offer.tail;
  open_.push_back({offer.scan, offer.from, offer.to, offer.tail, {}, {}, {}});
  return offer;
}

crdt::Result<Offer> LogSender::next_offer(crdt::Repository& repository, crdt::ReplicaId receiver) {
  CHECK(has_room());
  cut_ = false;
  return build(repository, receiver, !spelt_);
}

crdt::Result<std::optional<Offer>> LogSender::expand(crdt::Repository& repository,
                                                     crdt::ReplicaId receiver,
                                                     const Expand& expand) {
  const auto lacked = offers_max_ == 1
                          ? open_.begin()
                          : std::find_if(open_.begin(), open_.end(),
                                         [&](const Offer& o) { return o.from == expand.from; });
  if (lacked == open_.end() || expand.scan != scan_) return std::optional<Offer>();
  open_.erase(lacked, open_.end());
  spelt_ = !live_;
  crdt::Result<Offer> offer = build(repository, receiver, false);
  if (!offer) return offer.error();
  return std::optional<Offer>(std::move(*offer));
}

bool LogSender::resolved(const Resolved& resolved) {
  if (open_.empty() || resolved.scan != scan_ || resolved.to != open_.front().to) return false;
  told_ = std::max(told_, open_.front().to);
  live_ = live_ || open_.front().tail;
  open_.pop_front();
  if (open_.empty()) catch_up();
  return true;
}

}  // namespace gossip
