// OctetsV1: numbers and runs from the front of some octets, as version 1 of the wire writes them
// (crdt/byte_io.h, with which it shares no code).
#pragma once

#include <cstdint>
#include <stdexcept>

#include "crdt/bytes.h"

namespace tests {

class OctetsV1 {
 public:
  explicit OctetsV1(crdt::BytesView octets) : left_(octets) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }

  crdt::BytesView take(std::uint64_t size) {
    if (size > left_.size()) throw std::runtime_error("it ends too soon");
    const crdt::BytesView taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::uint64_t fixed(std::size_t size) {
    std::uint64_t value = 0;
    for (const char octet : take(size)) value = value << 8 | static_cast<std::uint8_t>(octet);
    return value;
  }

  // Seven bits an octet, the lowest first.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const std::uint64_t octet = fixed(1);
      value |= (octet & 127) << shift;
      if (octet < 128) return value;
    }
  }

  // Near 0 either way.
  std::uint64_t difference() {
    const std::uint64_t value = number();
    return value % 2 == 0 ? value / 2 : ~(value / 2);
  }

  crdt::BytesView run() { return take(number()); }

 private:
  crdt::BytesView left_;
};

}  // namespace tests
