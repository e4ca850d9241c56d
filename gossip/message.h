// Message: what one peer says to another. A frame carries some of them, in order.
//
// Shape    a link begins with Hello and Linked both ways, then each side, as receiver, says Resume:
//          how far it covers the other's log. The other, as sender, answers with Offers up to its
//          tail; each is answered by Wants and, when all of it is covered durably, by Resolved.
//          From then on local changes are Pushed at once, and what came from third peers is offered
//          late and by name only: whoever is linked to its source has it already.
// Units    seq counts rows of the sender's log (crdt/log_row.h). scan numbers the receiver's
//          Resumes: what belongs to an earlier scan is ignored.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "crdt/bytes.h"
#include "crdt/dot.h"
#include "crdt/log_row.h"
#include "crdt/record.h"
#include "crdt/repository.h"
#include "crdt/version_vector.h"
#include "gossip/member.h"

namespace gossip {

inline constexpr std::uint16_t kWireVersion = 1;

inline constexpr std::size_t kListMax = 16'384;  // Entries of any list in one message.

struct Hello {
  std::uint16_t version = kWireVersion;
  crdt::ReplicaId run;     // The sender's replica id and the run of its log: one per process start.
  std::uint64_t head = 0;  // Where its log stands.
  std::string name;
  char letter = 0;              // Of the tasks that it makes; 0 where it does not say.
  std::uint16_t keep_days = 0;  // For how long it would keep records; 0 where it does not say.

  bool operator==(const Hello&) const = default;
};

struct Resume {
  std::uint32_t scan = 0;
  crdt::Cursor cursor;          // "I cover everything your store held there."
  std::uint8_t offers_max = 1;  // That the sender of this settles at a time; at least 1.
  // Where there is no cursor: the sum of all that the sender of this holds (crdt::StoreDigest). Who
  // holds the same has nothing to name. 0: not said.
  std::uint64_t holds = 0;

  bool operator==(const Resume&) const = default;
};

// The runs that the sender holds an established link to: what it receives first-hand need not be
// forwarded to these.
struct Linked {
  std::vector<crdt::ReplicaId> runs;
  bool catching_up = false;  // The sender's store is: whole sessions with it prove nothing.

  bool operator==(const Linked&) const = default;
};

struct Push {
  std::uint64_t seq = 0;   // The row that logs it at the sender.
  bool firsthand = false;  // Made by the sender itself: every dot is of the run it announced.
  crdt::Change change;

  bool operator==(const Push&) const = default;
};

// These pushes are durable here.
struct Pushed {
  std::vector<std::uint64_t> seqs;

  bool operator==(const Pushed&) const = default;
};

struct DocumentHash {
  std::string key;
  std::uint64_t hash = 0;  // context_hash() of its version vector.

  bool operator==(const DocumentHash&) const = default;
};

// What the sender's log holds in (from, to].
struct Offer {
  std::uint32_t scan = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  bool tail = false;  // `to` is the end of the log: once resolved, the cursor may move there.
  // Rows that came first-hand from third peers: whoever covers these cursors has them.
  std::vector<crdt::Cursor> sources;
  std::vector<DocumentHash> documents;
  std::vector<crdt::Bytes> records;  // Keys.

  bool operator==(const Offer&) const = default;
};

// The sources of the offer that begins there are not all covered here: spell its rows out. Offers
// behind it are passed over, and come again.
struct Expand {
  std::uint32_t scan = 0;
  std::uint64_t from = 0;

  bool operator==(const Expand&) const = default;
};

// All that was offered up to `to` is covered here, durably.
struct Resolved {
  std::uint32_t scan = 0;
  std::uint64_t to = 0;

  bool operator==(const Resolved&) const = default;
};

struct DocumentContext {
  std::string key;
  crdt::VersionVector context;  // The asker's: the fragment is relative to it.

  bool operator==(const DocumentContext&) const = default;
};

struct Want {
  std::vector<DocumentContext> documents;
  std::vector<crdt::Bytes> records;  // Keys.

  bool operator==(const Want&) const = default;
};

// A part of an encoded crdt::Fragment; merged whole, after its last part.
struct FragmentPart {
  std::string key;
  std::uint32_t index = 0;
  bool last = false;
  crdt::Bytes bytes;

  bool operator==(const FragmentPart&) const = default;
};

// Answers a Want: those of its records that the sender holds.
struct Records {
  std::vector<crdt::Record> records;

  bool operator==(const Records&) const = default;
};

// Answers a Want, too: what of it the sender does not hold, or not sound.
struct Lacking {
  std::vector<std::string> documents;
  std::vector<crdt::Bytes> records;

  bool operator==(const Lacking&) const = default;
};

// Two peers compare all they hold (gossip/comparer.h).
struct Compare {
  static constexpr std::size_t kNumbersMax = 64;    // Sums.
  static constexpr std::size_t kDifferMax = 2'048;  // Items that one side alone holds.
  static constexpr std::size_t kNamesMax = 256;     // In one message; as in one Want.

  enum class Step : std::uint8_t {
    kTotal,    // numbers: the sum of all items.
    kSame,     // Nothing differs.
    kUnequal,  // Something does, at the moment.
    kBusy,
    kSums,     // numbers: the sum of each part of the keys.
    kMask,     // numbers: which parts are compared, one bit each.
    kSymbols,  // symbols: the next ones of the sketch of these parts' items.
    kMore,     // They were too few.
    kNames,    // documents, records: what the sender holds and the receiver does not, or not so.
    kFound,    // wanted: what the receiver alone holds, by the upper halves of the hashes.
    kDone,
    kAll,  // Too much differs.
  };

  Step step = Step::kTotal;
  std::uint32_t round = 0;
  std::vector<std::uint64_t> numbers;
  crdt::Bytes symbols;
  std::vector<std::uint32_t> wanted;
  std::vector<DocumentHash> documents;
  std::vector<crdt::Bytes> records;

  bool operator==(const Compare&) const = default;
};

struct Ping {
  bool operator==(const Ping&) const = default;
};

struct Pong {
  bool operator==(const Pong&) const = default;
};

using Message = std::variant<Hello, Resume, Linked, Push, Pushed, Offer, Expand, Resolved, Want,
                             FragmentPart, Records, Ping, Pong, Lacking, Swim, Compare>;

}  // namespace gossip
