#include "crdt/checksum.h"

#include "crdt/hash64.h"

namespace crdt {

Bytes seal_value(Bytes value) {
  append_checksum(value, 0);
  return value;
}

void append_checksum(Bytes& out, std::size_t from) {
  out += big_endian(hash64(BytesView(out).substr(from)));
}

Result<BytesView> open_value(BytesView sealed) {
  if (sealed.size() < kChecksumBytes) return Error("stored value is too short for its checksum");
  const BytesView value = sealed.substr(0, sealed.size() - kChecksumBytes);
  if (from_big_endian(sealed.substr(value.size())) != hash64(value)) {
    return Error("stored value does not match its checksum");
  }
  return value;
}

}  // namespace crdt
