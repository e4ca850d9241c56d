#include "node/driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/memory_store.h"
#include "slack/signature.h"
#include "tests/support/admin_tokens.h"

namespace {

using crdt::Bytes;
using node::CommitError;
using node::CommitFailure;
using node::Driver;
using node::Effects;
using node::ExchangeId;
using node::HttpReply;
using node::HttpRequest;
using node::MemoryStore;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

// Says aloud, in `log`, when it commits and how that went.
class LoudStore final : public node::Store {
 public:
  LoudStore(MemoryStore& store, std::vector<std::string>& log) : store_(store), log_(log) {}

  crdt::Transaction& begin() override { return store_.begin(); }
  boost::system::result<void, CommitError> commit() override {
    auto result = store_.commit();
    log_.push_back(result ? "committed" : "commit failed");
    return result;
  }
  void abort() override {
    store_.abort();
    log_.push_back("aborted");
  }
  node::StoreSize size() const override { return store_.size(); }

 private:
  MemoryStore& store_;
  std::vector<std::string>& log_;
};

class LoudPerformer final : public node::Performer {
 public:
  explicit LoudPerformer(std::vector<std::string>& log) : log_(log) {}

  void perform(Effects&& effects) override {
    for (const HttpReply& reply : effects.replies) {
      log_.push_back("reply " + std::to_string(reply.exchange.value));
      replies.push_back(reply);
    }
    if (!effects.sends.empty()) log_.push_back("send");
    if (!effects.dials.empty()) log_.push_back("dial");
    for (const node::Notice& notice : effects.notices) notices.push_back(notice.text);
  }
  void drop_links() override { log_.push_back("drop links"); }
  void drop_exchanges(ExchangeId first_kept) override {
    log_.push_back("drop exchanges below " + std::to_string(first_kept.value));
  }

  std::vector<HttpReply> replies;
  std::vector<std::string> notices;

 private:
  std::vector<std::string>& log_;
};

node::ReplicaConfig config() {
  node::ReplicaConfig config;
  config.name = "a";
  config.signing_secret = "secret";
  config.admin_tokens = tests::admin_tokens();
  config.gossip.cluster = "test";
  config.gossip.identity.bytes.fill(7);
  return config;
}

class DriverTest : public testing::Test {
 protected:
  void start() {
    driver_ = std::make_unique<Driver>(store_, performer_, config(), crdt::Rng::Seed{1}, now_);
    log_.clear();
  }

  // `/ir <text>` in a channel, signed.
  HttpRequest command(std::string text) {
    HttpRequest request;
    request.exchange = ExchangeId{++exchanges_};
    request.method = "POST";
    request.target = "/slack/commands";
    request.content_type = "application/x-www-form-urlencoded";
    const std::string stamp = "1790000000";
    request.body =
        "team_id=T1&channel_id=C1&user_id=U1&user_name=ann&command=%2Fir&text=" + std::move(text) +
        "&api_app_id=A1&trigger_id=t" + std::to_string(exchanges_);
    request.timestamps = {stamp};
    request.signatures = {slack::sign(config().signing_secret, 1790000000s, request.body)};
    return request;
  }

  HttpRequest status() {
    HttpRequest request;
    request.exchange = ExchangeId{++exchanges_};
    request.listener = node::Listener::kAdmin;
    request.method = "GET";
    request.target = "/status";
    request.authorization = tests::kReader;
    return request;
  }

  void submit(node::Event event) { ASSERT_TRUE(driver_->submit(std::move(event))); }

  void pass(std::chrono::milliseconds time) {
    now_.steady += time;
    now_.wall += time;
  }

  // What a fresh command finds in the channel.
  std::string list() {
    submit(command("list"));
    driver_->run_batch(now_);
    return performer_.replies.back().body;
  }

