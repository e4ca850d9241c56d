// ByteWriter, ByteReader: numbers and runs of bytes, one after another. For the store's own rows;
// what peers say to each other is Cap'n Proto.
//
// Units    numbers are 8 octets big-endian; a run is its length as a number, then its octets.
// Errors   reading past the end makes the reader bad() for good and yields zeros and empty runs.
#pragma once

#include <cstdint>

#include "crdt/bytes.h"

namespace crdt {

class ByteWriter {
 public:
  ByteWriter& number(std::uint64_t value) {
    out_ += big_endian(value);
    return *this;
  }
  ByteWriter& run(BytesView bytes) {
    number(bytes.size());
    out_ += bytes;
    return *this;
  }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

class ByteReader {
 public:
  explicit ByteReader(BytesView in) : in_(in) {}

  [[nodiscard]] std::uint64_t number() {
    const BytesView eight = raw(8);
    return eight.size() == 8 ? from_big_endian(eight) : 0;
  }
  [[nodiscard]] BytesView run() { return raw(number()); }

  [[nodiscard]] bool bad() const { return bad_; }
  [[nodiscard]] bool at_end() const { return in_.empty() && !bad_; }

 private:
  BytesView raw(std::uint64_t size) {
    if (bad_ || size > in_.size()) {
      bad_ = true;
      return {};
    }
    const BytesView out = in_.substr(0, size);
    in_.remove_prefix(size);
    return out;
  }

  BytesView in_;
  bool bad_ = false;
};

}  // namespace crdt
