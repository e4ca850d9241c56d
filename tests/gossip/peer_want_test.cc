// What one peer wants of another leaves as the link takes it, however much it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gossip/peer.h"
#include "gossip/wire.h"
#include "tests/support/hostile_peer.h"
#include "tests/support/mesh.h"

namespace {

using crdt::Bytes;
using gossip::FragmentPart;
using gossip::Message;
using gossip::Peer;
using gossip::Ping;
using gossip::Pong;
using gossip::Want;
using test::hostile_config;
using test::HostilePeer;
using test::LonePeer;
using testing::Contains;
using testing::HasSubstr;

constexpr std::size_t kDocuments = 40;
constexpr std::size_t kDocumentBytes = 480'000;  // 19 MB in all: many windows.

class PeerWant : public testing::Test {
 protected:
  PeerWant() {
    victim.batch([&](Peer&, crdt::Repository& repository) {
      for (std::size_t i = 0; i < kDocuments; ++i) {
        crdt::Delta delta;
        for (std::uint64_t dot = 1; dot <= kDocumentBytes / 16'000; ++dot) {
          delta.advance = {{{7}, dot}};
          delta.written.push_back(
              {"p" + std::to_string(dot), {{7}, dot}, {1}, {}, Bytes(16'000, 'x')});
        }
        const std::string key = "k" + std::to_string(i);
        ASSERT_TRUE(repository.apply({{{key, delta}}, {}}));
        everything.documents.push_back({key, {}});
      }
    });
    mallory.begin();
    static_cast<void>(mallory.hear());
  }

  // What the victim has said since: octets of fragments, and how many of them came to an end. All
  // that it says while nobody answers: little by little.
  void listen() {
    octets = 0;
    pings = 0;
    for (std::size_t heard = 1; heard > 0; victim.pass(std::chrono::milliseconds(1))) {
      heard = 0;
      for (const Message& message : mallory.hear()) {
        if (std::holds_alternative<Ping>(message)) ++pings;
        if (const auto* part = std::get_if<FragmentPart>(&message)) {
          heard += part->bytes.size();
          if (part->last) ++whole;
        }
      }
      ASSERT_LE(heard, Peer::kAnswersABatch + gossip::kFragmentPartMax);
      octets += heard;
    }
  }

  LonePeer victim{{hostile_config(1, "mallory")}};
  HostilePeer mallory{victim, 1};
  Want everything;
  std::size_t octets = 0;
  std::size_t pings = 0;
  std::size_t whole = 0;
};

TEST_F(PeerWant, AnswersComeAWindowAtATimeAsTheAskerTakesThem) {
  mallory.say(everything);
  std::size_t windows = 0;
  for (listen(); octets > 0; listen()) {
    ++windows;
    ASSERT_LE(octets, Peer::kAnswerWindow + gossip::kFragmentPartMax);
    const std::size_t asked = pings;
    victim.pass(std::chrono::milliseconds(1));
    listen();
    ASSERT_EQ(octets, 0u) << "before the window was taken";
    mallory.say_all(std::vector<Message>(asked, Pong{}));
  }
  EXPECT_EQ(whole, kDocuments);
  EXPECT_GE(windows, kDocuments * kDocumentBytes / (Peer::kAnswerWindow + (64 << 10)));
}

TEST_F(PeerWant, APartOfTheWindowThatWasTakenLetsAsMuchFollow) {
  mallory.say(everything);
  listen();
  mallory.say(Pong{});
  listen();
  EXPECT_GE(octets, Peer::kAnswersABatch);
  EXPECT_LE(octets, Peer::kAnswersABatch + gossip::kFragmentPartMax);
}

TEST_F(PeerWant, PongsThatNothingAskedForOpenNoWindow) {
  mallory.say_all(std::vector<Message>(100, Pong{}));
  mallory.say(everything);
  listen();
  EXPECT_LE(octets, Peer::kAnswerWindow + gossip::kFragmentPartMax);
  EXPECT_LE(pings, Peer::kAnswerWindow / Peer::kAnswersABatch);
}

TEST_F(PeerWant, ANewScanForgetsWhatTheOldOneWanted) {
  mallory.say(everything);
  listen();
  mallory.say_all({gossip::Resume{1, {}}, Pong{}});
  listen();
  EXPECT_EQ(octets, 0u);
}

TEST_F(PeerWant, AskingForMoreThanAnOfferCanNameCostsTheLink) {
  mallory.say(everything);  // So that what follows has to wait.
  Want want;
  for (int i = 0; i < 1'000; ++i) want.records.push_back("t" + std::to_string(i));
  for (int i = 0; i < 1'000 && !mallory.dropped(); ++i) mallory.say(want);
  EXPECT_TRUE(mallory.dropped());
  EXPECT_THAT(victim.notices(), Contains(HasSubstr("more than an offer can name")));
}

TEST(PeerWantMesh, ANewPeerLearnsManyWindowsOfDocumentsAndRecords) {
  test::Mesh mesh(2, 1);
  ASSERT_TRUE(mesh.settle());
  mesh.cut(0, 1);
  for (int i = 0; i < 60; ++i) {
    for (int j = 0; j < 8; ++j) {
      mesh.write(0, "k" + std::to_string(i), "p" + std::to_string(j), std::string(16'000, 'x'));
    }
    mesh.insert(0, {"p" + std::to_string(i), std::string(100'000, 'y')});
  }
  mesh.heal();
  ASSERT_TRUE(mesh.settle());
  EXPECT_TRUE(mesh.equal());
}

}  // namespace
