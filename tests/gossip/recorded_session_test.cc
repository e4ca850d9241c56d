// Sessions as peers of each wire version had them (recorded/v1): what they said is understood for
// ever, and comes to the same end.
//
// MUSTER_RECORD_WIRE=1 in the environment records the sessions of the wire version at hand that are
// not there yet. What is there is never written again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "crdt/keyspace.h"
#include "gossip/wire.h"
#include "tests/gossip/recording.h"

namespace gossip {
namespace {

namespace fs = std::filesystem;
using crdt::Bytes;
using crdt::BytesView;
using test::Mesh;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using namespace std::chrono_literals;

const std::string kRecorded = MUSTER_SOURCE_DIR "/tests/gossip/recorded/";

// --- what was recorded ---

// The seed of a mesh whose node 0 is dialled by all others, or dials them all.
std::uint64_t seed_of(std::size_t nodes, bool dialled, std::uint64_t seed) {
  for (;; ++seed) {
    const Mesh mesh(nodes, seed);
    const auto key = [&](std::size_t node) { return public_key_of(mesh.config(node).identity); };
    bool found = true;
    for (std::size_t node = 1; node < nodes; ++node) {
      found = found && (key(node) < key(0)) == dialled;
    }
    if (found) return seed;
  }
}

void configure_all(std::size_t, Config& config) { configure(config); }

const std::vector<std::string> kKeys{"channel/T/C1", "channel/T/C2", "channel/T/C3"};

void write_some(Mesh& mesh, std::size_t node, const std::string& word) {
  for (std::size_t i = 0; i < 2 * kKeys.size(); ++i) {
    const std::string& key = kKeys[i % kKeys.size()];
    mesh.write(node, key, "t/" + std::to_string(i / 2) + "/text", word + std::to_string(i));
    if (i % 4 == 1) mesh.remove(node, key, "t/0/text");
  }
}

Recording first_contact(bool dialled) {
  Mesh mesh(2, seed_of(2, dialled, 60), configure_all);
  Recorder recorder(mesh, "Two peers that differ meet, then change things at once.");
  write_some(mesh, 0, "a");
  write_some(mesh, 1, "b");
  EXPECT_TRUE(mesh.settle());
  write_some(mesh, 0, "c");
  write_some(mesh, 1, "d");
  EXPECT_TRUE(mesh.settle());
  mesh.pass(10s);
  EXPECT_TRUE(mesh.equal());
  return recorder.finish(kKeys);
}

Recording repair() {
  Mesh mesh(3, seed_of(3, true, 61), configure_all);
  Recorder recorder(mesh,
                    "Of three peers two are cut off in turn; changes go round, gaps are "
                    "filled, and one comes back as a new process.");
  EXPECT_TRUE(mesh.settle());
  write_some(mesh, 1, "a");
  recorder.cut(1);
  write_some(mesh, 1, "b");
  write_some(mesh, 0, "c");
  EXPECT_TRUE(mesh.settle());
  mesh.cut(1, 2);
  write_some(mesh, 2, "d");
  write_some(mesh, 1, "e");
  mesh.pass(5s);
  mesh.heal(0, 1);
  mesh.heal(1, 2);
  EXPECT_TRUE(mesh.settle());
  recorder.restart(2);
  write_some(mesh, 2, "f");
  EXPECT_TRUE(mesh.settle());
  mesh.pass(10s);
  EXPECT_TRUE(mesh.equal());
  return recorder.finish(kKeys);
}

// A disk spoils a record between the offer and the answer.
Recording lacking() {
  Mesh mesh(2, seed_of(2, true, 62), configure_all);
  tests::EarV1 ear;
  bool spoilt = false;
  Recorder recorder(mesh, "A peer offers a record, and its disk spoils it before it is sent.",
                    [&](std::size_t from, std::size_t, BytesView frame) {
                      if (from == 0) return Bytes(frame);
                      for (const tests::SaidV1& said : ear.hear(frame)) {
                        if (said.name != "offer" || std::exchange(spoilt, true)) continue;
                        mesh.flip(1, crdt::keyspace::record("tspoilt"));
                      }
                      return Bytes(frame);
                    });
  mesh.insert(1, crdt::Record{"tspoilt", "value"});
  mesh.insert(1, crdt::Record{"tsound", "value"});
  write_some(mesh, 1, "a");
  mesh.pass(20s);
  return recorder.finish(kKeys);
}

// Of a release that did not know membership yet: such peers ping each other.
Recording without_membership() {
  Mesh mesh(2, seed_of(2, true, 63), configure_all);
  Recorder recorder(mesh, "Two peers that do not speak about who is alive.",
                    [](std::size_t, std::size_t, BytesView frame) {
                      Bytes passed;
                      for (const tests::SaidV1& said : tests::EarV1().hear(frame)) {
                        if (said.name != "swim") passed += said.octets;
                      }
                      return passed;
                    });
  EXPECT_TRUE(mesh.settle());
  mesh.pass(20s);
  return recorder.finish(kKeys);
}

// The peer has lost documents of which no cursor knows, and has others that nobody was told of.
Recording comparison(bool dialled) {
  Mesh mesh(2, seed_of(2, dialled, 64), configure_all);
  Recorder recorder(mesh, "A peer has lost some of what it held; a comparison finds it.");
  for (std::size_t i = 0; i < 40; ++i) {
    mesh.write(i % 2, "k" + std::to_string(i), "t/1/text", "v");
  }
  EXPECT_TRUE(mesh.settle());
  recorder.restart(1);
  mesh.alter(1, [](crdt::Transaction& txn) {
    for (const char* key : {"k3", "k4", "k17"}) {
      txn.erase(crdt::keyspace::document_header(key));
      txn.erase(crdt::keyspace::document_group(key, "t/1"));
    }
  });
  EXPECT_TRUE(mesh.settle());
  mesh.pass(2min);
  EXPECT_TRUE(mesh.equal());
  return recorder.finish({"k3", "k5"});
}

struct Scenario {
  std::string name;
  std::function<Recording()> record;
};

const std::vector<Scenario> kScenarios{
    {"first_contact_dialled", [] { return first_contact(true); }},
    {"first_contact_dialling", [] { return first_contact(false); }},
    {"repair", repair},
    {"lacking", lacking},
    {"without_membership", without_membership},
    {"comparison_dialled", [] { return comparison(true); }},
    {"comparison_dialling", [] { return comparison(false); }},
};

void record_missing() {
  const fs::path folder = kRecorded + "v" + std::to_string(kWireVersion);
  fs::create_directories(folder);
  for (const Scenario& scenario : kScenarios) {
    const fs::path file = folder / (scenario.name + ".session");
    if (!fs::exists(file)) std::ofstream(file) << to_text(scenario.record());
  }
}

// --- what becomes of it today ---

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> sessions() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kRecorded + "v1")) {
    if (entry.path().extension() == ".session") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::set<std::string> names_of(const std::vector<Bytes>& frames) {
  std::set<std::string> names;
  tests::EarV1 ear;
  for (const Bytes& frame : frames) {
    for (const tests::SaidV1& said : ear.hear(frame)) names.insert(said.name);
  }
  return names;
}

std::vector<Bytes> frames_of(const Recording& recording, Recording::What what,
                             const std::string& name) {
  std::vector<Bytes> frames;
  for (const auto& event : recording.events) {
    if (event.what == what && (name.empty() || event.name == name)) frames.push_back(event.octets);
  }
  return frames;
}

TEST(RecordedSession, OfVersionOneComesToTheSameEndToday) {
  if (std::getenv("MUSTER_RECORD_WIRE") != nullptr) record_missing();
  ASSERT_GE(sessions().size(), kScenarios.size());
  for (const fs::path& path : sessions()) {
    SCOPED_TRACE(path.filename());
    const Recording recording = recording_of(text_of(path));
    const Played played = play(recording);
    EXPECT_EQ(played.documents, recording.documents);
    EXPECT_EQ(played.digest, recording.digest);
    EXPECT_THAT(played.notices, Not(testing::Contains(HasSubstr("dropped the link"))));
  }
}

// Who spoke version 1 is answered with the same kinds of messages, all of which it can read.
TEST(RecordedSession, OfVersionOneIsAnsweredInVersionOne) {
  for (const fs::path& path : sessions()) {
    SCOPED_TRACE(path.filename());
    const Recording recording = recording_of(text_of(path));
    std::set<std::string> before;
    for (const auto& peer : recording.peers) {
      before.merge(names_of(frames_of(recording, Recording::What::kSaid, peer.name)));
    }
    EXPECT_THAT(play(recording).said, Not(testing::IsEmpty()));
    EXPECT_THAT(names_of(play(recording).said), IsSupersetOf(before));
  }
}

TEST(RecordedSession, OfVersionOneHoldEveryKindOfMessage) {
  std::set<std::string> heard;
  for (const fs::path& path : sessions()) {
    const Recording recording = recording_of(text_of(path));
    for (const auto& peer : recording.peers) {
      heard.merge(names_of(frames_of(recording, Recording::What::kHeard, peer.name)));
    }
  }
  EXPECT_THAT(heard, testing::UnorderedElementsAre("hello", "resume", "linked", "names", "push",
                                                   "pushed", "offer", "expand", "resolved", "want",
                                                   "fragment", "records", "ping", "pong", "lacking",
                                                   "swim", "compare"));
}

TEST(RecordedSession, ReadsBackAsItWasWritten) {
  const std::string text = text_of(sessions().front());
  EXPECT_EQ(to_text(recording_of(text)), text);
}

}  // namespace
}  // namespace gossip
