#include "gossip/noise_handshake.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Error;
using crdt::Result;

namespace {

constexpr std::string_view kNameXx = "Noise_XX_25519_ChaChaPoly_BLAKE2b";
constexpr std::string_view kNameXxPsk3 = "Noise_XXpsk3_25519_ChaChaPoly_BLAKE2b";

constexpr std::size_t kMessages = 3;  // Both patterns.

// REQUIRES octets.size() == kKeyBytes.
PublicKey public_key_from(BytesView octets) {
  PublicKey key;
  std::copy_n(octets.begin(), kKeyBytes, key.bytes.begin());
  return key;
}

}  // namespace

Handshake::Handshake(Role role, const HandshakeConfig& config, const PrivateKey& ephemeral)
    : role_(role),
      static_key_(config.static_key),
      ephemeral_(ephemeral),
      static_public_(config.static_public),
      pre_shared_key_(config.pre_shared_key),
      symmetric_(config.pre_shared_key ? kNameXxPsk3 : kNameXx) {
  symmetric_.mix_hash(config.prologue);
}

Handshake::Handshake(Role role, const HandshakeConfig& config, crdt::Rng& rng)
    : Handshake(role, config, draw_private_key(rng)) {}

bool Handshake::my_turn() const {
  const bool initiators_turn = messages_ % 2 == 0;
  return !done() && initiators_turn == (role_ == Role::kInitiator);
}

bool Handshake::done() const { return messages_ == kMessages; }

std::span<const Handshake::Token> Handshake::tokens() const {
  static constexpr std::array kFirst{Token::kE};
  static constexpr std::array kSecond{Token::kE, Token::kEe, Token::kS, Token::kEs};
  static constexpr std::array kThird{Token::kS, Token::kSe, Token::kPsk};
  if (messages_ == 0) return kFirst;
  if (messages_ == 1) return kSecond;
  return std::span(kThird).first(pre_shared_key_ ? 3 : 2);
}

Result<Bytes> Handshake::write(BytesView payload) {
  if (failure_) return *failure_;
  CHECK(my_turn());
  return settle(write_message(payload));
}

Result<Bytes> Handshake::read(BytesView message) {
  if (failure_) return *failure_;
  CHECK(!my_turn() && !done());
  return settle(read_message(message));
}

Result<Bytes> Handshake::settle(Result<Bytes> outcome) {
  if (outcome) {
    ++messages_;
  } else {
    failure_ = outcome.error();
    remote_static_.reset();  // A key that was claimed and not proven.
  }
  return outcome;
}

Result<Bytes> Handshake::write_message(BytesView payload) {
  Bytes message;
  for (const Token token : tokens()) {
    if (token == Token::kE) {
      const PublicKey mine = public_key_of(ephemeral_);
      message += view_of(mine.bytes);
      mix_ephemeral(mine);
    } else if (token == Token::kS) {
      const PublicKey mine = static_public_ ? *static_public_ : public_key_of(static_key_);
      message += symmetric_.encrypt_and_hash(view_of(mine.bytes));
    } else if (const Result<void> mixed = mix(token); !mixed) {
      return mixed.error();
    }
  }
  message += symmetric_.encrypt_and_hash(payload);
  CHECK(message.size() <= kNoiseMessageBytesMax);
  return {boost::system::in_place_value, std::move(message)};
}

Result<Bytes> Handshake::read_message(BytesView message) {
  if (message.size() > kNoiseMessageBytesMax) return Error{"a handshake message is too long"};
  for (const Token token : tokens()) {
    const bool key = token == Token::kE || token == Token::kS;
    const Result<void> read = key ? read_key(token, message) : mix(token);
    if (!read) return read.error();
  }
  return symmetric_.decrypt_and_hash(message);
}

Result<void> Handshake::read_key(Token token, BytesView& rest) {
  const bool sealed = token == Token::kS && symmetric_.has_key();
  const std::size_t size = kKeyBytes + (sealed ? kTagBytes : 0);
  if (rest.size() < size) return Error{"a handshake message is too short"};
  const BytesView octets = rest.substr(0, size);
  rest.remove_prefix(size);
  if (token == Token::kE) {
    remote_ephemeral_ = public_key_from(octets);
    mix_ephemeral(*remote_ephemeral_);
    return {};
  }
  const Result<Bytes> key = symmetric_.decrypt_and_hash(octets);
  if (!key) return key.error();
  remote_static_ = public_key_from(*key);
  return {};
}

void Handshake::mix_ephemeral(const PublicKey& ephemeral) {
  symmetric_.mix_hash(view_of(ephemeral.bytes));
  // Section 9.2: a pre-shared key alone would give every run the same keys.
  if (pre_shared_key_) symmetric_.mix_key(view_of(ephemeral.bytes));
}

Result<void> Handshake::mix(Token token) {
  const bool initiator = role_ == Role::kInitiator;
  switch (token) {
    case Token::kEe:
      return mix_shared(ephemeral_, remote_ephemeral_);
    case Token::kEs:
      return initiator ? mix_shared(ephemeral_, remote_static_)
                       : mix_shared(static_key_, remote_ephemeral_);
    case Token::kSe:
      return initiator ? mix_shared(static_key_, remote_ephemeral_)
                       : mix_shared(ephemeral_, remote_static_);
    case Token::kPsk:
      symmetric_.mix_key_and_hash(view_of(pre_shared_key_->bytes));
      return {};
    case Token::kE:
    case Token::kS:
      break;
  }
  CHECK(false);
  return {};
}

Result<void> Handshake::mix_shared(const PrivateKey& mine, const std::optional<PublicKey>& theirs) {
  CHECK(theirs.has_value());
  const Result<SharedSecret> shared = diffie_hellman(mine, *theirs);
  if (!shared) return shared.error();
  symmetric_.mix_key(view_of(shared->bytes));
  return {};
}

const Hash& Handshake::handshake_hash() const {
  CHECK(done());
  return symmetric_.hash();
}

TransportCiphers Handshake::split() {
  CHECK(done());
  CHECK(!split_);  // A second pair would repeat the nonces of the first.
  split_ = true;
  auto [from_initiator, from_responder] = symmetric_.split();
  if (role_ == Role::kInitiator) return {std::move(from_initiator), std::move(from_responder)};
  return {std::move(from_responder), std::move(from_initiator)};
}

}  // namespace gossip
