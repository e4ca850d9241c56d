// A peer with a valid key that lies, and strangers: each loses its link with a notice that says
// why, and nothing of the lie is stored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "crdt/codec.h"
#include "gossip/wire.h"
#include "tests/support/hostile_peer.h"

namespace {

using crdt::ReplicaId;
using gossip::FragmentPart;
using gossip::Hello;
using gossip::Message;
using gossip::Offer;
using gossip::Peer;
using gossip::Push;
using gossip::Resume;
using test::forged_change;
using test::hostile_config;
using test::HostilePeer;
using test::LonePeer;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class PeerHostile : public testing::Test {
 protected:
  LonePeer victim{{hostile_config(1, "mallory"), hostile_config(2, "trent")}};
  HostilePeer mallory{victim, 1};

  // What the victim's scan asked to begin with.
  std::uint32_t scan() {
    const auto resume = mallory.hear_a<Resume>();
    return resume ? resume->scan : 0;
  }

  void expect_dropped(const std::string& why) {
    EXPECT_TRUE(mallory.dropped());
    EXPECT_THAT(victim.notices(), Contains(AllOf(HasSubstr("mallory"), HasSubstr(why))));
  }
};

TEST_F(PeerHostile, AnHonestOneIsNotDropped) {
  mallory.begin();
  mallory.say(Push{1, true, forged_change(HostilePeer::kRun, 1)});
  EXPECT_FALSE(mallory.dropped());
  EXPECT_FALSE(victim.data().empty());
  EXPECT_TRUE(mallory.hear_a<gossip::Pushed>());
}

TEST_F(PeerHostile, AFirstHandChangeUnderAnotherIdIsRefusedAndNothingOfItIsStored) {
  mallory.begin();
  const auto before = victim.data();
  mallory.say(Push{1, true, forged_change({123}, 1)});
  expect_dropped("a first-hand change under a replica id that it did not announce");
  EXPECT_EQ(victim.data(), before);
}

TEST_F(PeerHostile, OneForgedDocumentRefusesTheWholeFirstHandChange) {
  mallory.begin();
  const auto before = victim.data();
  crdt::Change change = forged_change(HostilePeer::kRun, 1, "a");
  change.deltas.push_back(forged_change({123}, 1, "b").deltas.front());
  mallory.say(Push{1, true, change});
  EXPECT_TRUE(mallory.dropped());
  EXPECT_EQ(victim.data(), before);
}

TEST_F(PeerHostile, ARelayedChangeOfAnybodyIsTaken) {
  mallory.begin();
  mallory.say(Push{1, false, forged_change({123}, 1)});
  EXPECT_FALSE(mallory.dropped());
  EXPECT_FALSE(victim.data().empty());
}

TEST_F(PeerHostile, NobodyKnowsMoreOfAPeersOwnWritesThanItself) {
  mallory.begin();
  const auto before = victim.data();
  const std::uint64_t last = (std::uint64_t{1} << 48) - 1;
  crdt::Change change = forged_change(LonePeer::kRun, 1);
  change.deltas[0].delta.advance = {{LonePeer::kRun, last}};
  mallory.say(Push{1, false, change});
  expect_dropped("this process");
  EXPECT_EQ(victim.data(), before);
  victim.write("k", "p", "mine");  // Its own counter is still its own.
}

TEST_F(PeerHostile, AFragmentThatKnowsMoreOfThePeersOwnWritesIsRefused) {
  mallory.begin();
  mallory.say(Offer{scan(), 0, 1, true, {}, {{"k", 1}}, {}});
  const auto before = victim.data();
  crdt::Fragment fragment;
  fragment.context = {{LonePeer::kRun, 5}};
  mallory.say(FragmentPart{"k", 0, true, crdt::encode(fragment)});
  expect_dropped("this process");
  EXPECT_EQ(victim.data(), before);
}

TEST_F(PeerHostile, SayingHelloTwiceCostsTheLink) {
  mallory.begin();
  mallory.say(Hello{1, HostilePeer::kRun, 0, "a friend"});
  expect_dropped("Hello twice");
}

TEST_F(PeerHostile, BeginningWithoutHelloCostsTheLink) {
  mallory.shake_hands();
  const auto before = victim.data();
  mallory.say(Push{1, false, forged_change({123}, 1)});
  expect_dropped("did not begin with Hello");
  EXPECT_EQ(victim.data(), before);
}

TEST_F(PeerHostile, AnnouncingTheVictimsOwnIdCostsTheLink) {
  mallory.begin(LonePeer::kRun);
  expect_dropped("own replica id");
}

// Otherwise its first-hand changes would pass for the other's, and its cursor for the other's log.
TEST_F(PeerHostile, AnnouncingAnotherPeersIdCostsTheLink) {
  HostilePeer trent(victim, 2);
  trent.begin(ReplicaId{42});
  mallory.begin(ReplicaId{42});
  expect_dropped("another peer's replica id");
  EXPECT_FALSE(trent.dropped());
}

TEST_F(PeerHostile, ANewerLinkOfTheSamePeerReplacesTheOldOne) {
  HostilePeer again(victim, 1);
  mallory.begin();
  again.begin();
  EXPECT_TRUE(mallory.dropped());
  EXPECT_FALSE(again.dropped());
  mallory.say(Push{1, true, forged_change(HostilePeer::kRun, 1)});
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, PartsOfAFragmentThatComeUnorderedCostTheLink) {
  mallory.begin();
  mallory.say(Offer{scan(), 0, 1, true, {}, {{"k", 1}}, {}});
  ASSERT_TRUE(mallory.hear_a<gossip::Want>());
  mallory.say(FragmentPart{"k", 1, true, "second half"});
  expect_dropped("unordered");
}

TEST_F(PeerHostile, AFragmentWithoutAnEndCostsTheLink) {
  mallory.begin();
  mallory.say(Offer{scan(), 0, 1, true, {}, {{"k", 1}}, {}});
  const crdt::Bytes part(gossip::kFragmentPartMax, 'x');
  std::uint32_t index = 0;
  for (std::size_t sent = 0; sent <= Peer::kFragmentBytesMax; sent += part.size()) {
    ASSERT_FALSE(mallory.dropped());
    mallory.say(FragmentPart{"k", index++, false, part});
  }
  expect_dropped("without an end");
}

TEST_F(PeerHostile, SmallPartsCannotKeepAFragmentOpenForEver) {
  mallory.begin();
  mallory.say(Offer{scan(), 0, 1, true, {}, {{"k", 1}}, {}});
  mallory.say(FragmentPart{"k", 0, false, ""});
  EXPECT_TRUE(mallory.dropped());
}

TEST_F(PeerHostile, PartsThatNobodyWantedAreIgnored) {
  mallory.begin();
  mallory.say(FragmentPart{"k", 7, true, "rubbish"});
  EXPECT_FALSE(mallory.dropped());
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, AFragmentThatIsNoFragmentCostsTheLink) {
  mallory.begin();
  mallory.say(Offer{scan(), 0, 1, true, {}, {{"k", 1}}, {}});
  mallory.say(FragmentPart{"k", 0, true, "rubbish!"});
  expect_dropped("bad fragment");
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, RecordsThatNobodyWantedAreNotStored) {
  mallory.begin();
  mallory.say(gossip::Records{{{"t1", "unasked"}}});
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, AnOfferThatSkipsRowsIsAnsweredWithANewScanAndMovesNoCursor) {
  mallory.begin();
  const std::uint32_t first = scan();
  mallory.say(Offer{first, 5, 9, true, {}, {}, {}});
  const auto resume = mallory.hear_a<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_GT(resume->scan, first);
  EXPECT_EQ(victim.status().our_cursor, 0u);
}

TEST_F(PeerHostile, AnOfferWhoseContentNeverComesMovesNoCursorAndEndsTheLink) {
  mallory.begin();
  mallory.say(Offer{scan(), 0, 9, true, {}, {{"k", 1}}, {"t1"}});
  for (int second = 0; second < 40 && !mallory.dropped(); ++second) {
    victim.pass(1s);
    if (!mallory.dropped()) mallory.say(gossip::Ping{});  // Alive, and yet of no use.
  }
  expect_dropped("does not come");
  EXPECT_EQ(victim.status().our_cursor, 0u);
}

TEST_F(PeerHostile, AnOfferOfAnOldScanIsIgnored) {
  mallory.begin();
  mallory.say(Offer{scan() + 5, 0, 9, true, {}, {}, {}});
  EXPECT_FALSE(mallory.dropped());
  EXPECT_EQ(victim.status().our_cursor, 0u);
}

TEST_F(PeerHostile, AnswersToNothingAreIgnored) {
  mallory.begin();
  mallory.say_all({gossip::Resolved{3, 99}, gossip::Expand{3}, gossip::Pushed{{1, 2, 3}},
                   gossip::Pong{}, gossip::Want{{{"nothing", {}}}, {"t-nothing"}}});
  EXPECT_FALSE(mallory.dropped());
  EXPECT_EQ(victim.status().their_cursor, 0u);
}

// Else the victim would begin a new run, and another, as often as somebody says so.
TEST_F(PeerHostile, AYoungRunDoesNotBelieveThatItsLogWasLonger) {
  victim.write("k", "p", "v");
  mallory.begin();
  mallory.say(Resume{1, {LonePeer::kRun, std::numeric_limits<std::uint64_t>::max()}});
  expect_dropped("this process");
}

TEST_F(PeerHostile, PushesFarAheadMakeItScanAnewInsteadOfRememberingThemAll) {
  mallory.begin();
  const std::uint32_t first = scan();
  std::uint32_t last = first;
  for (std::uint64_t row = 0; row < gossip::LogReceiver::kAheadMax + 2; ++row) {
    mallory.say(Push{10 + 2 * row, false, {}});
    if (const auto resume = mallory.hear_a<Resume>()) last = resume->scan;
  }
  EXPECT_FALSE(mallory.dropped());
  EXPECT_GT(last, first);
}

TEST_F(PeerHostile, GapsWithoutEndMakeItScanAnewInsteadOfParkingThemAll) {
  mallory.begin();
  const std::uint32_t first = scan();
  std::vector<Message> gaps;
  for (std::uint64_t row = 1; row <= Peer::kParkedMax + 1; ++row) {
    gaps.push_back(Push{row, false, forged_change({123}, 1 + row)});
  }
  mallory.say_all(gaps);
  const auto resume = mallory.hear_a<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_GT(resume->scan, first);
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, GapsOfManyMegabytesAreNotParkedEither) {
  mallory.begin();
  const std::uint32_t first = scan();
  std::uint32_t last = first;
  for (std::uint64_t row = 1; row <= 1 + Peer::kParkedBytesMax / 900'000; ++row) {
    crdt::Change change = forged_change({123}, 1 + row);
    change.records[0].value.resize(900'000);
    mallory.say(Push{row, false, change});
    if (const auto resume = mallory.hear_a<Resume>()) last = resume->scan;
  }
  EXPECT_GT(last, first);
  EXPECT_FALSE(mallory.dropped());
}

TEST_F(PeerHostile, AGapThatIsNeverFilledIsAskedForByANewScan) {
  mallory.begin();
  const std::uint32_t first = scan();
  mallory.say(Push{1, false, forged_change({123}, 2)});
  EXPECT_FALSE(mallory.hear_a<Resume>());
  victim.pass(gossip::Config{}.park_for);
  const auto resume = mallory.hear_a<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_GT(resume->scan, first);
}

TEST_F(PeerHostile, ATruncatedFrameIsRefusedWhole) {
  mallory.begin();
  const crdt::Bytes good = encode(Push{1, true, forged_change(HostilePeer::kRun, 1)});
  mallory.say_frame(good + good.substr(0, good.size() - 8));
  expect_dropped("cut off");
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, BytesThatWereChangedOnTheWayCostTheLink) {
  mallory.begin();
  crdt::Bytes sealed = mallory.channel().seal(encode(gossip::Ping{}));
  sealed[sealed.size() / 2] = static_cast<char>(sealed[sealed.size() / 2] ^ 1);
  mallory.say_bytes(sealed);
  EXPECT_TRUE(mallory.dropped());
}

// Each context is small; hundreds of them were asked with in one message, larger than a frame.
TEST_F(PeerHostile, AskingForManyDocumentsWithLongContextsTakesSeveralMessages) {
  Offer offer{0, 0, 1, true, {}, {}, {}};
  victim.batch([&](Peer&, crdt::Repository& repository) {
    crdt::Delta delta;
    for (std::uint64_t run = 1; run <= 400; ++run) delta.advance.advance({run}, 1);
    for (int i = 0; i < 250; ++i) {
      const std::string key = "k" + std::to_string(i);
      ASSERT_TRUE(repository.apply({{{key, delta}}, {}}));
      offer.documents.push_back({key, 1});
    }
  });
  mallory.begin();
  offer.scan = scan();
  mallory.say(offer);
  std::size_t asked = 0;
  for (const Message& message : mallory.hear()) {
    if (const auto* want = std::get_if<gossip::Want>(&message)) asked += want->documents.size();
  }
  EXPECT_EQ(asked, 250u);
}

// --- strangers ---

TEST_F(PeerHostile, AnUnknownKeyIsClosedWithOneNotice) {
  HostilePeer stranger(victim, 9);
  stranger.shake_hands();
  EXPECT_TRUE(stranger.dropped());
  EXPECT_EQ(victim.notices().size(), 1u);
  EXPECT_TRUE(victim.data().empty());
}

TEST_F(PeerHostile, APeerOfAnotherClusterFailsInTheHandshake) {
  HostilePeer neighbour(victim, 1, "another cluster");
  neighbour.shake_hands();
  EXPECT_FALSE(neighbour.established());  // Its side gives up; an honest one would close.
  victim.pass(Peer::kHandshakeMax);
  EXPECT_TRUE(neighbour.dropped());
  EXPECT_THAT(victim.notices(), Contains(HasSubstr("not known yet")));
}

TEST_F(PeerHostile, RubbishInsteadOfAHandshakeIsClosed) {
  const gossip::LinkId link = victim.accept();
  victim.bytes(link, "GET / HTTP/1.1\r\n\r\n");
  victim.pass(Peer::kHandshakeMax);
  EXPECT_TRUE(victim.closed(link));
}

TEST_F(PeerHostile, SilenceInsteadOfAHandshakeIsClosedAfterFiveSeconds) {
  const gossip::LinkId link = victim.accept();
  victim.pass(Peer::kHandshakeMax - 1ms);
  EXPECT_FALSE(victim.closed(link));
  victim.pass(1ms);
  EXPECT_TRUE(victim.closed(link));
  EXPECT_THAT(victim.notices(), Contains(HasSubstr("no handshake")));
}

TEST_F(PeerHostile, AProvenKeyWithoutHelloIsClosedAfterFiveSeconds) {
  mallory.shake_hands();
  victim.pass(Peer::kHandshakeMax);
  EXPECT_TRUE(mallory.dropped());
}

TEST_F(PeerHostile, TooManyUnprovenLinksAreClosedAtOnceAndOldOnesMakeRoom) {
  for (std::size_t i = 0; i < Peer::kUnprovenMax; ++i) EXPECT_FALSE(victim.closed(victim.accept()));
  EXPECT_TRUE(victim.closed(victim.accept()));
  EXPECT_THAT(victim.notices(), Contains(HasSubstr("too many")));
  victim.pass(Peer::kHandshakeMax);
  EXPECT_FALSE(victim.closed(victim.accept()));
}

// The address stayed marked as being dialled, and nobody ever dialled it again.
TEST_F(PeerHostile, StrangersCannotKeepItFromDiallingItsPeers) {
  victim.pass(0ms);
  const std::vector<std::string> dials = victim.take_dials();
  ASSERT_FALSE(dials.empty()) << "the victim's key must be smaller than one of its peers'";
  for (std::size_t i = 0; i < Peer::kUnprovenMax; ++i) static_cast<void>(victim.accept());
  EXPECT_FALSE(victim.closed(victim.dialled(dials.front())));
}

TEST_F(PeerHostile, ASilentPeerIsPingedAndThenDropped) {
  mallory.begin();
  static_cast<void>(mallory.hear());
  victim.pass(2s);
  EXPECT_TRUE(mallory.hear_a<gossip::Ping>());
  victim.pass(2s);
  EXPECT_FALSE(mallory.dropped());
  victim.pass(2s);
  expect_dropped("nothing heard");
}

TEST_F(PeerHostile, APeerThatAnswersPingsIsKept) {
  mallory.begin();
  for (int i = 0; i < 10; ++i) {
    victim.pass(2s);
    ASSERT_TRUE(mallory.hear_a<gossip::Ping>());
    mallory.say(gossip::Pong{});
  }
  EXPECT_FALSE(mallory.dropped());
}

}  // namespace
