// NameTable, NameReader: the ids that a message names, once each; the two halves of crdt/codec.cc
// that know how document.capnp refers to them.
//
// Shape    replicas and stamps ascend, so places sort as what they stand for, and a list of packed
//          dots ascends exactly where the dots do.
// Errors   NameReader fails on the first fault and keeps its sentence; what it returns after a
//          fault is meaningless but harmless, so that readers need not check at every field.
#pragma once

#include <boost/container/small_vector.hpp>
#include <string>
#include <vector>

#include "crdt/delta.h"
#include "crdt/document.capnp.h"
#include "crdt/dot.h"
#include "crdt/leaf.h"
#include "crdt/version_vector.h"

namespace crdt {

class NameTable {
 public:
  void add(const VersionVector& vector);
  void add(const std::vector<Dot>& dots);
  void add(const std::vector<Leaf>& leaves);

  // Sorts; nothing may be added after it, nothing looked up before.
  void seal();

  [[nodiscard]] std::uint64_t place_of(const Dot& dot) const;
  [[nodiscard]] std::uint32_t place_of(const Stamp& stamp) const;
  void write(wire::Names::Builder out) const;

 private:
  // Inline room for what one request touches: three peers, a few restarts each; its stamp and those
  // that a restore rewrites.
  boost::container::small_vector<ReplicaId, 16> replicas_;
  boost::container::small_vector<const Stamp*, 16> stamps_;
};

class NameReader {
 public:
  explicit NameReader(wire::Names::Reader names);

  [[nodiscard]] VersionVector vector(capnp::List<std::uint64_t>::Reader list);
  [[nodiscard]] std::vector<Dot> dots(capnp::List<std::uint64_t>::Reader list);
  [[nodiscard]] std::vector<Leaf> leaves(capnp::List<wire::Leaf>::Reader list);

  void fail(const char* why) {
    if (fault_ == nullptr) fault_ = why;
  }
  [[nodiscard]] const char* fault() const { return fault_; }  // nullptr: none so far.

 private:
  void read_replicas(capnp::List<std::uint64_t>::Reader list);
  void read_stamps(capnp::List<wire::Stamp>::Reader list);
  [[nodiscard]] Dot dot(std::uint64_t packed);
  [[nodiscard]] Leaf leaf(wire::Leaf::Reader in);

  std::vector<ReplicaId> replicas_;
  std::vector<Stamp> stamps_;
  const char* fault_ = nullptr;
};

}  // namespace crdt
