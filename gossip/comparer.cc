#include "gossip/comparer.h"

#include <algorithm>
#include <numeric>

#include "gossip/wire.h"

namespace gossip {
namespace {

using crdt::Instant;
using crdt::Repository;
using Step = Compare::Step;

static_assert(Repository::kParts <= Compare::kNumbersMax && Repository::kParts <= 64);

bool in_mask(std::uint64_t mask, crdt::BytesView key) {
  return (mask >> Repository::part_of(key) & 1) != 0;
}

std::uint32_t short_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

std::vector<std::uint32_t> shortened(const std::set<std::uint64_t>& hashes) {
  std::vector<std::uint32_t> all;
  all.reserve(hashes.size());
  for (const std::uint64_t hash : hashes) all.push_back(short_of(hash));
  return all;
}

}  // namespace

void Comparer::begin(Instant now, std::vector<LinkId> links) {
  turns_ = std::move(links);
  next(now);
}

void Comparer::next(Instant now) {
  if (run_ || turns_.empty()) return;
  run_ = Run();
  run_->link = turns_.back();
  turns_.pop_back();
  run_->begins = true;
  run_->round = ++round_;
  run_->until = now + kEnds;
  ask(now);
}

void Comparer::ask(Instant now) {
  run_->try_at.reset();
  if (!repository_.counted()) {
    busy_ = true;
    return end(now);
  }
  Compare question;
  if (++run_->tries < kTries) {
    question.step = Step::kTotal;
    question.numbers = {repository_.digest().hash};
  } else {
    question.step = Step::kSums;
    question.numbers = {repository_.parts().begin(), repository_.parts().end()};
  }
  say(std::move(question));
}

void Comparer::end(Instant now) {
  run_.reset();
  walk_wanted_ = false;
  last_ended_ = now;
  next(now);
}

void Comparer::tick(Instant now) {
  if (!run_) return;
  if (run_->until <= now) return end(now);
  if (run_->try_at && *run_->try_at <= now) ask(now);
}

void Comparer::lost(Instant now, LinkId link) {
  std::erase(turns_, link);
  if (run_ && run_->link == link) end(now);
}

std::optional<Instant> Comparer::wake_at() const {
  if (!run_) return std::nullopt;
  return run_->try_at ? std::min(*run_->try_at, run_->until) : run_->until;
}

void Comparer::say(Compare compare) {
  compare.round = run_->round;
  said_.emplace_back(run_->link, std::move(compare));
}

void Comparer::answer(LinkId link, std::uint32_t round, Step step) {
  Compare compare;
  compare.step = step;
  compare.round = round;
  said_.emplace_back(link, std::move(compare));
}

// --- the walk ---

// Not before it has begun at the first row: what an earlier walk meets is not all.
bool Comparer::walks() const {
  return run_ && !walk_wanted_ &&
         (run_->phase == Phase::kCollecting || run_->phase == Phase::kFinding);
}

void Comparer::collect(Instant) {
  run_->phase = Phase::kCollecting;
  walk_wanted_ = true;
}

void Comparer::find(Instant) {
  run_->phase = Phase::kFinding;
  run_->names.step = Step::kNames;
  walk_wanted_ = true;
}

void Comparer::meet(const Repository::Item& item) {
  if (!in_mask(run_->mask, item.key)) return;
  if (run_->phase == Phase::kCollecting) {
    run_->items.push_back(item.hash);
    return;
  }
  if (!run_->wanted.contains(short_of(item.hash))) return;
  if (item.document != nullptr) {
    run_->names.documents.push_back(
        {std::string(item.key), context_hash(item.document->context())});
  } else {
    run_->names.records.emplace_back(item.key);
  }
  say_names(Compare::kNamesMax);
}

void Comparer::say_names(std::size_t at_least) {
  Compare& names = run_->names;
  if (names.documents.size() + names.records.size() < at_least) return;
  Compare said = std::exchange(names, {});
  names.step = Step::kNames;
  say(std::move(said));
}

void Comparer::walked(Instant now) {
  Run& run = *run_;
  const Phase done = std::exchange(run.phase, Phase::kTelling);
  if (done == Phase::kFinding) {
    say_names(1);
    Compare last;
    last.step = run.begins ? Step::kDone : Step::kFound;
    last.wanted = std::exchange(run.lacked, {});
    say(std::move(last));
    if (run.begins) end(now);
  } else if (run.begins) {
    run.source.emplace(std::exchange(run.items, {}));
    send_symbols();
  } else {
    run.decoder.emplace(std::exchange(run.items, {}));
    take_symbols(now);
  }
}

// --- the sketch ---

void Comparer::send_symbols() {
  crdt::SymbolSource& source = *run_->source;
  Compare compare;
  compare.step = Step::kSymbols;
  const std::size_t more = std::max<std::size_t>(kSymbolsFirst, source.made() / 8);
  compare.symbols = crdt::encode(source.next(more));
  say(std::move(compare));
}

void Comparer::take_symbols(Instant now) {
  if (run_->early.empty()) return;  // They are on their way.
  crdt::SetDecoder& decoder = *run_->decoder;
  decoder.take(std::exchange(run_->early, {}));
  if (!decoder.done()) {
    if (decoder.symbols() >= kSymbolsMax) return give_up(now);
    return answer(run_->link, run_->round, Step::kMore);
  }
  const auto& theirs = decoder.only_theirs();
  const auto& ours = decoder.only_ours();
  if (theirs.size() > Compare::kDifferMax || ours.size() > Compare::kDifferMax) return give_up(now);
  ++counts_.differed;
  run_->lacked = shortened(theirs);
  for (const std::uint32_t hash : shortened(ours)) run_->wanted.insert(hash);
  run_->decoder.reset();
  find(now);
}

void Comparer::give_up(Instant now) {
  ++counts_.differed;
  answer(run_->link, run_->round, Step::kAll);
  rescans_.push_back(run_->link);
  end(now);
}

// --- what the peer says ---

// Which parts differ; of a large store only so many that their items fit, and other ones in another
// round.
std::uint64_t Comparer::mask_of(const Compare& sums) const {
  const crdt::StoreDigest& digest = repository_.digest();
  const std::uint64_t each = (digest.documents + digest.records) / Repository::kParts + 1;
  std::uint64_t room = std::max<std::uint64_t>(1, kItemsMax / each);
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < Repository::kParts && room > 0; ++i) {
    const std::size_t part = (i + sums.round) % Repository::kParts;
    if (sums.numbers.at(part) == repository_.parts().at(part)) continue;
    mask |= std::uint64_t{1} << part;
    --room;
  }
  return mask;
}

