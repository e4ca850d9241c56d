#include "crdt/compact_delta.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <string_view>
#include <utility>

#include "crdt/check.h"
#include "crdt/codec.h"
#include "crdt/handled_mark.h"

namespace crdt {
namespace {

// Inline room for what one event touches: three peers, a few restarts each.
using Replicas = boost::container::small_vector<ReplicaId, 16>;

// The octet that begins a leaf. Others are refused: they would be of another wire version.
enum LeafFlags : std::uint8_t {
  kNextDot = 1,      // The dot is one after that of the leaf before.
  kSameStamp = 2,    // As the leaf before.
  kSameRank = 4,     // As the leaf before.
  kHandledPath = 8,  // The path is the handled mark of the stamp's request.
  kAllFlags = 15,
};

// What the shortest of each takes.
constexpr std::size_t kLeafOctetsMin = 2;     // Its flags, and the length of an empty value.
constexpr std::size_t kDotOctetsMin = 2;      // A place and a counter.
constexpr std::size_t kReplicaOctetsMin = 3;  // A reference and two counters.

// Where the dots of written leaves begin: the first one of `advance` follows it.
Dot before_first(const Delta& delta) {
  if (delta.advance.empty()) return {};
  const ReplicaId replica = delta.advance.entries().front().first;
  return {replica, delta.after.of(replica)};
}

// How much of a path is its group, with the slash behind it.
std::size_t group_size(std::string_view path) {
  return std::min(path.size(), group_of(path).size() + 1);
}

// --- writing ---

Replicas replicas_of(const Delta& delta) {
  Replicas replicas;
  const auto add = [&](ReplicaId replica) {
    if (replicas.empty() || replicas.back() != replica) replicas.push_back(replica);
  };
  for (const auto& [replica, counter] : delta.after.entries()) add(replica);
  for (const auto& [replica, counter] : delta.advance.entries()) add(replica);
  for (const Dot& dot : delta.killed) add(dot.replica);
  std::sort(replicas.begin(), replicas.end());
  replicas.erase(std::unique(replicas.begin(), replicas.end()), replicas.end());
  return replicas;
}

class Writer {
 public:
  Writer(ByteWriter& out, const Delta& delta, SentNames& names)
      : out_(out), delta_(delta), names_(names), replicas_(replicas_of(delta)) {}

  void write() {
    vectors();
    out_.varint(delta_.killed.size());
    Dot before;
    for (const Dot& dot : delta_.killed) this->dot(std::exchange(before, dot), dot);
    out_.varint(delta_.written.size());
    Leaf none;
    none.dot = before_first(delta_);
    const Leaf* previous = &none;
    for (const Leaf& leaf : delta_.written) this->leaf(*std::exchange(previous, &leaf), leaf);
  }

 private:
  void vectors() {
    out_.varint(replicas_.size());
    for (const ReplicaId replica : replicas_) names_.refer(out_, big_endian(replica.value));
    for (const ReplicaId replica : replicas_) out_.varint(delta_.after.of(replica));
    for (const ReplicaId replica : replicas_) {
      const std::uint64_t counter = delta_.advance.of(replica);
      CHECK(counter == 0 || counter > delta_.after.of(replica));
      out_.varint(counter == 0 ? 0 : counter - delta_.after.of(replica));
    }
  }

  std::uint64_t place_of(ReplicaId replica) const {
    const auto found = std::lower_bound(replicas_.begin(), replicas_.end(), replica);
    CHECK(replica == ReplicaId{} || (found != replicas_.end() && *found == replica));
    return static_cast<std::uint64_t>(found - replicas_.begin());
  }

  void dot(const Dot& before, const Dot& dot) {
    out_.varint(place_of(dot.replica) - place_of(before.replica));
    out_.varint(dot.replica == before.replica ? dot.counter - before.counter : dot.counter);
  }

  void leaf(const Leaf& before, const Leaf& leaf) {
    const bool next = leaf.dot == Dot{before.dot.replica, before.dot.counter + 1};
    const bool same_stamp = leaf.stamp == before.stamp;
    const bool same_rank = leaf.rank == before.rank;
    const bool handled = handled_request(leaf.path) == leaf.stamp.request;
    out_.octets(
        Bytes(1, static_cast<char>((next ? kNextDot : 0) | (same_stamp ? kSameStamp : 0) |
                                   (same_rank ? kSameRank : 0) | (handled ? kHandledPath : 0))));
    if (!next) dot(before.dot, leaf.dot);
    if (!same_stamp) {
      out_.number(leaf.stamp.request.high).number(leaf.stamp.request.low);
      names_.refer(out_, leaf.stamp.author);
    }
    if (!handled) {
      const BytesView path = leaf.path;
      names_.refer(out_, path.substr(0, group_size(path)));
      names_.refer(out_, path.substr(group_size(path)));
    }
    if (!same_rank) {
      out_.varint(zigzag(static_cast<std::uint64_t>(leaf.rank.micros) -
                         static_cast<std::uint64_t>(before.rank.micros)));
    }
    out_.varint(leaf.value.size()).octets(leaf.value);
  }

