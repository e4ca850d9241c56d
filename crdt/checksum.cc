#include "crdt/checksum.h"

#include "crdt/hash64.h"

namespace crdt {

Bytes seal_value(BytesView value) {
  Bytes sealed;
  sealed.reserve(value.size() + kChecksumBytes);
  return sealed.append(value).append(big_endian(hash64(value)));
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
