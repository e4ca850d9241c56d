#include "crdt/codec_names.h"

#include <algorithm>

#include "crdt/check.h"
#include "crdt/codec.h"

namespace crdt {
namespace {

constexpr int kCounterBits = 48;
static_assert(kCounterMax == (std::uint64_t{1} << kCounterBits) - 1);

Bytes to_bytes(capnp::Data::Reader data) {
  return Bytes(reinterpret_cast<const char*>(data.begin()), data.size());
}

bool stamp_before(const Stamp* a, const Stamp* b) { return *a < *b; }

}  // namespace

void NameTable::add(const VersionVector& vector) {
  for (const auto& [replica, counter] : vector.entries()) replicas_.push_back(replica);
}

void NameTable::add(const std::vector<Dot>& dots) {
  for (const Dot& dot : dots) {
    if (replicas_.empty() || replicas_.back() != dot.replica) replicas_.push_back(dot.replica);
  }
}

void NameTable::add(const std::vector<Leaf>& leaves) {
  for (const Leaf& leaf : leaves) {
    if (replicas_.empty() || replicas_.back() != leaf.dot.replica) {
      replicas_.push_back(leaf.dot.replica);
    }
    if (stamps_.empty() || *stamps_.back() != leaf.stamp) stamps_.push_back(&leaf.stamp);
  }
}

void NameTable::seal() {
  std::sort(replicas_.begin(), replicas_.end());
  replicas_.erase(std::unique(replicas_.begin(), replicas_.end()), replicas_.end());
  CHECK(replicas_.size() <= kReplicasMax);
  std::sort(stamps_.begin(), stamps_.end(), stamp_before);
  const auto same = [](const Stamp* a, const Stamp* b) { return *a == *b; };
  stamps_.erase(std::unique(stamps_.begin(), stamps_.end(), same), stamps_.end());
}

std::uint64_t NameTable::place_of(const Dot& dot) const {
  CHECK(dot.counter <= kCounterMax);
  const auto found = std::lower_bound(replicas_.begin(), replicas_.end(), dot.replica);
  CHECK(found != replicas_.end() && *found == dot.replica);
  return static_cast<std::uint64_t>(found - replicas_.begin()) << kCounterBits | dot.counter;
}

std::uint32_t NameTable::place_of(const Stamp& stamp) const {
  const auto found = std::lower_bound(stamps_.begin(), stamps_.end(), &stamp, stamp_before);
  CHECK(found != stamps_.end() && **found == stamp);
  return static_cast<std::uint32_t>(found - stamps_.begin());
}

void NameTable::write(wire::Names::Builder out) const {
  auto replicas = out.initReplicas(static_cast<unsigned>(replicas_.size()));
  for (unsigned i = 0; i < replicas.size(); ++i) replicas.set(i, replicas_[i].value);
  if (stamps_.empty()) return;
  auto stamps = out.initStamps(static_cast<unsigned>(stamps_.size()));
  for (unsigned i = 0; i < stamps.size(); ++i) {
    const Stamp& stamp = *stamps_[i];
    stamps[i].setRequestHigh(stamp.request.high);
    stamps[i].setRequestLow(stamp.request.low);
    stamps[i].setAuthor(capnp::Data::Reader(reinterpret_cast<const kj::byte*>(stamp.author.data()),
                                            stamp.author.size()));
  }
}

NameReader::NameReader(wire::Names::Reader names) {
  read_replicas(names.getReplicas());
  read_stamps(names.getStamps());
}

void NameReader::read_replicas(capnp::List<std::uint64_t>::Reader list) {
  if (list.size() > kReplicasMax) return fail("message names too many replicas");
  for (const std::uint64_t value : list) {
    const ReplicaId before = replicas_.empty() ? ReplicaId{} : replicas_.back();
    if (ReplicaId{value} <= before) return fail("replica ids are zero or do not ascend");
    replicas_.push_back(ReplicaId{value});
  }
}

void NameReader::read_stamps(capnp::List<wire::Stamp>::Reader list) {
  if (list.size() > kLeavesMax) return fail("message names too many stamps");
  for (const auto in : list) {
    const auto author = in.getAuthor();
    if (author.size() > kAuthorBytesMax) return fail("author is too long");
    Stamp stamp{{in.getRequestHigh(), in.getRequestLow()}, to_bytes(author)};
    if (!stamps_.empty() && stamp <= stamps_.back()) return fail("stamps do not ascend");
    stamps_.push_back(std::move(stamp));
  }
}

Dot NameReader::dot(std::uint64_t packed) {
  const std::uint64_t place = packed >> kCounterBits;
  const std::uint64_t counter = packed & kCounterMax;
  if (counter == 0) fail("counter is zero");
  if (place >= replicas_.size()) fail("dot refers past the table of replicas");
  return Dot{place < replicas_.size() ? replicas_[place] : ReplicaId{}, counter};
}

VersionVector NameReader::vector(capnp::List<std::uint64_t>::Reader list) {
  VersionVector vector;
  std::size_t next_place = 0;
  for (const std::uint64_t packed : list) {
    const Dot entry = dot(packed);
    if (packed >> kCounterBits < next_place) fail("vector names a replica twice or out of order");
    if (fault() != nullptr) break;
    next_place = (packed >> kCounterBits) + 1;
    vector.advance(entry.replica, entry.counter);
  }
  return vector;
}

std::vector<Dot> NameReader::dots(capnp::List<std::uint64_t>::Reader list) {
  std::vector<Dot> dots;
  if (list.size() > kLeavesMax) fail("message has too many dots");
  for (const std::uint64_t packed : list) {
    const Dot next = dot(packed);
    if (!dots.empty() && next <= dots.back()) fail("dots do not ascend");
    if (fault() != nullptr) break;
    dots.push_back(next);
  }
  return dots;
}

std::vector<Leaf> NameReader::leaves(capnp::List<wire::Leaf>::Reader list) {
  std::vector<Leaf> leaves;
  if (list.size() > kLeavesMax) fail("message has too many leaves");
  // A list can claim more elements than it has bytes for; memory is spent as leaves prove real.
  constexpr unsigned kFirstRoom = 64;
  leaves.reserve(std::min(list.size(), kFirstRoom));
  for (const auto in : list) {
    if (fault() != nullptr) break;
    leaves.push_back(leaf(in));
  }
  return leaves;
}

Leaf NameReader::leaf(wire::Leaf::Reader in) {
  const auto path = in.getPath();
  const auto value = in.getValue();
  if (path.size() == 0 || path.size() > kPathBytesMax) fail("path is empty or too long");
  if (value.size() > kValueBytesMax) fail("value is too long");
  if (in.getStamp() >= stamps_.size()) fail("leaf refers past the table of stamps");
  const Dot dot = this->dot(in.getDot());
  if (fault() != nullptr) return {};
  return Leaf{to_bytes(path), dot, Rank{in.getRank()}, stamps_[in.getStamp()], to_bytes(value)};
}

}  // namespace crdt
