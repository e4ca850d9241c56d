// Dot: the name of one write. ReplicaId: who made it.
//
// Shape    a replica id is 64 random bits drawn at every process start, so a restored or cloned
//          store can never mint a dot twice. A dot is (replica, counter).
// Units    counter counts one replica's dots in one document, from 1, without gaps.
// Source   Almeida, Shoker, Baquero, "Delta state replicated data types", JPDC 111 (2018).
#pragma once

#include <compare>
#include <cstdint>

namespace crdt {

struct ReplicaId {
  std::uint64_t value = 0;  // 0 is never drawn: it means "nobody".

  auto operator<=>(const ReplicaId&) const = default;
};

struct Dot {
  ReplicaId replica;
  std::uint64_t counter = 0;

  auto operator<=>(const Dot&) const = default;
};

}  // namespace crdt
