// SentNames, ToldNames, HeardNames: names that a link carries once and only refers to afterwards.
//
// Shape    a name is any run of octets that comes again: a replica id, an author, a document's key,
//          a half of a path. A message refers to it by slot. The sender has one SentNames for all
//          its links, so that one encoding of a message serves them all; ToldNames is what one link
//          still has to be told before that message, HeardNames what its other end was told. Both
//          are forgotten with the link.
//            reference    varint: 2 * slot + 1; or 2 * length, and the octets: spelt out
//            definitions  slot, length (varints), octets; one after another
// Size     kNameSlots slots of at most kNameOctetsMax octets. The name used longest ago makes room,
//          but never one that the message at hand refers to; a name without a slot is spelt out.
// Laws     a definition says nothing about what a name is good for: whoever reads a reference
//          judges it as if it had been spelt out.
// Source   as the dynamic table of QPACK (RFC 9204), with the sender choosing the slot.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "crdt/byte_io.h"
#include "crdt/bytes.h"

namespace crdt {

// A thousand channels that change at the same time, and the tasks that change in them. Typically
// 100 KB on either side.
inline constexpr std::uint32_t kNameSlots = 2'048;

// A longer name is rare, and this bounds what a peer can make a link hold: 256 KB.
inline constexpr std::size_t kNameOctetsMax = 128;

// A reference takes up to two octets, and spelling out one more than the name.
inline constexpr std::size_t kNameOctetsMin = 2;

class SentNames {
 public:
  SentNames() = default;
  SentNames(const SentNames&) = delete;  // The index points into the names.
  SentNames& operator=(const SentNames&) = delete;

  // From here on another message refers to names.
  void begin_message();

  // Writes a reference to `name`, which may take the slot of another.
  void refer(ByteWriter& out, BytesView name);

 private:
  friend class ToldNames;

  struct Name {
    Bytes octets;
    std::uint32_t slot = 0;
    std::uint64_t version = 0;  // Of what the slot holds; counts all definitions from 1.
    std::uint64_t message = 0;  // The last one that referred to it.
  };
  using Names = std::list<Name>;

  Names::iterator define(BytesView name);  // end() where no slot may be taken.

  Names names_;                                     // The most recently used first.
  std::map<BytesView, Names::iterator> by_octets_;  // Into names_.
  std::vector<Names::iterator> used_;               // By the message at hand.
  std::uint64_t versions_ = 0;
  std::uint64_t message_ = 1;
};

class ToldNames {
 public:
  // Definitions of what the message at hand refers to and this link has not been told; empty where
  // it has been told all. The caller sends them, before that message.
  [[nodiscard]] Bytes tell(const SentNames& sent);

 private:
  std::vector<std::uint64_t> versions_;  // By slot; 0: nothing was told.
};

class HeardNames {
 public:
  // False where they are malformed or break a bound; those before the fault count.
  [[nodiscard]] bool define(BytesView definitions);

  // The name that `in` refers to, until the next define(). `in` becomes bad() where there is none.
  [[nodiscard]] BytesView name(ByteReader& in) const;

 private:
  std::vector<Bytes> names_;  // By slot; empty: nothing was told.
};

}  // namespace crdt
