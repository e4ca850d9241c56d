#include "gossip/answer_queue.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"
#include "crdt/codec.h"
#include "gossip/wire.h"

namespace gossip {
namespace {

// What an item takes in memory, roughly: also where all of it is short.
constexpr std::size_t kItemBytes = 64;

std::size_t size_of(const DocumentContext& wanted) {
  return kItemBytes + wanted.key.size() +
         wanted.context.entries().size() * sizeof(crdt::VersionVector::Entry);
}

std::size_t size_of(const crdt::Bytes& key) { return kItemBytes + key.size(); }

}  // namespace

bool AnswerQueue::add(const Want& want) {
  for (const DocumentContext& document : want.documents) wanted_bytes_ += size_of(document);
  for (const crdt::Bytes& key : want.records) wanted_bytes_ += size_of(key);
  if (wanted_bytes_ > kWantedBytesMax) return false;
  documents_.insert(documents_.end(), want.documents.begin(), want.documents.end());
  records_.insert(records_.end(), want.records.begin(), want.records.end());
  return true;
}

FragmentPart AnswerQueue::next_part() {
  const std::size_t from = part_ * kFragmentPartMax;
  const bool last = from + kFragmentPartMax >= fragment_.size();
  FragmentPart part{key_, part_++, last, fragment_.substr(from, kFragmentPartMax)};
  if (last) fragment_.clear();
  return part;
}

Records AnswerQueue::next_records(crdt::Repository& repository) {
  Records answer;
  std::size_t bytes = 0;
  for (; !records_.empty(); records_.pop_front()) {
    const crdt::Bytes& key = records_.front();
    const auto held = repository.record(key);
    if (held && *held) {
      const std::size_t size = key.size() + (*held)->size();
      if (bytes + size > kRecordsBytesMax && !answer.records.empty()) break;
      bytes += size;
      answer.records.push_back({key, **held});
    } else {
      lacking_.records.push_back(key);
    }
    wanted_bytes_ -= size_of(key);
  }
  return answer;
}

Message AnswerQueue::next(crdt::Repository& repository) {
  CHECK(!empty());
  if (fragment_.empty() && !documents_.empty()) {
    const DocumentContext wanted = std::move(documents_.front());
    documents_.pop_front();
    wanted_bytes_ -= size_of(wanted);
    const auto fragment = repository.fragment(wanted.key, wanted.context);
    if (!fragment) return Lacking{{wanted.key}, {}};
    key_ = wanted.key;
    part_ = 0;
    fragment_ = crdt::encode(*fragment);
  }
  if (!fragment_.empty()) return next_part();
  Records answer = next_records(repository);
  if (answer.records.empty()) return std::exchange(lacking_, {});
  return answer;
}

}  // namespace gossip
