// FUZZ_TARGET: a function that any octets may be handed to. Under clang it is the entry of a
// libFuzzer program of its own (./run fuzz NAME); in every other build it is one of targets(), and
// tests/fuzz/replay_test.cc replays its corpus, so that what was found once stays mended.
//
// Shape    FUZZ_TARGET(name) { ... } over `crdt::BytesView bytes`. What must hold is a CHECK.
// Laws     the same octets do the same: no clock, no random device, nothing kept between two calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace fuzz {

using Target = void (*)(crdt::BytesView bytes);

// By name.
inline std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

struct Registered {
  Registered(const char* name, Target target) { targets().emplace(name, target); }
};

// Takes the first octet off; 0 where there is none.
inline std::uint8_t take_octet(crdt::BytesView& bytes) {
  if (bytes.empty()) return 0;
  const auto octet = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return octet;
}

// Takes a piece off: a length of two octets, and as much of that as there is.
inline crdt::BytesView take_piece(crdt::BytesView& bytes) {
  const std::size_t high = take_octet(bytes);
  const crdt::BytesView piece = bytes.substr(0, high * 256 + take_octet(bytes));
  bytes.remove_prefix(piece.size());
  return piece;
}

}  // namespace fuzz

#ifdef MUSTER_FUZZ
#define FUZZ_TARGET(name)                                                          \
  static void fuzz_##name(crdt::BytesView bytes);                                  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n) { \
    fuzz_##name({reinterpret_cast<const char*>(data), n});                         \
    return 0;                                                                      \
  }                                                                                \
  static void fuzz_##name(crdt::BytesView bytes)
#else
#define FUZZ_TARGET(name)                                               \
  static void fuzz_##name(crdt::BytesView bytes);                       \
  static const fuzz::Registered registered_##name(#name, &fuzz_##name); \
  static void fuzz_##name(crdt::BytesView bytes)
#endif
