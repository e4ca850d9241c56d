// ByteWriter, ByteReader: numbers and runs of bytes, one after another. For the store's own rows,
// and for what peers say about every change (crdt/compact_delta.h).
//
// Units    a number is 8 octets big-endian; a run is its length as a number, then its octets; a
//          short run is its length as a varint, then its octets. A varint is 7 bits an octet, the
//          lowest first, with the top bit set on all but the last; one number has one form.
// Errors   reading past the end makes the reader bad() for good and yields zeros and empty runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "crdt/bytes.h"

namespace crdt {

// A difference, modulo 2^64, as a number that is small where the difference is near 0 either way.
[[nodiscard]] inline std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1 ^ (difference >> 63 != 0 ? ~std::uint64_t{0} : 0);
}
[[nodiscard]] inline std::uint64_t unzigzag(std::uint64_t value) {
  return value >> 1 ^ (value % 2 != 0 ? ~std::uint64_t{0} : 0);
}

class ByteWriter {
 public:
  ByteWriter& reserve(std::size_t size) {
    out_.reserve(size);
    return *this;
  }
  ByteWriter& number(std::uint64_t value) {
    out_ += big_endian(value);
    return *this;
  }
  ByteWriter& run(BytesView bytes) {
    number(bytes.size());
    out_ += bytes;
    return *this;
  }
  ByteWriter& varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) out_.push_back(static_cast<char>(value | 128));
    out_.push_back(static_cast<char>(value));
    return *this;
  }
  ByteWriter& short_run(BytesView bytes) { return varint(bytes.size()).octets(bytes); }
  ByteWriter& octet(std::uint8_t value) {
    out_.push_back(static_cast<char>(value));
    return *this;
  }
  ByteWriter& octets(BytesView bytes) {
    out_ += bytes;
    return *this;
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

class ByteReader {
 public:
  explicit ByteReader(BytesView in) : in_(in) {}

  [[nodiscard]] std::uint64_t number() {
    const BytesView eight = octets(8);
    return eight.size() == 8 ? from_big_endian(eight) : 0;
  }
  [[nodiscard]] BytesView run() { return octets(number()); }
  [[nodiscard]] BytesView short_run() { return octets(varint()); }
  // One that is longer than `size_max` makes the reader bad().
  [[nodiscard]] BytesView short_run(std::size_t size_max) {
    const std::uint64_t size = varint();
    if (size > size_max) fail();
    return octets(size);
  }
  // All of `out`, or nothing of it.
  ByteReader& fill(std::span<std::uint8_t> out) {
    const BytesView bytes = octets(out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return *this;
  }

  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t octet = this->octet();
      if (shift == 63 && octet > 1) break;  // Past 64 bits.
      value |= (octet & 127) << shift;
      if (octet < 128) {
        if (octet == 0 && shift > 0) break;  // A longer form of the same number.
        return value;
      }
    }
    fail();
    return 0;
  }
  [[nodiscard]] std::uint8_t octet() {
    const BytesView one = octets(1);
    return one.empty() ? 0 : static_cast<std::uint8_t>(one.front());
  }
  [[nodiscard]] BytesView octets(std::uint64_t size) {
    if (bad_ || size > in_.size()) {
      fail();
      return {};
    }
    const BytesView out = in_.substr(0, size);
    in_.remove_prefix(size);
    return out;
  }

  // What was read makes no sense: as if it had ended here.
  void fail() { bad_ = true; }

  [[nodiscard]] std::size_t left() const { return in_.size(); }
  [[nodiscard]] bool bad() const { return bad_; }
  [[nodiscard]] bool at_end() const { return in_.empty() && !bad_; }

 private:
  BytesView in_;
  bool bad_ = false;
};

}  // namespace crdt
