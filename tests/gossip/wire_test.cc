#include "gossip/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crdt/byte_io.h"
#include "crdt/codec.h"
#include "crdt/keyspace.h"
#include "tests/support/choices.h"

namespace {

using crdt::Bytes;
using crdt::ReplicaId;
using namespace gossip;

// --- a random message of every kind, within all limits ---

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : choices_(seed) {}

  Message message(std::size_t kind) {
    switch (kind) {
      case 0:
        return Hello{static_cast<std::uint16_t>(below(65'536)),
                     {number() | 1},
                     number(),
                     bytes(kNameBytesMax),
                     flag() ? 'x' : '\0',
                     static_cast<std::uint16_t>(below(65'536))};
      case 1:
        return Resume{static_cast<std::uint32_t>(number()),
                      {{number()}, number()},
                      static_cast<std::uint8_t>(1 + below(255)),
                      number()};
      case 2:
        return Linked{list<ReplicaId>([&] { return ReplicaId{number()}; }), flag()};
      case 3:
        return Push{number() | 1, flag(), change()};
      case 4:
        return Pushed{list<std::uint64_t>([&] { return number(); })};
      case 5:
        return offer();
      case 6:
        return Expand{static_cast<std::uint32_t>(number()), number()};
      case 7:
        return Resolved{static_cast<std::uint32_t>(number()), number()};
      case 8:
        return Want{list<DocumentContext>([&] {
                      return DocumentContext{key(), vector()};
                    }),
                    keys()};
      case 9:
        return FragmentPart{key(), static_cast<std::uint32_t>(number()), flag(), bytes(300)};
      case 10:
        return Records{records()};
      case 11:
        return Ping{};
      case 12:
        return Pong{};
      case 13:
        return Compare{static_cast<Compare::Step>(below(12)),
                       static_cast<std::uint32_t>(number()),
                       list<std::uint64_t>([&] { return number(); }),
                       bytes(50),
                       list<std::uint32_t>([&] { return static_cast<std::uint32_t>(number()); }),
                       list<DocumentHash>([&] {
                         return DocumentHash{key(), number()};
                       }),
                       keys()};
      case 14:
        return Lacking{list<std::string>([&] { return key(); }), keys()};
      default:
        return swim();
    }
  }

  std::uint64_t below(std::uint64_t bound) { return choices_.below(bound); }

 private:
  std::uint64_t number() { return below(~std::uint64_t{0}) >> below(64); }
  bool flag() { return below(2) == 0; }
  Bytes bytes(std::size_t size_max) {
    Bytes out(below(size_max + 1), '\0');
    for (char& octet : out) octet = static_cast<char>(below(256));
    return out;
  }
  std::string key() { return "channel/T/C" + std::to_string(below(1'000)); }
  template <class Item, class Make>
  std::vector<Item> list(Make make) {
    std::vector<Item> items;
    for (std::uint64_t left = below(5); left > 0; --left) items.push_back(make());
    return items;
  }
  std::vector<Bytes> keys() {
    return list<Bytes>([&] { return "t" + bytes(crdt::kRecordKeyBytesMax - 1); });
  }
  std::vector<crdt::Record> records() {
    return list<crdt::Record>([&] { return crdt::Record{"t" + bytes(50), bytes(100)}; });
  }
  crdt::VersionVector vector() {
    crdt::VersionVector vector;
    for (std::uint64_t i = 0, count = below(4); i < count; ++i)
      vector.advance({i + 1}, 1 + below(9));
    return vector;
  }
  crdt::Change change() {
    crdt::Change change;
    for (std::uint64_t i = 0, count = below(4); i < count; ++i) {
      crdt::Delta delta;
      delta.after = {{{7}, 3}};
      delta.advance = {{{7}, 4 + i}};
      delta.written = {{"t/1/text", {{7}, 4 + i}, {9}, {{1, 2}, "U1"}, bytes(50)}};
      change.deltas.push_back({"k" + std::to_string(i), delta});
    }
    change.records = records();
    return change;
  }
  Swim swim() {
    Swim said{static_cast<SwimKind>(below(6)),
              static_cast<std::uint32_t>(number()),
              {number()},
              number() | 1,
              flag(),
              static_cast<std::uint32_t>(number()),
              {}};
    said.news = list<News>([&] {
      return News{{number()}, number() | 1, static_cast<Liveness>(below(3)), {number()}};
    });
    return said;
  }

  Offer offer() {
    const std::uint64_t from = number() >> 1;
    return {static_cast<std::uint32_t>(number()),
            from,
            from + below(1'000),
            flag(),
            list<crdt::Cursor>([&] {
              return crdt::Cursor{{number()}, number()};
            }),
            list<DocumentHash>([&] {
              return DocumentHash{key(), number()};
            }),
            keys()};
  }

  tests::SeededChoices choices_;
};

constexpr std::size_t kKinds = std::variant_size_v<Message>;

// As the first frame of a link.
crdt::Result<std::vector<Message>> decode_frame(crdt::BytesView frame) {
  crdt::HeardNames names;
  return gossip::decode_frame(frame, names);
}

std::string refusal(crdt::BytesView frame) {
  const auto messages = decode_frame(frame);
  return messages ? "" : messages.error().message;
}

bool accepted(const Message& message) { return decode_frame(encode(message)).has_value(); }

bool within_limits(const std::vector<crdt::Record>& records) {
  return records.size() <= kListMax && std::all_of(records.begin(), records.end(), [](auto& one) {
           return !one.key.empty() && one.key.size() <= crdt::kRecordKeyBytesMax &&
                  one.value.size() <= crdt::kRecordValueBytesMax;
         });
}

bool within_limits(const std::vector<Bytes>& keys) {
  return keys.size() <= kListMax && std::all_of(keys.begin(), keys.end(), [](auto& key) {
           return !key.empty() && key.size() <= crdt::kRecordKeyBytesMax;
         });
}

template <class List>
bool document_keys_within_limits(const List& list) {
  return list.size() <= kListMax && std::all_of(list.begin(), list.end(), [](const auto& item) {
           return crdt::keyspace::valid_document_key(item.key);
         });
}

// What a receiver may rely on, whatever bytes came.
struct WithinLimits {
  bool operator()(const Hello& m) const {
    return m.run.value != 0 && m.name.size() <= kNameBytesMax;
  }
  bool operator()(const Linked& m) const { return m.runs.size() <= kListMax; }
  bool operator()(const Push& m) const {
    for (const crdt::DocumentDelta& part : m.change.deltas) {
      if (!crdt::decode_delta(crdt::encode(part.delta))) return false;
    }
    return m.seq != 0 && document_keys_within_limits(m.change.deltas) &&
           within_limits(m.change.records);
  }
  bool operator()(const Pushed& m) const { return m.seqs.size() <= kListMax; }
  bool operator()(const Offer& m) const {
    return m.from <= m.to && m.sources.size() <= kListMax &&
           document_keys_within_limits(m.documents) && within_limits(m.records);
  }
  bool operator()(const Want& m) const {
    return document_keys_within_limits(m.documents) && within_limits(m.records);
  }
  bool operator()(const FragmentPart& m) const {
    return crdt::keyspace::valid_document_key(m.key) && m.bytes.size() <= kFragmentPartMax;
  }
  bool operator()(const Records& m) const { return within_limits(m.records); }
  template <class Other>
  bool operator()(const Other&) const {
    return true;
  }
};

void expect_within_limits(const Bytes& frame) {
  const auto messages = decode_frame(frame);
  if (!messages) return;
  ASSERT_LE(messages->size(), kMessagesMax);
  for (const Message& message : *messages) ASSERT_TRUE(std::visit(WithinLimits{}, message));
}

RC_GTEST_PROP(Wire, EveryKindOfMessageComesBackAsItWas, (std::uint64_t seed)) {
  Maker maker(seed);
  std::vector<Message> sent;
  Bytes frame;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    sent.push_back(maker.message(kind));
    frame += encode(sent.back());
  }
  const auto received = decode_frame(frame);
  RC_ASSERT(received.has_value());
  RC_ASSERT(*received == sent);
}

TEST(Wire, AnEmptyFrameHoldsNothing) {
  const auto messages = decode_frame("");
  ASSERT_TRUE(messages);
  EXPECT_TRUE(messages->empty());
}

// --- each limit: the greatest that passes, and the least that does not ---

TEST(Wire, AFrameHoldsNoMoreThanItsMessages) {
  const Bytes ping = encode(Ping{});
  Bytes frame;
  for (std::size_t i = 0; i < kMessagesMax; ++i) frame += ping;
  EXPECT_TRUE(decode_frame(frame));
  EXPECT_FALSE(decode_frame(frame + ping));
}

TEST(Wire, NamesAreBounded) {
  EXPECT_TRUE(accepted(Hello{1, {1}, 0, std::string(kNameBytesMax, 'n')}));
  EXPECT_FALSE(accepted(Hello{1, {1}, 0, std::string(kNameBytesMax + 1, 'n')}));
}

TEST(Wire, AnOctetThatIsNoLetterIsNone) {
  const auto messages = decode_frame(encode(Hello{1, {1}, 0, "n", '7'}));
  ASSERT_TRUE(messages.has_value());
  EXPECT_EQ(std::get<Hello>(messages->front()).letter, '\0');
}

TEST(Wire, NobodyIsNotARun) { EXPECT_FALSE(accepted(Hello{1, {0}, 0, "n"})); }

TEST(Wire, ListsAreBounded) {
  const auto lists = [](std::size_t size) -> std::vector<Message> {
    const std::vector<Bytes> keys(size, "t");
    std::vector<crdt::DocumentDelta> deltas;
    for (std::size_t i = 0; i < size; ++i) deltas.push_back({"k" + std::to_string(i), {}});
    return {Linked{std::vector<ReplicaId>(size), false},
            Pushed{std::vector<std::uint64_t>(size)},
            Push{1, false, {std::move(deltas), {}}},
            Push{1, false, {{}, std::vector<crdt::Record>(size, {"t", ""})}},
            Offer{1, 0, 1, true, std::vector<crdt::Cursor>(size), {}, {}},
            Offer{1, 0, 1, true, {}, std::vector<DocumentHash>(size, {"k", 0}), {}},
            Offer{1, 0, 1, true, {}, {}, keys},
            Want{std::vector<DocumentContext>(size, {"k", {}}), {}},
            Want{{}, keys},
            Records{std::vector<crdt::Record>(size, {"t", ""})}};
  };
  for (const Message& message : lists(kListMax)) EXPECT_TRUE(accepted(message)) << message.index();
  for (const Message& message : lists(kListMax + 1)) {
    EXPECT_FALSE(accepted(message)) << message.index();
  }
}

TEST(Wire, DocumentKeysAreBoundedAndHoldNoZero) {
  const auto messages = [](const std::string& key) -> std::vector<Message> {
    return {Push{1, false, {{{key, {}}}, {}}}, Offer{1, 0, 1, true, {}, {{key, 0}}, {}},
            Want{{{key, {}}}, {}}, FragmentPart{key, 0, true, ""}};
  };
  const std::string longest(crdt::keyspace::kDocumentKeyBytesMax, 'k');
  for (const Message& message : messages(longest)) EXPECT_TRUE(accepted(message));
  for (const std::string& key : {std::string(), longest + "k", std::string("a\0b", 3)}) {
    for (const Message& message : messages(key)) EXPECT_FALSE(accepted(message));
  }
}

TEST(Wire, RecordsAreBounded) {
  const auto messages = [](const Bytes& key, const Bytes& value) -> std::vector<Message> {
    return {Push{1, false, {{}, {{key, value}}}}, Records{{{key, value}}}};
  };
  const Bytes longest(crdt::kRecordKeyBytesMax, 't');
  const Bytes largest(crdt::kRecordValueBytesMax, 'v');
  for (const Message& message : messages(longest, largest)) EXPECT_TRUE(accepted(message));
  for (const Message& message : messages(longest + "t", "")) EXPECT_FALSE(accepted(message));
  for (const Message& message : messages("", "")) EXPECT_FALSE(accepted(message));
  for (const Message& message : messages("t", largest + "v")) EXPECT_FALSE(accepted(message));
  for (const Bytes& key : {Bytes(), longest + "t"}) {
    EXPECT_FALSE(accepted(Offer{1, 0, 1, true, {}, {}, {key}}));
    EXPECT_FALSE(accepted(Want{{}, {key}}));
  }
}

TEST(Wire, PartsOfFragmentsAreBounded) {
  EXPECT_TRUE(accepted(FragmentPart{"k", 0, true, Bytes(kFragmentPartMax, 'x')}));
  EXPECT_FALSE(accepted(FragmentPart{"k", 0, true, Bytes(kFragmentPartMax + 1, 'x')}));
}

TEST(Wire, RowsCountFromOneAndOffersGoForward) {
  EXPECT_FALSE(accepted(Push{0, false, {}}));
  EXPECT_TRUE(accepted(Offer{1, 5, 5, true, {}, {}, {}}));
  EXPECT_FALSE(accepted(Offer{1, 5, 4, true, {}, {}, {}}));
}

TEST(Wire, OneChangeTouchesADocumentOnce) {
  EXPECT_FALSE(accepted(Push{1, false, {{{"k", {}}, {"j", {}}, {"k", {}}}, {}}}));
}

// --- bytes that nobody honest sends ---

TEST(Wire, AFrameThatIsCutAnywhereButBetweenMessagesIsRefused) {
  Maker maker(1);
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const Bytes whole = encode(maker.message(kind));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const auto cut = decode_frame(whole.substr(0, size));  // A push has its names in front.
      ASSERT_TRUE(!cut || cut->empty()) << "kind " << kind << " cut at " << size;
    }
  }
}

TEST(Wire, AnErrorInTheLastMessageRefusesTheWholeFrame) {
  EXPECT_FALSE(decode_frame(encode(Ping{}) + encode(Hello{1, {0}, 0, ""})));
}

TEST(Wire, MutatedFramesNeverYieldWhatBreaksALimit) {
  Maker maker(2);
  for (int i = 0; i < 100'000; ++i) {
    Bytes frame = encode(maker.message(i % kKinds));
    if (maker.below(3) == 0) frame += encode(maker.message(maker.below(kKinds)));
    for (std::uint64_t left = 1 + maker.below(4); left > 0; --left) {
      const std::size_t at = maker.below(frame.size());
      switch (maker.below(4)) {
        case 0:
          frame[at] = static_cast<char>(frame[at] ^ 1 << maker.below(8));
          break;
        case 1:
          frame[at] = static_cast<char>(maker.below(256));
          break;
        case 2:
          frame.erase(at, 1 + maker.below(8));
          break;
        default:
          frame.insert(at, 1 + maker.below(8), static_cast<char>(maker.below(256)));
      }
      if (frame.empty()) break;
    }
    ASSERT_NO_FATAL_FAILURE(expect_within_limits(frame)) << "mutation " << i;
  }
}

TEST(Wire, NoiseNeverCrashes) {
  Maker maker(3);
  for (int i = 0; i < 10'000; ++i) {
    Bytes body(maker.below(120), '\0');
    for (char& octet : body) octet = static_cast<char>(maker.below(256) & maker.below(256));
    const Bytes head{static_cast<char>(maker.below(6)), static_cast<char>(body.size())};
    ASSERT_NO_FATAL_FAILURE(expect_within_limits(head + body)) << "noise " << i;
  }
}

// Messages of a later version: of a kind that does not exist yet, and a Pong whose union tag does
// not.
std::vector<Bytes> unknown_messages() {
  const Bytes ping = encode(Ping{});
  Bytes unknown = encode(Pong{});
  EXPECT_EQ(ping.size(), unknown.size());
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    if (ping[i] != unknown[i]) unknown[i] = 99;  // The tag is all that tells them apart.
  }
  return {unknown, "\x77\x03xyz"};
}

TEST(Wire, AMessageOfAnUnknownKindIsSkippedAndCountedAndTheRestOfTheFrameCounts) {
  for (const Bytes& unknown : unknown_messages()) {
    crdt::HeardNames names;
    const auto read = read_frame(encode(Expand{1}) + unknown + encode(Expand{2}), names);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->messages, (std::vector<Message>{Expand{1}, Expand{2}}));
    EXPECT_EQ(read->skipped, 1u);
  }
}

TEST(Wire, NamesAreNoMessageOfALaterRelease) {
  crdt::HeardNames names;
  const auto read = read_frame(encode_names({}), names);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->skipped, 0u);
}

TEST(Wire, SwimOfALaterVersionIsSkippedAndNewsOfUnknownStatesLeftOut) {
  const News dead{{1}, 2, Liveness::kDead, {3}};
  const News later{{1}, 2, static_cast<Liveness>(9), {3}};
  const Swim known{SwimKind::kNews, 0, {}, 1, false, 0, {dead}};
  Swim said = known;
  said.news = {later, dead, later};
  Swim unknown = known;
  unknown.kind = static_cast<SwimKind>(99);
  const auto messages = decode_frame(encode(unknown) + encode(said));
  ASSERT_TRUE(messages);
  EXPECT_EQ(*messages, std::vector<Message>{known});
}

// memberlist#178: zeros were passed on, and made the news unreadable for all who came later.
TEST(Wire, SwimWithoutAnIncarnationIsRefused) {
  EXPECT_FALSE(decode_frame(encode(Swim{SwimKind::kNews, 0, {}, 0, false, 0, {}})));
  const News news{{1}, 0, Liveness::kDead, {3}};
  EXPECT_FALSE(decode_frame(encode(Swim{SwimKind::kNews, 0, {}, 1, false, 0, {news}})));
}

TEST(Wire, UnknownMessagesCountAgainstTheFramesLimit) {
  for (const Bytes& unknown : unknown_messages()) {
    Bytes frame;
    for (std::size_t i = 0; i <= kMessagesMax; ++i) frame += unknown;
    EXPECT_FALSE(decode_frame(frame));
  }
}

// A run of zeros is two octets for each 2 KiB: a frame of them must not unpack to a gigabyte.
TEST(Wire, AMessageThatUnpacksToMoreThanShortOnesTakeIsRefused) {
  const auto claim = [](std::uint32_t words) {  // One segment of so many words, all zero.
    Bytes packed("\x70", 1);
    for (int shift = 0; shift < 24; shift += 8) packed += static_cast<char>(words >> shift);
    for (std::uint32_t left = words; left > 0; left -= std::min(left, 256u)) {
      packed += Bytes(1, '\0') + static_cast<char>(std::min(left, 256u) - 1);
    }
    return Bytes(1, '\x01') + crdt::ByteWriter().varint(packed.size()).octets(packed).take();
  };
  const std::uint32_t words = kPackedBytesMax / 8;
  EXPECT_NE(refusal(claim(words)).find("breaks a limit"), std::string::npos);  // It was read.
  EXPECT_NE(refusal(claim(1'000'000)).find("malformed"), std::string::npos);
}

TEST(Wire, MessagesOfEverySizeAroundThePackingBoundComeBack) {
  for (std::size_t keys = 1; keys < 60; ++keys) {  // 160 octets each.
    const Want want{{}, std::vector<Bytes>(keys, Bytes(150, 'k'))};
    const auto messages = decode_frame(encode(want));
    ASSERT_TRUE(messages) << messages.error().message;
    EXPECT_EQ(*messages, std::vector<Message>{want});
  }
}

TEST(Wire, ShortMessagesArePackedAndLongOnesAreNot) {
  EXPECT_LE(encode(Ping{}).size(), 12u);
  EXPECT_LE(encode(Swim{SwimKind::kProbe, 60'000, {}, 90'000, true, ~0u, {}}).size(), 36u);
  EXPECT_LE(encode(Offer{9, 1'000, 1'003, true, {{{~std::uint64_t{0}}, 999}}, {}, {}}).size(), 48u);
  const FragmentPart part{"k", 0, true, Bytes(kFragmentPartMax, '\0')};
  EXPECT_GT(encode(part).size(), kFragmentPartMax);
  EXPECT_TRUE(accepted(part));
}

TEST(Wire, ContextHashTellsContextsApart) {
  EXPECT_EQ(context_hash({{{1}, 2}}), context_hash({{{1}, 2}}));
  EXPECT_NE(context_hash({}), context_hash({{{1}, 1}}));
  EXPECT_NE(context_hash({{{1}, 2}}), context_hash({{{2}, 1}}));
  EXPECT_NE(context_hash({{{1}, 2}}), context_hash({{{1}, 2}, {{2}, 1}}));
}

}  // namespace
