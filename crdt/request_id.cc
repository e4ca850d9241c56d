#include "crdt/request_id.h"

#include <sodium.h>

#include <array>

#include "crdt/bytes.h"
#include "crdt/check.h"

namespace crdt {

RequestId request_id_of(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += sizeof(std::uint64_t) + part.size();
  Bytes input;
  input.reserve(size);
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
  std::array<char, 16> octets;
  const auto write = [](std::uint64_t word, char* out) {
    for (int i = 7; i >= 0; --i, word >>= 8) out[i] = static_cast<char>(word & 255);
  };
  write(id.high, octets.data());
  write(id.low, octets.data() + 8);
  return to_hex({octets.data(), octets.size()});
}

}  // namespace crdt
