#include "slack/persona/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/case_count.h"
#include "tests/support/property.h"

namespace slack::persona {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kHash(kPictureHashChars, 'a');

Wish name(const std::string& emoji, std::optional<std::string> value) {
  return {emoji, HalfKind::kName, std::move(value)};
}

// One peer's copy of one user's mapping.
class Peer {
 public:
  explicit Peer(std::uint64_t id) : self_{id} {}

  bool wish(const std::vector<Wish>& wishes, std::int64_t second, std::uint64_t request) {
    crdt::Edit edit(document, self_, {{request, request}, "U1"}, crdt::Rank{second * 1'000'000});
    const auto applied = apply(wishes, crdt::WallTime(std::chrono::seconds(second)), edit);
    EXPECT_TRUE(applied.has_value());
    if (edit.empty()) return false;
    EXPECT_EQ(document.apply(edit.finish()), crdt::Applied::kApplied);
    return true;
  }

  void pull(const Peer& other) {
    EXPECT_TRUE(document.merge(other.document.fragment(document.context())).has_value());
  }

  [[nodiscard]] Mapping mapping() const { return read_mapping(document); }

  crdt::Document document;

 private:
  crdt::ReplicaId self_;
};

void sync(Peer& a, Peer& b) {
  a.pull(b);
  b.pull(a);
}

TEST(Mapping, FindsThePairOfAnEmojiAndTheDefaultPair) {
  Peer a(1);
  a.wish({name(":palm_tree:", "Ann (away)"),
          {":palm_tree:", HalfKind::kPicture, kHash},
          name("", "Ann")},
         100, 1);
  const Mapping mapping = a.mapping();
  EXPECT_EQ(mapping.find(":palm_tree:")->name.value, "Ann (away)");
  EXPECT_EQ(mapping.find(":palm_tree:")->picture.value, kHash);
  EXPECT_EQ(mapping.find("")->name.value, "Ann");
  EXPECT_EQ(mapping.find("")->picture.value, std::nullopt);
  EXPECT_EQ(mapping.find(":fire:"), nullptr);
}

TEST(Mapping, KeepsHalfAPairWhenTheOtherHalfIsRemoved) {
  Peer a(1);
  a.wish({name(":fire:", "Busy"), {":fire:", HalfKind::kPicture, kHash}}, 100, 1);
  a.wish({name(":fire:", std::nullopt)}, 101, 2);
  EXPECT_EQ(a.mapping().find(":fire:")->name.value, std::nullopt);
  EXPECT_EQ(a.mapping().find(":fire:")->picture.value, kHash);
  a.wish({{":fire:", HalfKind::kPicture, std::nullopt}}, 102, 3);
  EXPECT_EQ(a.mapping().find(":fire:"), nullptr);
}

TEST(Mapping, MergesConcurrentChangesOfDifferentEmojisAndHalves) {
  Peer a(1);
  Peer b(2);
  a.wish({name(":fire:", "Busy")}, 100, 1);
  b.wish({{":fire:", HalfKind::kPicture, kHash}, name(":zzz:", "Asleep")}, 101, 2);
  sync(a, b);
  EXPECT_EQ(a.mapping(), b.mapping());
  EXPECT_EQ(a.mapping().find(":fire:")->name.value, "Busy");
  EXPECT_EQ(a.mapping().find(":fire:")->picture.value, kHash);
  EXPECT_EQ(a.mapping().find(":zzz:")->name.value, "Asleep");
  EXPECT_THAT(a.mapping().find(":fire:")->name.rivals, IsEmpty());
}

TEST(Mapping, ShowsTwoConcurrentNamesForOneEmojiUntilOneIsWritten) {
  Peer a(1);
  Peer b(2);
  a.wish({name(":fire:", "Busy")}, 100, 1);
  b.wish({name(":fire:", "On fire")}, 101, 2);
  sync(a, b);
  EXPECT_EQ(a.mapping().find(":fire:")->name.value, "On fire");
  EXPECT_THAT(a.mapping().find(":fire:")->name.rivals, ElementsAre("Busy"));
  a.wish({name(":fire:", "On fire")}, 110, 3);
  b.pull(a);
  EXPECT_THAT(b.mapping().find(":fire:")->name.rivals, IsEmpty());
}

TEST(Mapping, LetsALaterChangeStandAgainstALateRetry) {
  for (const auto& later : {std::optional<std::string>("Free"), std::optional<std::string>()}) {
    Peer a(1);
    Peer b(2);
    a.wish({name(":fire:", "Busy")}, 100, 1);
    a.wish({name(":fire:", later)}, 130, 2);
    b.wish({name(":fire:", "Busy")}, 100, 1);  // Where neither was seen.
    sync(a, b);
    EXPECT_EQ(a.mapping(), b.mapping());
    const Pair* pair = a.mapping().find(":fire:");
    EXPECT_EQ(later.has_value(), pair != nullptr);
    EXPECT_FALSE(b.wish({name(":fire:", "Busy")}, 100, 1));
  }
}

TEST(Mapping, WritesNothingForWhatIsSoAlready) {
  Peer a(1);
  EXPECT_TRUE(a.wish({name(":fire:", "Busy")}, 100, 1));
  EXPECT_FALSE(a.wish({name(":fire:", "Busy")}, 101, 2));
  EXPECT_FALSE(a.wish({name(":zzz:", std::nullopt)}, 101, 3));
}

TEST(Mapping, SaysWhatIsWrongWithAWish) {
  EXPECT_TRUE(validate(name(":fire:", std::string(kNameCharsMax, 'x'))).has_value());
  for (const Wish& wish :
       {name(":fire:", std::string(kNameCharsMax + 1, 'x')), name(":fire:", ""), name("fire", "x"),
        name(":a/b:", "x"), name(":a b:", "x"), name("::", "x"), name(":fire:", "\xFF"),
        Wish{":fire:", HalfKind::kPicture, "https://x"},
        Wish{":fire:", HalfKind::kPicture, std::string(kPictureHashChars, 'A')}}) {
    EXPECT_TRUE(validate(wish).has_error()) << wish.emoji << ' ' << wish.value.value_or("");
  }
}

TEST(Mapping, WritesNothingWhereOneWishIsWrongOrThereAreTooMany) {
  crdt::Document document;
  crdt::Edit edit(document, crdt::ReplicaId{1}, {}, crdt::Rank{1});
  EXPECT_TRUE(apply({name(":a:", "x"), name("b", "x")}, {}, edit).has_error());
  std::vector<Wish> many;
  for (std::size_t i = 0; i <= kPairsMax; ++i)
    many.push_back(name(":e" + std::to_string(i) + ':', "x"));
  EXPECT_TRUE(apply(many, {}, edit).has_error());
  EXPECT_TRUE(edit.empty());
  many.pop_back();
  EXPECT_TRUE(apply(many, {}, edit).has_value());
}

TEST(MappingLaw, ConvergesWhateverIsWishedRetriedAndMerged) {
  EXPECT_EQ(
      "", tests::counterexample(tests::kShrinkingCases, [] {
        const auto script = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
        Peer peers[3] = {Peer(1), Peer(2), Peer(3)};
        std::int64_t second = 1000;
        for (const int step : script) {
          Peer& peer = peers[step % 3];
          ++second;
          if (step % 4 == 0) {
            peer.pull(peers[(step + 1) % 3]);
            continue;
          }
          const auto request = static_cast<std::uint64_t>(1 + step % 7);
          const std::string emoji = step % 5 == 0 ? "" : ":e" + std::to_string(step % 2) + ':';
          const bool remove = step % 11 == 0;
          peer.wish({name(emoji, remove ? std::nullopt : std::optional(std::to_string(request)))},
                    second - step % 13, request);
        }
        sync(peers[0], peers[1]);
        sync(peers[1], peers[2]);
        peers[0].pull(peers[2]);
        RC_ASSERT(peers[0].document == peers[1].document);
        RC_ASSERT(peers[1].document == peers[2].document);
        RC_ASSERT(peers[0].mapping() == peers[2].mapping());
      }));
}

}  // namespace
}  // namespace slack::persona
