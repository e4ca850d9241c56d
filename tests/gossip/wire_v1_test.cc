// Each message of wire version 1, octet by octet, and what peers must compute alike: recorded once,
// and held for ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "crdt/compact_names.h"
#include "crdt/handled_mark.h"
#include "crdt/hash64.h"
#include "crdt/keyspace.h"
#include "crdt/set_sketch.h"
#include "crdt/state_hash.h"
#include "gossip/duty.h"
#include "gossip/invitation.h"
#include "gossip/join.h"
#include "gossip/noise_hash.h"
#include "gossip/peer.h"
#include "gossip/wire.h"
#include "tests/support/frame_v1.h"
#include "tests/support/roster_entries.h"

namespace gossip {
namespace {

namespace fs = std::filesystem;
using crdt::Bytes;
using crdt::BytesView;
using crdt::ReplicaId;
using testing::SizeIs;

const std::string kFolder = MUSTER_SOURCE_DIR "/tests/gossip/recorded/v1/";
const std::string kMessages = kFolder + "messages.txt";

constexpr ReplicaId kA{0x0123456789abcdef};
constexpr ReplicaId kB{0xfedcba9876543210};

crdt::Leaf leaf(const std::string& path, crdt::Dot dot, const std::string& value) {
  return {path, dot, {1'790'000'000'000'000}, {{11, 12}, "U0123"}, value};
}

// Two documents and a record; a handled mark among the leaves, siblings' dots among the dead.
crdt::Change change() {
  crdt::Delta first;
  first.after = {{kA, 3}, {kB, 9}};
  first.advance = {{kA, 6}};
  first.written = {leaf("t/1/text", {kA, 4}, "disk full"), leaf("t/1/state", {kA, 5}, "red"),
                   leaf(crdt::handled_path({11, 12}), {kA, 6}, Bytes(8, '\1'))};
  first.killed = {{kA, 2}, {kB, 9}};
  crdt::Delta second;
  second.advance = {{kA, 1}, {kB, 1}};
  second.written = {leaf("m/x", {kB, 1}, "")};
  second.written.front().rank = {-5};
  second.written.front().stamp = {{1, 2}, "U9"};
  return {{{"channel/T/C", first}, {"persona/T/U", second}}, {{"tkey", "value"}, {"x", ""}}};
}

crdt::Document document() {
  crdt::Document document;
  for (const crdt::DocumentDelta& part : change().deltas) {
    crdt::Delta delta = part.delta;
    delta.after = {};
    delta.killed.clear();
    document.apply(delta);
  }
  return document;
}

Compare compare(Compare::Step step) {
  return {step, 7, {1, ~std::uint64_t{0}}, "symbols", {1, 0xfffffffe}, {{"k", 5}}, {"tkey"}};
}

std::map<std::string, Message> messages() {
  std::map<std::string, Message> all{
      {"hello", Hello{1, kA, 300, "north", 'n'}},
      {"hello-without-letter", Hello{1, kB, 0, ""}},
      {"resume", Resume{2, {kB, 70'000}}},
      {"linked", Linked{{kA, kB}, true}},
      {"push", Push{901, true, change()}},
      {"push-second-hand", Push{902, false, {{}, {{"tkey", "value"}}}}},
      {"pushed", Pushed{{900, 901, 5}}},
      {"offer", Offer{3, 10, 20, true, {{kB, 4}}, {{"channel/T/C", 99}}, {"tkey", "x"}}},
      {"offer-of-nothing", Offer{4, 20, 20, false, {}, {}, {}}},
      {"expand", Expand{3}},
      {"resolved", Resolved{3, 20}},
      {"want", Want{{{"channel/T/C", {{kA, 3}, {kB, 9}}}, {"k", {}}}, {"tkey"}}},
      {"fragment", FragmentPart{"k", 0, true, encode(document().fragment({{kA, 4}}))}},
      {"fragment-second-part", FragmentPart{"k", 1, true, "rest"}},
      {"fragment-unpacked", FragmentPart{"k", 1, false, Bytes(kPackedBytesMax, 'x')}},
      {"records", Records{{{"tkey", "value"}, {"x", ""}}}},
      {"ping", Ping{}},
      {"pong", Pong{}},
      {"lacking", Lacking{{"channel/T/C"}, {"tkey"}}},
  };
  const News dead{{1}, 2, Liveness::kDead, {3}};
  const News suspect{{4}, 5, Liveness::kSuspect, {6}};
  for (int kind = 0; kind <= static_cast<int>(SwimKind::kView); ++kind) {
    all["swim-" + std::to_string(kind)] =
        Swim{static_cast<SwimKind>(kind), 60'000, {77}, 65'536, kind % 2 == 0, 5, {dead, suspect}};
  }
  for (int step = 0; step <= static_cast<int>(Compare::Step::kAll); ++step) {
    all["compare-" + std::to_string(step)] = compare(static_cast<Compare::Step>(step));
  }
  return all;
}

std::map<std::string, Bytes> recorded_messages() {
  std::map<std::string, Bytes> all;
  std::ifstream file(kMessages);
  for (std::string name, octets; file >> name >> octets;) all[name] = crdt::from_hex(octets);
  return all;
}

std::string as_version_one_reads(BytesView frame) {
  std::string text;
  for (const tests::SaidV1& said : tests::EarV1().hear(frame)) text += said.text + "\n";
  return text;
}

// Never again: the file is there.
void record_missing() {
  if (fs::exists(kMessages)) return;
  std::ofstream file(kMessages);
  for (const auto& [name, message] : messages()) {
    file << name << " " << crdt::to_hex(encode(message)) << "\n";
  }
}

TEST(WireV1, HasARecordingOfEveryKindOfMessage) {
  if (std::getenv("MUSTER_RECORD_WIRE") != nullptr) record_missing();
  std::set<std::size_t> kinds;
  for (const auto& [name, message] : messages()) kinds.insert(message.index());
  EXPECT_THAT(kinds, SizeIs(std::variant_size_v<Message>));
  EXPECT_THAT(recorded_messages(), SizeIs(messages().size()));
}

TEST(WireV1, IsReadAsItWasMeant) {
  const auto recorded = recorded_messages();
  for (const auto& [name, message] : messages()) {
    SCOPED_TRACE(name);
    crdt::HeardNames names;
    const auto read = decode_frame(recorded.at(name), names);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, std::vector<Message>{message});
  }
}

TEST(WireV1, IsWhatTodaysPeersSayForWhoeverKnowsNothingLater) {
  const auto recorded = recorded_messages();
  for (const auto& [name, message] : messages()) {
    EXPECT_EQ(as_version_one_reads(encode(message)), as_version_one_reads(recorded.at(name)))
        << name;
  }
}

// BLAKE2b of each file, as it was when version 1 was frozen. New ones may come.
TEST(WireV1, IsNeverWrittenAgain) {
  const std::map<std::string, std::string> frozen{
      {"comparison_dialled.session", "7d4b2412a104b453"},
      {"comparison_dialling.session", "ef9c38c479650958"},
      {"document.capnp", "7b6a9a11e7f01f59"},
      {"first_contact_dialled.session", "a83c7a1346d263e2"},
      {"first_contact_dialling.session", "f1e23aebb45fe795"},
      {"lacking.session", "df271d6487cbd169"},
      {"messages.txt", "80e632fa5f4a7ac1"},
      {"repair.session", "6767d355a0927d48"},
      {"secure_channel.txt", "804a554f423939d5"},
      {"wire.capnp", "ff04d02b8aff8478"},
      {"without_membership.session", "afd29a448b513f14"},
  };
  for (const auto& [name, sum] : frozen) {
    std::ifstream file(kFolder + name);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(crdt::to_hex(view_of(blake2b({text.str()})).substr(0, 8)), sum) << name;
  }
}

// --- what peers of all releases must compute alike ---

std::string hex(std::uint64_t value) { return crdt::to_hex(crdt::big_endian(value)); }

std::string sum_of(BytesView bytes) {
  return crdt::to_hex(view_of(blake2b({bytes})).substr(0, 16));
}

TEST(WireV1, FixesTheHandshakesPrologue) {
  EXPECT_EQ(link_prologue("test"), "muster wire 1 cluster test");
}

TEST(WireV1, FixesHashesOfDocumentsAndRecords) {
  const crdt::StateHash state = state_hash(document());
  const std::map<std::string, std::string> hashes{
      {"octets", hex(crdt::hash64("octets"))},
      {"context", hex(context_hash({{kA, 3}, {kB, 9}}))},
      {"state", hex(state.high) + hex(state.low)},
      {"leaves", hex(document().leaf_sum())},
      {"document", hex(crdt::Repository::digest_of("channel/T/C", document()))},
      {"record", hex(crdt::Repository::digest_of("tkey", BytesView("value")))},
      {"part", std::to_string(crdt::Repository::part_of("channel/T/C"))},
      {"handled", crdt::handled_path({11, 12})},
  };
  const std::map<std::string, std::string> frozen{
      {"octets", "803fc1a120e2ea40"},
      {"context", "18777c58ee2c5624"},
      {"state", "88d5283af196867448c20a55835f51df"},
      {"leaves", "3c068dd8deee06aa"},
      {"document", "60e1224193c2d61c"},
      {"record", "f3e593e14925484b"},
      {"part", "31"},
      {"handled", "h/000000000000000b000000000000000c"},
  };
  EXPECT_EQ(hashes, frozen);
}

TEST(WireV1, FixesTheSketchOfASet) {
  crdt::SymbolSource source({1, 2, 0xfedcba9876543210});
  EXPECT_EQ(crdt::to_hex(encode(source.next(4))),
            "fedcba98765432139b00dbef03fedcba98765432127fd9aa9802"
            "0000000000000001e4d9717701fedcba9876543210e8819f4601");
}

TEST(WireV1, FixesWhoIsOnDuty) {
  const std::vector<MemberId> members{{1}, {2}, {3}, {4}, {5}};
  std::string owners;
  for (const char* key : {"board/1", "board/2", "board/3", "reminder/1", "profile/U1", "x"}) {
    owners += std::to_string(owner_of(key, members)->value);
  }
  EXPECT_EQ(owners, "524312");
  EXPECT_EQ(hex(member_of(public_key_of(tests::identity("a"))).value), "4049502db92ca234");
}

TEST(WireV1, FixesRosterEntriesInvitationsAndJoining) {
  const tests::Membership membership;
  const Member about = tests::member("b", RosterState::kJoining);
  const Permit permit = membership.permit(9);
  const auto record = [](const RosterEntry& entry) { return to_record(tests::kCluster, entry); };
  const Invitation withdrawal = withdraw(tests::kCluster, membership.operator_seed, permit.id);
  PreSharedKey secret;
  secret.bytes.fill(5);
  const std::map<std::string, std::string> sums{
      {"founder", sum_of(record(membership.founder()).value)},
      {"founder's key", sum_of(record(membership.founder()).key)},
      {"joined", sum_of(record(membership.joined(about, 9)).value)},
      {"permit", sum_of(encode(permit))},
      {"invitation", sum_of(to_record(tests::kCluster, Invitation(permit)).value)},
      {"withdrawal", sum_of(to_record(tests::kCluster, withdrawal).value)},
      {"hail", crdt::to_hex(join_hail(permit.id))},
      {"joining key", sum_of(view_of(joining_key(secret, permit.id).bytes))},
      {"request", sum_of(encode(JoinRequest{permit, about, {}}))},
      {"answer", sum_of(encode(JoinAnswer{"", {{"r", "v"}}, {permit.operator_key}, secret, "s"}))},
  };
  const std::map<std::string, std::string> frozen{
      {"founder", "8f0d8363093f4dfd026e5f03405204d5"},
      {"founder's key", "96473090be6a844174c96d6e2f03b0ee"},
      {"joined", "bc2571e343bfa2de06561503db953f0e"},
      {"permit", "6ffab790bd749207725a08878061d552"},
      {"invitation", "023c26cd88b854662ced40de843bfe22"},
      {"withdrawal", "f01798ad0cb6e14bfbb34335574bdaca"},
      {"hail", "00110109090909090909090909090909090909"},
      {"joining key", "19c7c022a09546646c42b878201368b1"},
      {"request", "50eb37212e1f53e87f2ffda7fe299781"},
      {"answer", "998311886e4a8962075dcde888aa6057"},
  };
  EXPECT_EQ(sums, frozen);
}

}  // namespace
}  // namespace gossip
