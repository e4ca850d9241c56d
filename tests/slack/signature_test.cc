#include "slack/signature.h"

#include <gtest/gtest.h>

#include <string>

namespace slack {
namespace {

// Slack's published example.
constexpr std::string_view kSecret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr std::string_view kStamp = "1531420618";
constexpr std::string_view kBody =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
    "96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
constexpr std::string_view kSignature =
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

crdt::WallTime at(std::int64_t seconds) { return crdt::WallTime(std::chrono::seconds(seconds)); }

Verdict check(std::string_view stamp, std::string_view signature, std::string_view body,
              std::int64_t now) {
  return Verifier(kSecret).check({stamp, 1}, {signature, 1}, body, at(now));
}

TEST(Signature, AcceptsSlacksPublishedExample) {
  EXPECT_EQ(check(kStamp, kSignature, kBody, 1531420618), Verdict::kGenuine);
}

TEST(Signature, SignsAsSlackDoes) {
  EXPECT_EQ(sign(kSecret, std::chrono::seconds(1531420618), kBody), kSignature);
}

TEST(Signature, GivesTheSameAnswerHoweverOftenOneVerifierIsUsed) {
  Verifier verifier(kSecret);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(verifier.sign(kStamp, kBody), kSignature);
    EXPECT_NE(verifier.sign(kStamp, "another body"), kSignature);
  }
}

TEST(Signature, RefusesOlderThanFiveMinutesAndNotASecondEarlier) {
  EXPECT_EQ(check(kStamp, kSignature, kBody, 1531420618 + 300), Verdict::kGenuine);
  EXPECT_EQ(check(kStamp, kSignature, kBody, 1531420618 + 301), Verdict::kStale);
}

TEST(Signature, RefusesTheFutureAsItRefusesThePast) {
  EXPECT_EQ(check(kStamp, kSignature, kBody, 1531420618 - 300), Verdict::kGenuine);
  EXPECT_EQ(check(kStamp, kSignature, kBody, 1531420618 - 301), Verdict::kFuture);
}

TEST(Signature, RefusesAChangedBodyTimestampOrSecret) {
  const std::string body = std::string(kBody) + '&';
  EXPECT_EQ(check(kStamp, kSignature, body, 1531420618), Verdict::kForged);
  EXPECT_EQ(check("1531420619", kSignature, kBody, 1531420618), Verdict::kForged);
  EXPECT_EQ(Verifier("another").check({kStamp, 1}, {kSignature, 1}, kBody, at(1531420618)),
            Verdict::kForged);
}

TEST(Signature, RefusesEverySingleWrongDigit) {
  for (std::size_t i = 3; i < kSignature.size(); ++i) {
    std::string wrong(kSignature);
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    EXPECT_EQ(check(kStamp, wrong, kBody, 1531420618), Verdict::kForged) << i;
  }
}

TEST(Signature, RefusesWhatIsNotExactlyVersionZeroAndLowerCaseHex) {
  const std::string good(kSignature);
  std::string upper = good;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& wrong :
       {std::string(), std::string("v0="), "v1=" + good.substr(3), good.substr(3), good + "=junk",
        good + " ", ' ' + good, good.substr(0, good.size() - 1), "v0=" + upper.substr(3), upper,
        good + '\0'}) {
    EXPECT_EQ(check(kStamp, wrong, kBody, 1531420618), Verdict::kMalformed) << wrong;
  }
}

TEST(Signature, RefusesTimestampsThatAreNotPlainDigits) {
  for (const std::string_view wrong : {"", "+1531420618", "-1", " 1531420618", "1531420618 ",
                                       "1531420618.0", "0x10", "9999999999999", "１"}) {
    EXPECT_EQ(check(wrong, kSignature, kBody, 1531420618), Verdict::kMalformed) << wrong;
  }
}

TEST(Signature, RefusesHeadersThatAreMissingOrDoubled) {
  Verifier verifier(kSecret);
  const auto verdict = [&](std::size_t stamps, std::size_t signatures) {
    return verifier.check({kStamp, stamps}, {kSignature, signatures}, kBody, at(1531420618));
  };
  EXPECT_EQ(verdict(1, 1), Verdict::kGenuine);
  EXPECT_EQ(verdict(0, 1), Verdict::kMissing);
  EXPECT_EQ(verdict(1, 0), Verdict::kMissing);
  EXPECT_EQ(verdict(2, 1), Verdict::kDoubled);
  EXPECT_EQ(verdict(1, 2), Verdict::kDoubled);
}

TEST(Signature, HashesTheBytesAsTheyCame) {
  const std::string body("text=\xFF\xFE\0\xC3\x28", 10);
  const std::string signature = sign(kSecret, std::chrono::seconds(100), body);
  EXPECT_EQ(check("100", signature, body, 100), Verdict::kGenuine);
  EXPECT_EQ(check("100", signature, body.substr(0, 7), 100), Verdict::kForged);
}

TEST(Signature, TakesAnEmptyBodyAndAnEmptySecret) {
  EXPECT_EQ(Verifier("").sign("1", ""), sign("", std::chrono::seconds(1), ""));
  EXPECT_NE(Verifier("").sign("1", ""), Verifier("s").sign("1", ""));
}

TEST(Signature, CountsHeadersAndShowsTheFirst) {
  const std::vector<std::string> none;
  const std::vector<std::string> two{"a", "b"};
  EXPECT_EQ(header_of(none).count, 0U);
  EXPECT_EQ(header_of(two).count, 2U);
  EXPECT_EQ(header_of(two).value, "a");
}

}  // namespace
}  // namespace slack
