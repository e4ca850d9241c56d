#include "gossip/secure_channel.h"

#include <algorithm>
#include <utility>

#include "crdt/check.h"

namespace gossip {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Error;
using crdt::Result;

namespace {

constexpr std::size_t kLengthBytes = 2;

// On the wire, as the header lists them.
constexpr char kLast = 0;
constexpr char kMore = 1;
constexpr char kRekey = 2;

constexpr std::size_t kTransportMessageBytesMin = 1 + kTagBytes;  // A kind and an empty body.

void append_message(BytesView message, Bytes& out) {
  CHECK(message.size() <= kNoiseMessageBytesMax);
  out.push_back(static_cast<char>(message.size() >> 8));
  out.push_back(static_cast<char>(message.size() & 0xff));
  out += message;
}

// REQUIRES two octets.
std::size_t length_of(BytesView message) {
  return static_cast<std::size_t>(static_cast<unsigned char>(message[0])) << 8 |
         static_cast<unsigned char>(message[1]);
}

}  // namespace

SecureChannel::SecureChannel(SecureChannelConfig config, crdt::Rng& rng)
    : role_(config.role),
      payload_(std::move(config.payload)),
      allowed_(std::move(config.allowed)),
      handshake_(std::in_place, config.role, config.handshake, rng) {
  CHECK(payload_.size() <= kHandshakePayloadBytesMax);
  CHECK(allowed_ != nullptr);
}

Bytes SecureChannel::start() {
  CHECK(state_ == State::kIdle);
  state_ = State::kHandshake;
  Bytes out;
  if (role_ == Role::kInitiator) {
    const Result<Bytes> first = handshake_->write({});
    CHECK(first.has_value());  // It holds no key of the peer yet that could be wrong.
    append_message(*first, out);
  }
  return out;
}

Result<Received> SecureChannel::receive(BytesView bytes) {
  CHECK(state_ != State::kIdle);
  if (state_ == State::kClosed) return failure_;
  Result<Received> received = receive_messages(bytes);
  if (!received) close(received.error());
  return received;
}

Result<Received> SecureChannel::receive_messages(BytesView bytes) {
  Received received;
  while (!bytes.empty()) {
    const Result<bool> whole = fill(bytes);
    if (!whole) return whole.error();
    if (!*whole) break;
    const BytesView message = BytesView(message_).substr(kLengthBytes);
    const Result<void> taken =
        state_ == State::kOpen ? on_transport(message, received) : on_handshake(message, received);
    if (!taken) return taken.error();
    message_.clear();
  }
  return received;
}

// Moves what the current message still lacks from `bytes`; true when it is whole. The length is
// judged before anything behind it is held.
Result<bool> SecureChannel::fill(BytesView& bytes) {
  take(bytes, kLengthBytes);
  if (message_.size() < kLengthBytes) return false;
  const std::size_t length = length_of(message_);
  const bool open = state_ == State::kOpen;
  if (!open && length > kHandshakeMessageBytesMax) {
    return Error{"a handshake message of " + std::to_string(length) + " bytes is over the limit"};
  }
  if (length < (open ? kTransportMessageBytesMin : kKeyBytes)) {
    return Error{"a message of " + std::to_string(length) + " bytes is too short to be one"};
  }
  take(bytes, kLengthBytes + length);
  return message_.size() == kLengthBytes + length;
}

void SecureChannel::take(BytesView& bytes, std::size_t size) {
  if (message_.size() >= size) return;
  const std::size_t taken = std::min(size - message_.size(), bytes.size());
  message_ += bytes.substr(0, taken);
  bytes.remove_prefix(taken);
}

Result<void> SecureChannel::on_handshake(BytesView message, Received& received) {
  Result<Bytes> payload = handshake_->read(message);
  if (!payload) return payload.error();
  if (handshake_->remote_static()) {
    const Result<void> admitted = admit(std::move(*payload));
    if (!admitted) return admitted.error();
  } else if (!payload->empty()) {
    return Error{"the first handshake message carries a payload"};
  }
  if (!handshake_->done()) {
    const Result<Bytes> answer = handshake_->write(payload_);
    if (!answer) return answer.error();
    append_message(*answer, received.to_send);
  }
  if (handshake_->done()) {
    TransportCiphers ciphers = handshake_->split();
    send_.emplace(std::move(ciphers.send));
    receive_.emplace(std::move(ciphers.receive));
    handshake_.reset();
    state_ = State::kOpen;
    received.established_now = true;
  }
  return {};
}

Result<void> SecureChannel::admit(Bytes payload) {
  const PublicKey& key = *handshake_->remote_static();
  if (!allowed_(key)) return Error{"unknown key " + to_hex(key)};
  remote_static_ = key;
  remote_payload_ = std::move(payload);
  return {};
}

Result<void> SecureChannel::on_transport(BytesView message, Received& received) {
  const Result<Bytes> plaintext = receive_->decrypt(message);
  if (!plaintext) return plaintext.error();
  const char kind = plaintext->front();  // fill() refuses a message without one.
  const BytesView body = BytesView(*plaintext).substr(1);
  if (kind == kRekey && body.empty()) {
    receive_->rekey();
    return {};
  }
  if (kind != kLast && !(kind == kMore && body.size() == kPartBytesMax)) {
    return Error{"a message is neither a part of a frame nor a rekey"};
  }
  if (body.size() > kFrameBytesMax - frame_.size()) {
    return Error{"a frame is over the limit of " + std::to_string(kFrameBytesMax) + " bytes"};
  }
  frame_ += body;
  if (kind == kLast) received.frames.push_back(std::exchange(frame_, {}));
  return {};
}

Result<void> SecureChannel::end_of_stream() {
  if (state_ == State::kClosed) return failure_;
  const bool established = state_ == State::kOpen;
  const bool between = message_.empty() && frame_.empty();
  close(Error{established && between ? "the stream has ended"
              : established          ? "the stream broke off inside a frame"
                                     : "the stream broke off inside the handshake"});
  if (established && between) return {};
  return failure_;
}

Bytes SecureChannel::seal(BytesView frame) {
  CHECK(established());
  CHECK(frame.size() <= kFrameBytesMax);
  const std::size_t parts = frame.size() / kPartBytesMax + 1;
  Bytes out;
  out.reserve(frame.size() + parts * (kLengthBytes + kTransportMessageBytesMin));
  Bytes plaintext;
  for (bool last = false; !last; frame.remove_prefix(std::min(kPartBytesMax, frame.size()))) {
    last = frame.size() <= kPartBytesMax;
    plaintext.assign(1, last ? kLast : kMore);
    plaintext += frame.substr(0, kPartBytesMax);
    append_sealed(plaintext, out);
  }
  return out;
}

Bytes SecureChannel::rekey() {
  CHECK(established());
  Bytes out;
  append_sealed({&kRekey, 1}, out);
  send_->rekey();
  return out;
}

void SecureChannel::append_sealed(BytesView plaintext, Bytes& out) {
  const Result<Bytes> message = send_->encrypt(plaintext);
  CHECK(message.has_value());  // Fails after 2^64 messages: 500,000 years at a million a second.
  append_message(*message, out);
}

void SecureChannel::close(Error why) {
  state_ = State::kClosed;
  failure_ = std::move(why);
  handshake_.reset();
  send_.reset();
  receive_.reset();
  message_ = {};
  frame_ = {};
}

}  // namespace gossip
