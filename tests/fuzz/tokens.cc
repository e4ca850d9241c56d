// Join tokens and roster entries: what is taken comes back as it was.
#include <sodium.h>

#include "crdt/hash64.h"
#include "gossip/token.h"
#include "tests/fuzz/target.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;

// The text of a token with this body, and the right checksum: what lies behind it is reached.
std::string text_around(BytesView body) {
  const Bytes whole = Bytes(body) + crdt::big_endian(crdt::hash64(body));
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(whole.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(whole.data()),
                    whole.size(), kVariant);
  text.pop_back();
  return "muster-join-1." + text;
}

void read_token(std::string_view text) {
  const auto token = gossip::token_from_text(text);
  if (!token) return;
  const auto again = gossip::token_from_text(gossip::exposed_text(*token));
  CHECK(again && *again == *token);
}

}  // namespace

FUZZ_TARGET(tokens) {
  switch (fuzz::take_octet(bytes) % 5) {
    case 0:
      return read_token(bytes);
    case 1:
      return read_token(text_around(bytes));
    case 2:
      if (const auto member = gossip::decode_member(bytes)) {
        CHECK(gossip::encode(*member) == bytes);
      }
      return;
    case 3:
      if (const auto permit = gossip::decode_permit(bytes)) {
        CHECK(gossip::encode(*permit) == bytes);
      }
      return;
    default: {
      const BytesView key = fuzz::take_piece(bytes);
      const crdt::Record record{Bytes(key), Bytes(bytes)};
      const auto entry = gossip::read_entry("test", record);
      if (entry) CHECK(gossip::to_record("test", *entry) == record);
    }
  }
}