  crdt::Now now_{crdt::Instant(100s), crdt::WallTime(1790000000s)};
  std::vector<std::string> log_;
  MemoryStore memory_;
  LoudStore store_{memory_, log_};
  LoudPerformer performer_{log_};
  std::unique_ptr<Driver> driver_;
  std::uint64_t exchanges_ = 0;
};

constexpr const char* kRefused = "cannot store changes";

TEST_F(DriverTest, PerformsNothingBeforeTheCommit) {
  start();
  submit(command("add+one"));
  submit(status());
  EXPECT_THAT(log_, IsEmpty());
  driver_->run_batch(now_);
  EXPECT_THAT(log_, ElementsAre("committed", "reply 2", "reply 1"));
  EXPECT_EQ(memory_.commits(), 2U);  // The start, and the two requests together.
}

TEST_F(DriverTest, NothingOfAFailedCommitIsPerformed) {
  for (const CommitFailure failure : {CommitFailure::kDiskFull, CommitFailure::kIo}) {
    start();
    const auto before = memory_.contents();
    memory_.fail_next_commit(failure);
    submit(node::LinkOpened{{1}, ""});
    submit(command("add+lost"));
    submit(node::Wake{});
    driver_->run_batch(now_);
    EXPECT_EQ(log_[0], "commit failed");
    EXPECT_THAT(log_, Not(Contains("send")));
    EXPECT_THAT(log_, Not(Contains("dial")));
    ASSERT_EQ(performer_.replies.size(), 1U);
    EXPECT_THAT(performer_.replies[0].body, HasSubstr(kRefused));
    for (const auto& [key, value] : before) EXPECT_EQ(memory_.contents().at(key), value);
    performer_.replies.clear();
  }
}

TEST_F(DriverTest, DropsLinksAndOwedAnswersBeforeItAnswersAnythingAgain) {
  start();
  submit(status());
  submit(status());
  driver_->run_batch(now_);
  log_.clear();
  memory_.fail_next_commit(CommitFailure::kDiskFull);
  submit(status());
  submit(status());
  driver_->run_batch(now_);
  EXPECT_THAT(log_, ElementsAre("commit failed", "drop links", "drop exchanges below 3", "aborted",
                                "aborted", "reply 3", "reply 4"));
}

TEST_F(DriverTest, AFullDiskAnswersReadsAndRefusesChangesUntilAWriteHolds) {
  start();
  submit(command("add+first"));
  driver_->run_batch(now_);
  memory_.set_disk_full(true);
  submit(command("add+second"));
  driver_->run_batch(now_);
  EXPECT_TRUE(driver_->read_only());
  EXPECT_THAT(performer_.replies.back().body, HasSubstr(kRefused));
  EXPECT_THAT(list(), AllOf(HasSubstr("first"), Not(HasSubstr("second"))));

  // Space returns, but nobody looks before it is time.
  memory_.set_disk_full(false);
  submit(command("add+third"));
  driver_->run_batch(now_);
  EXPECT_THAT(performer_.replies.back().body, HasSubstr(kRefused));

  pass(Driver::kProbeEvery);
  ASSERT_TRUE(driver_->wake_at());
  EXPECT_LE(*driver_->wake_at(), now_.steady);
  submit(node::Wake{});
  driver_->run_batch(now_);
  EXPECT_FALSE(driver_->read_only());
  submit(command("add+fourth"));
  driver_->run_batch(now_);
  EXPECT_THAT(list(), AllOf(HasSubstr("first"), HasSubstr("fourth"), Not(HasSubstr("third"))));
}

TEST_F(DriverTest, ADiskThatStaysFullIsTriedAgainAndAgain) {
  start();
  memory_.set_disk_full(true);
  submit(command("add+lost"));
  driver_->run_batch(now_);
  for (int i = 0; i < 3; ++i) {
    pass(Driver::kProbeEvery);
    submit(node::Wake{});
    driver_->run_batch(now_);
    EXPECT_TRUE(driver_->read_only());
    EXPECT_GT(*driver_->wake_at(), now_.steady);  // Not at once: that would be a busy loop.
  }
}

TEST_F(DriverTest, AnIoErrorCostsOneBatch) {
  start();
  memory_.fail_next_commit(CommitFailure::kIo);
  submit(command("add+lost"));
  driver_->run_batch(now_);
  EXPECT_THAT(performer_.replies.back().body, HasSubstr(kRefused));
  EXPECT_FALSE(driver_->read_only());
  submit(command("add+kept"));
  driver_->run_batch(now_);
  EXPECT_THAT(list(), AllOf(HasSubstr("kept"), Not(HasSubstr("lost"))));
  EXPECT_THAT(performer_.notices, Contains(HasSubstr("a commit failed")));
}

TEST_F(DriverTest, AnIoErrorOnADiskThatIsAlsoFullEndsReadOnly) {
  start();
  memory_.fail_next_commit(CommitFailure::kIo);
  memory_.set_disk_full(true);
  submit(command("add+lost"));
  driver_->run_batch(now_);
  EXPECT_TRUE(driver_->read_only());
  EXPECT_EQ(performer_.replies.size(), 1U);
}

TEST_F(DriverTest, StartsOnAFullDiskAndServesReads) {
  memory_.set_disk_full(true);
  start();
  EXPECT_TRUE(driver_->read_only());
  EXPECT_THAT(performer_.notices, Contains(HasSubstr("changes are refused")));
  submit(status());
  driver_->run_batch(now_);
  EXPECT_EQ(performer_.replies.back().status, 200);
  EXPECT_EQ(memory_.commits(), 0U);
}

TEST_F(DriverTest, WhatWaitsForDeadLinksIsForgottenWithThem) {
  start();
  memory_.fail_next_commit(CommitFailure::kDiskFull);
  for (std::size_t i = 0; i < Driver::kBatchEventsMax; ++i) submit(node::Wake{});
  submit(node::LinkBytes{{1}, "for a Replica that is gone"});
  submit(node::LinkClosed{{1}, "gone"});
  driver_->run_batch(now_);
  EXPECT_TRUE(driver_->idle());
}

TEST_F(DriverTest, ARequestThatWaitsBehindAFailedBatchKeepsItsExchange) {
  start();
  memory_.fail_next_commit(CommitFailure::kDiskFull);
  for (std::size_t i = 0; i < Driver::kBatchEventsMax; ++i) submit(node::Wake{});
  submit(status());
  driver_->run_batch(now_);
  EXPECT_THAT(log_, Contains("drop exchanges below 1"));
  driver_->run_batch(now_);
  EXPECT_EQ(log_.back(), "reply 1");
}

TEST_F(DriverTest, ADrainingNodeIsAliveAndServesButIsNotReadyAlsoAfterAFailedCommit) {
  start();
  const auto ask = [&](const char* target) {
    HttpRequest request = status();
    request.target = target;
    submit(request);
    driver_->run_batch(now_);
    return performer_.replies.back();
  };
  EXPECT_EQ(ask("/readyz").status, 200);
  submit(node::Draining{});
  EXPECT_EQ(ask("/readyz").status, 503);
  EXPECT_EQ(ask("/readyz").body, "draining\n");
  EXPECT_EQ(ask("/healthz").status, 200);
  submit(command("add disk full"));
  driver_->run_batch(now_);
  EXPECT_THAT(list(), HasSubstr("disk full"));
  memory_.fail_next_commit(CommitFailure::kIo);
  submit(command("add lost"));
  driver_->run_batch(now_);
  EXPECT_EQ(ask("/readyz").body, "draining\n");
}

TEST_F(DriverTest, TakesNoMoreThanABatchAtOnce) {
  start();
  for (std::size_t i = 0; i <= Driver::kBatchEventsMax; ++i) submit(status());
  driver_->run_batch(now_);
  EXPECT_EQ(performer_.replies.size(), Driver::kBatchEventsMax);
  EXPECT_FALSE(driver_->idle());
  driver_->run_batch(now_);
  EXPECT_EQ(performer_.replies.size(), Driver::kBatchEventsMax + 1);
  EXPECT_TRUE(driver_->idle());
}

TEST_F(DriverTest, AFullQueueRefusesWorkButHearsWhatIsGone) {
  start();
  for (std::size_t i = 0; i < Driver::kQueueEventsMax; ++i) submit(node::Wake{});
  EXPECT_FALSE(driver_->submit(status()));
  EXPECT_FALSE(driver_->submit(node::LinkBytes{{1}, "x"}));
  EXPECT_TRUE(driver_->submit(node::LinkClosed{{1}, "gone"}));
  EXPECT_TRUE(driver_->submit(node::HttpGone{{1}}));
}

TEST_F(DriverTest, DoesNothingWhenIdle) {
  start();
  driver_->run_batch(now_);
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(DriverTest, AsksToBeWokenAtOnceAfterTheStart) {
  start();
  ASSERT_TRUE(driver_->wake_at());
  EXPECT_LE(*driver_->wake_at(), now_.steady);
}

TEST_F(DriverTest, AnAcknowledgedChangeOutlivesACrash) {
  start();
  submit(command("add+kept"));
  driver_->run_batch(now_);
  driver_.reset();
  memory_.crash();
  start();
  EXPECT_THAT(list(), HasSubstr("kept"));
}

}  // namespace
