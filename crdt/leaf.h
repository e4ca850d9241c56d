// Leaf: one live value of one field of a document.
//
// Shape    path   '/'-separated field name, such as "t/3f9c.../status"; its first two parts name
//                 the group that is stored together (group_of).
//          dot    who wrote it, and as which of their writes.
//          rank   decides which of several live leaves of a path is shown: the greatest wins.
//          stamp  the request that caused it and the person who asked.
//          value  the field's value, as its type encodes it.
// Units    rank is in microseconds since the Unix epoch: the request's own time as Slack signed it,
//          or one more than the greatest rank that the write replaced, whichever is greater.
// Size     kPathBytesMax and kValueBytesMax bound what a peer may send.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/bytes.h"
#include "crdt/dot.h"
#include "crdt/request_id.h"

namespace crdt {

inline constexpr std::size_t kPathBytesMax = 256;      // Three ids and a field name, with room.
inline constexpr std::size_t kAuthorBytesMax = 64;     // Slack ids have 9 to 11 characters today.
inline constexpr std::size_t kValueBytesMax = 16'384;  // A task's text is at most 3,000 characters.

struct Rank {
  std::int64_t micros = 0;

  auto operator<=>(const Rank&) const = default;
};

// The rank of what a create writes: any edit beats it, whatever the clocks said.
inline constexpr Rank kLowestRank{0};

struct Stamp {
  RequestId request;
  std::string author;  // Slack user id; empty for what a machine wrote.

  auto operator<=>(const Stamp&) const = default;
};

struct Leaf {
  std::string path;
  Dot dot;
  Rank rank;
  Stamp stamp;
  Bytes value;

  bool operator==(const Leaf&) const = default;
};

// A hash of all of it, for digests.
[[nodiscard]] std::uint64_t hash_of(const Leaf& leaf);

// The first two parts of a path: "t/3f9c/status" -> "t/3f9c", "n" -> "n".
[[nodiscard]] std::string_view group_of(std::string_view path);

}  // namespace crdt
