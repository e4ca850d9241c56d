#include "crdt/state_hash.h"

#include <sodium.h>

#include <array>
#include <bit>

#include "crdt/check.h"

namespace crdt {
namespace {

void put(Bytes& out, std::uint64_t value) { out += big_endian(value); }

void put(Bytes& out, BytesView bytes) {
  put(out, std::uint64_t{bytes.size()});
  out += bytes;
}

void put(Bytes& out, const Leaf& leaf) {
  put(out, leaf.dot.replica.value);
  put(out, leaf.dot.counter);
  put(out, std::bit_cast<std::uint64_t>(leaf.rank.micros));
  put(out, leaf.stamp.request.high);
  put(out, leaf.stamp.request.low);
  put(out, leaf.stamp.author);
  put(out, leaf.path);
  put(out, leaf.value);
}

Bytes canonical_form(const Document& document) {
  Bytes form;
  put(form, std::uint64_t{document.context().entries().size()});
  for (const auto& [replica, counter] : document.context().entries()) {
    put(form, replica.value);
    put(form, counter);
  }
  for (const Leaf& leaf : document.leaves()) put(form, leaf);
  return form;
}

}  // namespace

StateHash state_hash(const Document& document) {
  const Bytes form = canonical_form(document);
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest;
  static_assert(digest.size() == 16);
  CHECK(crypto_generichash(digest.data(), digest.size(),
                           reinterpret_cast<const unsigned char*>(form.data()), form.size(),
                           nullptr, 0) == 0);
  const BytesView view(reinterpret_cast<const char*>(digest.data()), digest.size());
  return {from_big_endian(view.substr(0, 8)), from_big_endian(view.substr(8))};
}

}  // namespace crdt
