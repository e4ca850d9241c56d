// Peers of several releases in one cluster: one that knows version 1 of the wire and nothing later,
// today's, and one that says more than today's knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "crdt/state_hash.h"
#include "tests/support/frame_v1.h"
#include "tests/support/hostile_peer.h"
#include "tests/support/mesh.h"

namespace {

using crdt::Bytes;
using crdt::BytesView;
using test::Mesh;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

// Counts what is said by whom to whom, and lets it through.
class Listener {
 public:
  explicit Listener(Mesh& mesh) : mesh_(mesh) {
    mesh_.tap([this](std::size_t from, std::size_t to, BytesView frame) {
      ++frames_;
      return pass(from, to, frame);
    });
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  [[nodiscard]] const std::map<std::string, std::size_t>& said() const { return said_; }
  [[nodiscard]] std::size_t frames() const { return frames_; }

 protected:
  // The frame as a peer of version 1 hears it, or says it.
  Bytes through_v1(std::size_t from, std::size_t to, BytesView frame) {
    Bytes octets;
    for (const tests::SaidV1& said : ears_[{from, to}].hear(frame)) {
      ++said_[said.name];
      octets += said.octets;
    }
    return octets;
  }

  virtual Bytes pass(std::size_t from, std::size_t to, BytesView frame) {
    static_cast<void>(through_v1(from, to, frame));
    return Bytes(frame);
  }

 private:
  Mesh& mesh_;
  std::size_t frames_ = 0;
  std::map<std::string, std::size_t> said_;
  std::map<std::pair<std::size_t, std::size_t>, tests::EarV1> ears_;
};

// Peer 1 is of version 1: it hears and says no more than that. Peer 2 is of a later release.
class MixedReleases : public Listener {
 public:
  using Listener::Listener;

  [[nodiscard]] std::size_t added() const { return added_; }  // Messages, to peer 0.

 protected:
  Bytes pass(std::size_t from, std::size_t to, BytesView frame) override {
    Bytes said(frame);
    if (from == 1) said = through_v1(from, to, said);
    if (from == 2) {
      said = tests::said_later(said);
      if (to == 0) added_ += tests::added_later(frame);
    }
    if (to == 1) said = through_v1(from, to, said);
    return said;
  }

 private:
  std::size_t added_ = 0;
};

// Edits on all sides, cuts, a restart: pushes, parked pushes, scans, fragments, forwarding.
void live(Mesh& mesh) {
  ASSERT_TRUE(mesh.settle());
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 24; ++i) {
      const std::string key = "k" + std::to_string(i % 7);
      mesh.write(i % 3, key, "t/" + std::to_string(i % 5) + "/text", "v" + std::to_string(i));
      if (i % 6 == 0) mesh.remove((i + 1) % 3, key, "t/1/text");
      mesh.deliver_one();
    }
    if (round == 0) mesh.cut(0, 1);
    if (round == 1) mesh.cut(1, 2);
    if (round == 2) mesh.heal();
    if (round == 2) mesh.restart(1);
    ASSERT_TRUE(mesh.settle());
  }
}

TEST(MixedVersions, PeersOfVersionOneOfTodayAndOfALaterReleaseConverge) {
  Mesh mesh(3, 50);
  MixedReleases releases(mesh);
  ASSERT_NO_FATAL_FAILURE(live(mesh));
  EXPECT_TRUE(mesh.equal());
  for (const std::string& notice : mesh.notices()) {
    EXPECT_THAT(notice, testing::Not(HasSubstr("dropped the link"))) << notice;
  }
}

TEST(MixedVersions, PeersOfVersionOneAndOfALaterReleaseCompareTheirStores) {
  Mesh mesh(3, 51);
  MixedReleases releases(mesh);
  ASSERT_NO_FATAL_FAILURE(live(mesh));
  mesh.pass(70min);
  EXPECT_TRUE(mesh.equal());
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(mesh.peer(node).comparer().counts().differed, 0u) << node;
  }
  EXPECT_GT(mesh.peer(0).comparer().counts().same, 0u);
}

TEST(MixedVersions, AMessageThatOnlyALaterReleaseKnowsIsCounted) {
  Mesh mesh(3, 52);
  MixedReleases releases(mesh);
  ASSERT_NO_FATAL_FAILURE(live(mesh));
  for (const gossip::PeerStatus& peer : mesh.status(0)) {
    EXPECT_EQ(peer.skipped, peer.name == "c" ? releases.added() : 0u) << peer.name;
  }
}

// Every struct has a field more, and every second message is unheard of: no word more is said.
TEST(MixedVersions, WhatALaterReleaseAddsCausesNoSync) {
  class Later : public Listener {
   public:
    using Listener::Listener;

   protected:
    Bytes pass(std::size_t from, std::size_t to, BytesView frame) override {
      Bytes said = Listener::pass(from, to, frame);
      return from == 1 ? tests::said_later(said) : said;
    }
  };
  const auto words_of = [](auto listen) {
    Mesh mesh(2, 53);
    const auto listener = listen(mesh);
    for (int i = 0; i < 20; ++i) mesh.write(i % 2, "k" + std::to_string(i % 3), "t/1/text", "v");
    EXPECT_TRUE(mesh.settle());
    for (int i = 0; i < 20; ++i) mesh.write(i % 2, "k" + std::to_string(i % 3), "t/2/text", "w");
    EXPECT_TRUE(mesh.settle());
    mesh.pass(1h);
    EXPECT_TRUE(mesh.equal());
    return listener->said();
  };
  const auto today = words_of([](Mesh& mesh) { return std::make_unique<Listener>(mesh); });
  const auto later = words_of([](Mesh& mesh) { return std::make_unique<Later>(mesh); });
  EXPECT_EQ(today, later);
  EXPECT_GT(today.at("fragment"), 0u);
  EXPECT_GT(today.at("push"), 0u);
}

}  // namespace