  ByteWriter& out_;
  const Delta& delta_;
  SentNames& names_;
  Replicas replicas_;
};

// --- reading: after the first fault only harmless rubbish follows, and the caller drops it ---

class Reader {
 public:
  Reader(ByteReader& in, const HeardNames& names) : in_(in), names_(names) {}

  Delta read() {
    Delta delta;
    replicas();
    vectors(delta);
    const std::uint64_t killed = count(kLeavesMax, kDotOctetsMin);
    Dot last;
    for (std::uint64_t i = 0; i < killed && !in_.bad(); ++i) {
      last = dot(last);
      delta.killed.push_back(last);
    }
    Leaf before;
    before.dot = before_first(delta);
    const std::uint64_t written = count(kLeavesMax, kLeafOctetsMin);
    for (std::uint64_t i = 0; i < written && !in_.bad(); ++i) {
      delta.written.push_back(leaf(i == 0 ? before : delta.written.back()));
    }
    return delta;
  }

 private:
  // What cannot be there is refused before any of it is read.
  std::uint64_t count(std::size_t most, std::size_t octets_each) {
    const std::uint64_t count = in_.varint();
    if (count > most || count * octets_each > in_.left()) in_.fail();
    return in_.bad() ? 0 : count;
  }

  void replicas() {
    const std::uint64_t size = count(kReplicasMax, kReplicaOctetsMin);
    for (std::uint64_t i = 0; i < size && !in_.bad(); ++i) {
      const BytesView name = names_.name(in_);
      const ReplicaId replica{name.size() == 8 ? from_big_endian(name) : 0};
      if (replica <= (replicas_.empty() ? ReplicaId{} : replicas_.back())) in_.fail();
      replicas_.push_back(replica);
    }
  }

  std::uint64_t counter_above(std::uint64_t base) {
    const std::uint64_t more = in_.varint();
    if (more > kCounterMax - base) in_.fail();
    return in_.bad() ? base : base + more;
  }

  void vectors(Delta& delta) {
    for (const ReplicaId replica : replicas_) {
      const std::uint64_t counter = counter_above(0);
      if (counter > 0) delta.after.advance(replica, counter);
    }
    for (const ReplicaId replica : replicas_) {
      const std::uint64_t base = delta.after.of(replica);
      const std::uint64_t counter = counter_above(base);
      if (counter > base) delta.advance.advance(replica, counter);
    }
  }

  Dot dot(const Dot& before) {
    const auto from = std::lower_bound(replicas_.begin(), replicas_.end(), before.replica);
    const std::uint64_t further = in_.varint();
    if (further >= static_cast<std::uint64_t>(replicas_.end() - from)) in_.fail();
    if (in_.bad()) return {};
    const ReplicaId replica = *(from + static_cast<std::ptrdiff_t>(further));
    const std::uint64_t base = replica == before.replica ? before.counter : 0;
    const Dot dot{replica, counter_above(base)};
    if (dot.counter == base) in_.fail();
    return dot;
  }

  Stamp stamp() {
    const std::uint64_t high = in_.number();
    const std::uint64_t low = in_.number();
    const BytesView author = names_.name(in_);
    if (author.size() > kAuthorBytesMax) in_.fail();
    return in_.bad() ? Stamp{} : Stamp{{high, low}, Bytes(author)};
  }

  std::string path() {
    const BytesView group = names_.name(in_);
    const BytesView rest = names_.name(in_);
    const std::size_t size = group.size() + rest.size();
    if (size == 0 || size > kPathBytesMax) in_.fail();
    return in_.bad() ? std::string() : std::string(group).append(rest);
  }

  Leaf leaf(const Leaf& before) {
    const std::uint8_t flags = in_.octet();
    if ((flags & ~kAllFlags) != 0) in_.fail();
    Leaf leaf;
    leaf.dot =
        (flags & kNextDot) != 0 ? Dot{before.dot.replica, before.dot.counter + 1} : dot(before.dot);
    leaf.stamp = (flags & kSameStamp) != 0 ? before.stamp : stamp();
    leaf.path = (flags & kHandledPath) != 0 ? handled_path(leaf.stamp.request) : path();
    const std::uint64_t rise = (flags & kSameRank) != 0 ? 0 : unzigzag(in_.varint());
    leaf.rank.micros =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(before.rank.micros) + rise);
    const std::uint64_t size = in_.varint();
    if (size > kValueBytesMax) in_.fail();
    leaf.value = in_.octets(size);
    return leaf;
  }

  ByteReader& in_;
  const HeardNames& names_;
  Replicas replicas_;
};

}  // namespace

void write_compact(ByteWriter& out, const Delta& delta, SentNames& names) {
  Writer(out, delta, names).write();
}

Result<Delta> read_compact(ByteReader& in, const HeardNames& names) {
  Delta delta = Reader(in, names).read();
  if (in.bad()) return Error("compact delta is malformed or breaks a bound");
  if (const char* fault = fault_of(delta); fault != nullptr) return Error(fault);
  return delta;
}

}  // namespace crdt
