// The written conversation of recorded/v1/secure_channel.txt: what two channels with fixed keys put
// on the stream, byte for byte. It is a part of wire version 1, and never written again.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "gossip/noise_hash.h"
#include "tests/gossip/channel_pair.h"

namespace gossip {
namespace {

using crdt::Bytes;
using crdt::BytesView;
using crdt::Result;

constexpr std::size_t kOctetsPerLine = 48;    // 96 columns and the indent.
constexpr std::size_t kOctetsShownMax = 512;  // Longer streams are shown by their hash.

class Transcript {
 public:
  void title(std::string_view text) { out_ << "\n== " << text << "\n"; }

  void stream(std::string_view from, const Bytes& bytes) {
    out_ << from << " sends " << bytes.size() << " bytes\n";
    if (bytes.size() > kOctetsShownMax) {
      out_ << "    BLAKE2b " << crdt::to_hex(view_of(blake2b({bytes})).substr(0, 32)) << "...\n";
      return;
    }
    for (const Bytes& message : messages_of(bytes)) {
      for (std::size_t at = 0; at < message.size(); at += kOctetsPerLine) {
        out_ << (at == 0 ? "  > " : "    ") << crdt::to_hex(message.substr(at, kOctetsPerLine))
             << "\n";
      }
    }
  }

  void received(std::string_view by, const SecureChannel& channel, const Result<Received>& result) {
    if (!result) {
      out_ << by << " closes: " << result.error().message << "\n";
      return;
    }
    if (result->established_now) {
      out_ << by << " is established with " << to_hex(*channel.remote_static()) << "\n"
           << by << " has the payload \"" << channel.remote_payload() << "\"\n";
    }
    for (const Bytes& frame : result->frames) {
      out_ << by << " has a frame of " << frame.size() << " bytes";
      if (frame.size() < 80) out_ << ": \"" << frame << "\"";
      out_ << "\n";
    }
    if (!result->to_send.empty()) stream(by, result->to_send);
  }

  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

void handshake(ChannelPair& pair, Transcript& transcript) {
  static_cast<void>(pair.responder.start());
  transcript.title("handshake");
  const Bytes first = pair.initiator.start();
  transcript.stream("initiator", first);
  const Result<Received> second = pair.responder.receive(first);
  transcript.received("responder", pair.responder, second);
  const Result<Received> third = pair.initiator.receive(second->to_send);
  transcript.received("initiator", pair.initiator, third);
  transcript.received("responder", pair.responder, pair.responder.receive(third->to_send));
}

void talk(ChannelPair& pair, Transcript& transcript) {
  const auto from_initiator = [&](const Bytes& bytes) {
    transcript.stream("initiator", bytes);
    transcript.received("responder", pair.responder, pair.responder.receive(bytes));
  };
  const auto from_responder = [&](const Bytes& bytes) {
    transcript.stream("responder", bytes);
    transcript.received("initiator", pair.initiator, pair.initiator.receive(bytes));
  };
  transcript.title("a frame each way, and an empty one");
  from_initiator(pair.initiator.seal("hello"));
  from_responder(pair.responder.seal("hello yourself"));
  from_responder(pair.responder.seal(""));
  transcript.title("a frame of two messages");
  from_initiator(pair.initiator.seal(Bytes(70'000, 'x')));
  transcript.title("the initiator rekeys");
  from_initiator(pair.initiator.rekey());
  from_initiator(pair.initiator.seal("under the next key"));
  from_responder(pair.responder.seal("still under the first"));
  transcript.title("a message is sent twice");
  const Bytes twice = pair.responder.seal("twice");
  from_responder(twice);
  from_responder(twice);
}

std::string conversation() {
  Transcript transcript;
  ChannelPair pair;
  handshake(pair, transcript);
  talk(pair, transcript);
  return "Two secure channels talk: " + std::string("Noise_XX_25519_ChaChaPoly_BLAKE2b") +
         ", the keys of tests/gossip/channel_pair.h.\n> begins a message, with its length.\n" +
         transcript.text();
}

TEST(SecureChannelTranscript, IsAsWritten) {
  const std::string path = MUSTER_SOURCE_DIR "/tests/gossip/recorded/v1/secure_channel.txt";
  const std::string now = conversation();
  std::ifstream file(path);
  std::ostringstream written;
  written << file.rdbuf();
  EXPECT_EQ(written.str(), now);
}

}  // namespace
}  // namespace gossip
