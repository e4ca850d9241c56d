// AnswerQueue: what one peer wants of this store and has not been sent yet.
//
// Shape    answers are made one message at a time, in the order wanted, documents first, so that
//          however much is wanted, little of it is in memory at once.
// Size     kWantedBytesMax of wants, one encoded fragment.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "crdt/repository.h"
#include "crdt/result.h"
#include "gossip/message.h"

namespace gossip {

class AnswerQueue {
 public:
  // An Offer may name kListMax documents and records: keys and contexts of some 200 octets each,
  // where most are of a tenth and most offers name a few dozen.
  static constexpr std::size_t kWantedBytesMax = 8 << 20;

  // Records of one answer, so that no message nears the frame's limit. One record always fits.
  static constexpr std::size_t kRecordsBytesMax = 256 << 10;

  // False where that is more than an offer can cause.
  [[nodiscard]] bool add(const Want& want);

  // The peer has begun another scan: what the old one wanted is of no use.
  void clear() { *this = {}; }

  [[nodiscard]] bool empty() const {
    return fragment_.empty() && documents_.empty() && records_.empty() && lacking_.records.empty();
  }

  // The next answer: a part of a document, records, or what of it is lacking here. REQUIRES that it
  // is not empty.
  [[nodiscard]] Message next(crdt::Repository& repository);

 private:
  FragmentPart next_part();
  Records next_records(crdt::Repository& repository);

  std::deque<DocumentContext> documents_;
  std::deque<crdt::Bytes> records_;
  Lacking lacking_;  // Among those records, so far.
  std::size_t wanted_bytes_ = 0;

  std::string key_;         // Of the fragment on its way,
  crdt::Bytes fragment_;    // its bytes; empty where there is none,
  std::uint32_t part_ = 0;  // and which part of it is next.
};

}  // namespace gossip
