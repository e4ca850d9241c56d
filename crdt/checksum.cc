#include "crdt/checksum.h"

#include <sodium.h>

#include <array>
#include <cstring>

namespace crdt {
namespace {

using Sum = std::array<unsigned char, kChecksumBytes>;
static_assert(kChecksumBytes == crypto_shorthash_BYTES);

Sum sum_of(BytesView value) {
  static constexpr std::array<unsigned char, crypto_shorthash_KEYBYTES> kKey{};
  Sum sum;
  crypto_shorthash(sum.data(), reinterpret_cast<const unsigned char*>(value.data()), value.size(),
                   kKey.data());
  return sum;
}

}  // namespace

Bytes seal_value(BytesView value) {
  const Sum sum = sum_of(value);
  Bytes sealed;
  sealed.reserve(value.size() + sum.size());
  sealed.append(value);
  sealed.append(reinterpret_cast<const char*>(sum.data()), sum.size());
  return sealed;
}

Result<BytesView> open_value(BytesView sealed) {
  if (sealed.size() < kChecksumBytes) return Error("stored value is too short for its checksum");
  const BytesView value = sealed.substr(0, sealed.size() - kChecksumBytes);
  const Sum sum = sum_of(value);
  if (std::memcmp(sum.data(), sealed.data() + value.size(), sum.size()) != 0) {
    return Error("stored value does not match its checksum");
  }
  return value;
}

}  // namespace crdt
