#include "slack/mrkdwn.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "slack/json_writer.h"
#include "slack/utf8.h"

namespace slack {
namespace {

TEST(Utf8, CountsCodePointsAndTakesOddOctetsAsOneEach) {
  EXPECT_EQ(utf8_length("a€🔥"), 3U);
  EXPECT_EQ(utf8_length("\xFF\xC3"), 2U);
  EXPECT_EQ(utf8_length("\xED\xA0\x80"), 3U);  // A surrogate.
  EXPECT_EQ(utf8_length("\xC0\x80"), 2U);      // An overlong NUL.
  EXPECT_EQ(utf8_length("\xF4\x90\x80\x80"), 4U);
}

TEST(Utf8, ReplacesWhatIsNotUtf8AndKeepsTheRest) {
  EXPECT_EQ(to_valid_utf8("a\xFF"
                          "b🔥\xF0\x9F"),
            "a\uFFFDb🔥\uFFFD\uFFFD");
}

TEST(Mrkdwn, EscapesThreeCharactersAndNothingElse) {
  EXPECT_EQ(escape("a & b < c > d \" ' é"), "a &amp; b &lt; c &gt; d \" ' é");
}

RC_GTEST_PROP(Mrkdwn, UnescapesWhatItEscapes, (std::string text)) {
  RC_ASSERT(unescape(escape(text)) == text);
}

RC_GTEST_PROP(Mrkdwn, NeverLeavesABareBracket, (std::string text)) {
  const std::string wire = escape(text + "<!channel> <@U1> <https://x|y>");
  RC_ASSERT(wire.find('<') == std::string::npos);
  RC_ASSERT(wire.find('>') == std::string::npos);
}

TEST(Mrkdwn, ReadsReferencesAsPeopleDo) {
  EXPECT_EQ(plain_text("ask <@U1|ann> &amp; <@U2> in <#C1|general>"), "ask @ann & @U2 in #general");
  EXPECT_EQ(plain_text("<!channel> <!here|here> <!subteam^S1|@ops> <!subteam^S2>"),
            "@channel @here @ops @subteam^S2");
  EXPECT_EQ(plain_text("<https://a.b/?x=1&amp;y=2>"), "https://a.b/?x=1&y=2");
  EXPECT_EQ(plain_text("<http://a.b|a.b> <mailto:x@y.z|x@y.z>"), "http://a.b mailto:x@y.z");
  EXPECT_EQ(plain_text("<https://evil.example|https://good.example>"),
            "https://good.example (https://evil.example)");
  EXPECT_EQ(plain_text("&lt;!channel&gt; stays harmless"), "<!channel> stays harmless");
  EXPECT_EQ(plain_text("a < b without end"), "a < b without end");
}

TEST(Mrkdwn, TurnsControlCharactersIntoSpaces) {
  EXPECT_EQ(plain_text(std::string_view("a\nb\tc\0d\x7F"
                                        "e\xC2\x85"
                                        "f",
                                        12)),
            "a b c d e f");
}

TEST(Mrkdwn, CutsBetweenCodePointsAndEntities) {
  const auto cut = [](std::string_view text, std::size_t max) {
    std::string out;
    append_escaped_cut(out, text, max);
    return out;
  };
  EXPECT_EQ(cut("disk", 4), "disk");
  EXPECT_EQ(cut("disks", 4), "dis…");
  EXPECT_EQ(cut("🔥🔥🔥", 2), "🔥…");
  EXPECT_EQ(cut("a&b", 7), "a&amp;b");
  EXPECT_EQ(cut("a&bc", 7), "a&amp;…");
  EXPECT_EQ(cut("a&bc", 6), "a…");
  EXPECT_EQ(cut("&", 4), "…");
}

RC_GTEST_PROP(Mrkdwn, CutsToAtMostWhatWasAsked, (std::string text)) {
  const auto max = *rc::gen::inRange<std::size_t>(1, 40);
  std::string out;
  append_escaped_cut(out, text, max);
  RC_ASSERT(utf8_length(out) <= max);
  if (utf8_length(escape(text)) <= max) RC_ASSERT(out == escape(text));
}

TEST(Mrkdwn, ShowsIdsAsMentionsAndNothingElse) {
  const auto shown = [](std::string_view plain, std::size_t chars_max = 300) {
    std::string out;
    append_shown(out, plain, chars_max);
    return out;
  };
  EXPECT_EQ(shown("@U012AB3CD, (#C012AB3CD) & @W012AB3CD"),
            "<@U012AB3CD>, (<#C012AB3CD>) &amp; <@W012AB3CD>");
  for (const std::string_view text : {"@U0ANN", "@UNDERSTOOD", "a@U012AB3CD", "@U012AB3CDx", "#42",
                                      "@", "#", "@S012AB3CD", "#U012AB3CD", "@U012AB3é"}) {
    EXPECT_EQ(shown(text), text);
  }
  // An id that was cut is nobody's.
  EXPECT_EQ(shown("@U012AB3CD456 @U012AB3CD456", 11), "@U012AB3CD…");
  std::string many;
  for (std::size_t i = 0; i < 2 * kIdsShownMax; ++i) many += "@U012AB3CD ";
  EXPECT_EQ(shown(many).size(), many.size() + 2 * kIdsShownMax);
}

TEST(JsonWriter, WritesWhatItIsTold) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("a", "x").key("b").begin_array().number(-1).boolean(true);
  json.begin_object().end_object().string("").end_array().key("c").number(INT64_MIN).end_object();
  EXPECT_EQ(out, R"({"a":"x","b":[-1,true,{},""],"c":-9223372036854775808})");
}

TEST(JsonWriter, EscapesAsJsonWants) {
  std::string out;
  JsonWriter(out).string(std::string_view("\"\\/\n\r\t\0\x1F\x7F é🔥", 16));
  EXPECT_EQ(out, "\"\\\"\\\\/\\n\\r\\t\\u0000\\u001f\\u007f é🔥\"");
}

TEST(JsonWriter, EscapesWhereverInAValueSomethingStands) {
  for (const std::string_view odd :
       {"\"", "\\", "\x01", "\x1F", "\x7F", "\xFF", "é", "🔥", "\xF0\x9F"}) {
    for (std::size_t size = 0; size < 60; ++size) {
      for (const std::size_t at : {std::size_t{0}, size / 2, size}) {
        std::string text(size, 'a');
        text.insert(at, odd);
        std::string out;
        JsonWriter(out).string(text);
        const auto json = nlohmann::json::parse(out, nullptr, false);
        ASSERT_FALSE(json.is_discarded()) << out;
        ASSERT_EQ(json.get<std::string>(), to_valid_utf8(text));
        ASSERT_EQ(out.find('\x7F'), std::string::npos);
      }
    }
  }
}

TEST(Utf8, CountsAndMendsWhereverSomethingStands) {
  for (std::size_t size = 0; size < 20; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      std::string text(size, 'a');
      text.insert(at, "é\xFF🔥");
      EXPECT_EQ(utf8_length(text), size + 3);
      EXPECT_EQ(ascii_bytes(text), at);
      EXPECT_EQ(to_valid_utf8(text), std::string(text).replace(at + 2, 1, kReplacement));
    }
  }
}

RC_GTEST_PROP(JsonWriter, IsReadBackByNlohmann, (std::string text)) {
  std::string out;
  JsonWriter(out).begin_object().field(text, text).end_object();
  const auto json = nlohmann::json::parse(out, nullptr, false);
  RC_ASSERT(!json.is_discarded());
  const std::string valid = to_valid_utf8(text);
  RC_ASSERT(json.at(valid).get<std::string>() == valid);
}

}  // namespace
}  // namespace slack
