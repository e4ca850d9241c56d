#include "crdt/request_id.h"

#include <sodium.h>

#include <array>

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace crdt {

RequestId request_id_of(std::initializer_list<std::string_view> parts) {
  Bytes input;
  for (const std::string_view part : parts) {
    input += big_endian(part.size());
    input += part;
  }
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest;
  static_assert(digest.size() == 16);
  CHECK(crypto_generichash(digest.data(), digest.size(),
                           reinterpret_cast<const unsigned char*>(input.data()), input.size(),
                           nullptr, 0) == 0);
  const BytesView view(reinterpret_cast<const char*>(digest.data()), digest.size());
  return RequestId{from_big_endian(view.substr(0, 8)), from_big_endian(view.substr(8))};
}

std::string to_string(const RequestId& id) {
  return to_hex(big_endian(id.high) + big_endian(id.low));
}

}  // namespace crdt
