#include "gossip/link_cipher.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Result;

Result<Bytes> LinkCipher::encrypt(BytesView plaintext) {
  Result<Bytes> ciphertext = cipher_.encrypt({}, plaintext);
  if (ciphertext) count(ciphertext->size());
  return ciphertext;
}

Result<Bytes> LinkCipher::decrypt(BytesView ciphertext) {
  Result<Bytes> plaintext = cipher_.decrypt({}, ciphertext);
  if (plaintext) count(ciphertext.size());
  return plaintext;
}

void LinkCipher::count(std::size_t ciphertext_bytes) {
  bytes_ += ciphertext_bytes;
  ++messages_;
  if (bytes_ >= kRekeyBytes || messages_ >= kRekeyMessages) rekey();
}

void LinkCipher::rekey() {
  cipher_.rekey();
  bytes_ = 0;
  messages_ = 0;
  ++rekeys_;
}

}  // namespace gossip
