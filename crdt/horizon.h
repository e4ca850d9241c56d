// Horizon: from when on a cluster keeps records.
//
// Shape    a document of its own, under kHorizonKey, that every peer holds and follows as soon as
//          it changes:
//            before      records that were made earlier are forgotten, whatever they are about
//            of/<key>    those that belong to the document `key`, and were made earlier than this
//          Each is a time as text, and of several values the latest counts: it only grows.
// Units    seconds since the Unix epoch, as Slack counts them: records carry what Slack signed.
// Size     some forty octets for each document that somebody had forgotten.
// Laws     a record is judged by what it says itself, never by when it came, so that peers with
//          equal documents hold equal records: tests/crdt/repository_retention_test.cc.
// Errors   values that are no time, and keys that are no document's, are passed over: peers write
//          them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "crdt/instant.h"

namespace crdt {

inline constexpr std::string_view kHorizonKey = "cluster/horizon";

// What a record says of itself.
struct Origin {
  WallTime made;
  std::uint64_t document = 0;  // document_id() of the one it belongs to.

  bool operator==(const Origin&) const = default;
};

[[nodiscard]] std::uint64_t document_id(std::string_view document_key);

class Horizon {
 public:
  Horizon() = default;
  explicit Horizon(const Document& document);

  // Whether anything is forgotten at all.
  [[nodiscard]] bool empty() const { return before_ == WallTime{} && of_.empty(); }
  [[nodiscard]] bool hides(const Origin& origin) const;

  [[nodiscard]] WallTime before() const { return before_; }
  // Since when the records of this document are kept: the later of both times.
  [[nodiscard]] WallTime of(std::string_view document_key) const;
  // The documents of which records were forgotten, by key, and until when.
  [[nodiscard]] const std::map<std::string, WallTime>& documents() const { return documents_; }

  // The later time of each. True where that is another than before.
  bool join(const Horizon& other);

  bool operator==(const Horizon&) const = default;

 private:
  WallTime before_{};
  std::map<std::string, WallTime> documents_;
  std::map<std::uint64_t, WallTime> of_;  // The same by document_id().
};

// How far a horizon may have come by now, for all records and for those of one document.
struct HorizonLimit {
  WallTime before = WallTime::max();
  WallTime of = WallTime::max();
};

// Whether this leaf, of the document under kHorizonKey, would forget more than that.
[[nodiscard]] bool is_beyond(const Leaf& leaf, const HorizonLimit& limit);

// Moves it in `edit`, which is of the document under kHorizonKey: for all records, or for those of
// one document. REQUIRES a document key of keyspace::kDocumentKeyBytesMax at most.
void move_horizon(Edit& edit, WallTime before);
void move_horizon_of(Edit& edit, std::string_view document_key, WallTime before);

}  // namespace crdt