Comparer::Verdict Comparer::on_question(Instant now, LinkId link, const Compare& compare) {
  const bool sums = compare.step == Step::kSums;
  if (compare.numbers.size() != (sums ? Repository::kParts : 1)) return "it compares other sums";
  if (!repository_.counted()) {
    answer(link, compare.round, Step::kBusy);
    return std::nullopt;
  }
  const std::uint64_t total =
      std::accumulate(compare.numbers.begin(), compare.numbers.end(), std::uint64_t{0});
  if (total == repository_.digest().hash) {
    ++counts_.same;
    answer(link, compare.round, Step::kSame);
    return std::nullopt;
  }
  if (!sums) {
    answer(link, compare.round, Step::kUnequal);
    return std::nullopt;
  }
  if (run_ && run_->link == link && !run_->begins) run_.reset();  // It began anew.
  const std::uint64_t mask = mask_of(compare);
  if (run_ || mask == 0) {
    answer(link, compare.round, Step::kBusy);
    return std::nullopt;
  }
  run_ = Run();
  run_->link = link;
  run_->round = compare.round;
  run_->until = now + kEnds;
  run_->mask = mask;
  Compare said;
  said.step = Step::kMask;
  said.numbers = {mask};
  say(std::move(said));
  collect(now);
  return std::nullopt;
}

Comparer::Verdict Comparer::on_answer(Instant now, const Compare& compare) {
  Run& run = *run_;
  switch (compare.step) {
    case Step::kSame:
      ++counts_.same;
      end(now);
      break;
    case Step::kUnequal:
      run.try_at = now + kTryAfter;
      break;
    case Step::kMask:
      if (compare.numbers.size() != 1 || compare.numbers.front() == 0) return "it compares nothing";
      run.mask = compare.numbers.front();
      collect(now);
      break;
    default:
      busy_ = true;
      end(now);
      break;
  }
  return std::nullopt;
}

Comparer::Verdict Comparer::on_symbols(Instant now, const Compare& compare) {
  auto symbols = crdt::decode_symbols(compare.symbols);
  if (!symbols) return "it sent " + symbols.error().message;
  Run& run = *run_;
  const bool awaited = run.phase == Phase::kCollecting || run.decoder;
  if (run.begins || !awaited || run.early.size() > kSymbolsMax) return "it sent symbols unasked";
  run.early.insert(run.early.end(), symbols->begin(), symbols->end());
  if (run.decoder) take_symbols(now);
  return std::nullopt;
}

Comparer::Verdict Comparer::take(Instant now, LinkId link, const Compare& compare, bool& accepted) {
  accepted = false;
  if (compare.step == Step::kTotal || compare.step == Step::kSums) {
    return on_question(now, link, compare);
  }
  // Whatever does not belong to what goes on now is of a comparison that was given up.
  if (!run_ || run_->link != link || run_->round != compare.round) return std::nullopt;
  Run& run = *run_;
  if (run.begins && run.phase == Phase::kAsking) return on_answer(now, compare);
  if (compare.step == Step::kSymbols) return on_symbols(now, compare);
  if (compare.step == Step::kAll || compare.step == Step::kBusy) {
    if (compare.step == Step::kAll) rescans_.push_back(link);
    if (compare.step == Step::kAll) ++counts_.differed;
    end(now);
  } else if (run.phase == Phase::kTelling && compare.step == Step::kMore && run.source) {
    if (run.source->made() > 2 * kSymbolsMax) return "it wants symbols without an end";
    send_symbols();
  } else if (run.phase == Phase::kTelling && compare.step == Step::kNames) {
    run.heard += compare.documents.size() + compare.records.size();
    accepted = run.heard <= 2 * Compare::kDifferMax;
  } else if (run.phase == Phase::kTelling && compare.step == Step::kFound && run.source) {
    ++counts_.differed;
    run.source.reset();
    run.wanted = {compare.wanted.begin(), compare.wanted.end()};
    find(now);
  } else if (run.phase == Phase::kTelling && compare.step == Step::kDone && !run.begins) {
    end(now);
  }
  return std::nullopt;
}

}  // namespace gossip
