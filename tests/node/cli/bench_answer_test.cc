#include "node/cli/bench_answer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace node::cli {
namespace {

using State = AnswerReader::State;

const std::string kPlain =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 2\r\n\r\n{}";
const std::string kChunks =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5\r\nhello\r\na;x=1\r\n0123456789\r\n0\r\n\r\n";

TEST(BenchAnswer, IsDoneWithItsLastOctetWhereverItIsCut) {
  for (const std::string& whole : {kPlain, kChunks}) {
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      AnswerReader reader;
      ASSERT_EQ(reader.put(whole.substr(0, cut)), State::kMore) << cut;
      ASSERT_EQ(reader.put(whole.substr(cut)), State::kDone) << cut;
      EXPECT_EQ(reader.status(), 200);
    }
  }
}

TEST(BenchAnswer, ReadsOneAnswerAfterTheOther) {
  AnswerReader reader;
  ASSERT_EQ(reader.put(kChunks), State::kDone);
  reader.reset();
  ASSERT_EQ(reader.put("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nlate"),
            State::kDone);
  EXPECT_EQ(reader.status(), 503);
  EXPECT_EQ(reader.body(), "late");
}

TEST(BenchAnswer, SkipsInterimAnswers) {
  AnswerReader reader;
  EXPECT_EQ(reader.put("HTTP/1.1 100 Continue\r\n\r\n"), State::kMore);
  EXPECT_EQ(reader.put(kPlain), State::kDone);
  EXPECT_EQ(reader.status(), 200);
  AnswerReader at_once;
  EXPECT_EQ(at_once.put("HTTP/1.1 100 Continue\r\n\r\n" + kPlain), State::kDone);
  EXPECT_EQ(at_once.status(), 200);
}

TEST(BenchAnswer, KnowsWhenTheServerWillCloseTheConnection) {
  AnswerReader reader;
  EXPECT_EQ(
      reader.put("HTTP/1.1 401 Unauthorized\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n"),
      State::kDone);
  EXPECT_TRUE(reader.closes());
  reader.reset();
  EXPECT_EQ(reader.put(kPlain), State::kDone);
  EXPECT_FALSE(reader.closes());
}

TEST(BenchAnswer, WhatCannotBeAnAnswerIsBrokenAndSaysWhy) {
  const std::vector<std::string> wrong = {
      "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the connection closes",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
      kPlain + "and more",
      kChunks + "and more",
      "HTTP/1.1 200 OK\r\nX: " + std::string(AnswerReader::kAnswerBytesMax, 'x'),
  };
  for (const std::string& bytes : wrong) {
    AnswerReader reader;
    EXPECT_EQ(reader.put(bytes), State::kBroken) << bytes.substr(0, 80);
    EXPECT_FALSE(reader.problem().empty());
  }
}

}  // namespace
}  // namespace node::cli
