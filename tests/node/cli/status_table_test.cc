#include "node/cli/status_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using node::cli::draw_status;
using testing::HasSubstr;

constexpr const char* kTwoPeers = R"({
    "name": "a", "replica": "77", "run": "77", "log_head": 42, "read_only": false,
    "complete": false, "peers": [
      {"name": "bob", "address": "10.0.0.2:7000", "state": "linked", "their_cursor": 41,
       "our_cursor": 9, "lag": 1},
      {"name": "c", "address": "10.0.0.3:7000", "state": "down", "their_cursor": 0,
       "our_cursor": 7, "since": null}],
    "counters": {"http_requests": 17}, "temper": "fair", "warnings": []})";

TEST(StatusTable, SaysFirstWhetherAllIsWellAndWhatAPeerLacksOnlyWhereThatIsKnown) {
  const auto table = draw_status(kTwoPeers);
  ASSERT_TRUE(table);
  EXPECT_EQ(
      table->text,
      "a takes changes and is linked with 1 of 2 peers.\n"
      "\n"
      "peers\n"
      "  name  address        state   lacks     since\n"
      "  bob   10.0.0.2:7000  linked  1 change  -\n"
      "  c     10.0.0.3:7000  down    unknown   -\n"
      "  A peer that is down gets what it lacks once it is linked. Why it is not: muster doctor\n"
      "  tries it.\n"
      "\n"
      "counters\n"
      "  http requests  17\n"
      "\n"
      "warnings: none\n"
      "\n"
      "this peer\n"
      "  run      77    new at every start of the peer\n"
      "  changes  42    in its log, which the peers follow\n"
      "  temper   fair\n");
}

TEST(StatusTable, SaysThatChangesAreRefused) {
  const auto table = draw_status(R"({"name": "a", "read_only": true, "peers": [
      {"name": "bob", "state": "linked", "lag": 0}]})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->text,
            "a REFUSES CHANGES, for its disk is full or its store fails (its log says which); it "
            "is linked with 1 of 1 peer.\n"
            "\n"
            "peers\n"
            "  name  state   lacks\n"
            "  bob   linked  nothing\n");
}

TEST(StatusTable, DoesNotClaimToTakeChangesWhereItAnswersNoCommand) {
  const auto first_lines = [](const std::string& why) {
    const auto table = draw_status(R"({"name": "a", "ready": false, "not_ready": ")" + why + "\"}");
    return table->text.substr(0, table->text.find(". The load balancer"));
  };
  EXPECT_EQ(first_lines("catching up"),
            "a ANSWERS NO COMMANDS until it has caught up; it has no peers.\n"
            "NOT READY: catching up");
  EXPECT_EQ(first_lines("removed"),
            "a ANSWERS NO COMMANDS, for it was removed from its cluster; it has no peers.\n"
            "NOT READY: removed");
  EXPECT_EQ(first_lines("draining"),
            "a takes the changes that still reach it and has no peers.\nNOT READY: draining");
}

TEST(StatusTable, LeavesNoValueBlank) {
  const auto table = draw_status(R"({"name": "a", "catching_up": ""})");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->text, HasSubstr("catching up  -\n"));
}

TEST(StatusTable, ATerminalObeysNothingThatANodeSays) {
  const auto table = draw_status(R"({"name": "a\u001b[2J", "x\u001b": "y\u001b[2J"})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->text,
            "a\\x1b[2J takes changes and has no peers.\n\nthis peer\n  x\\x1b  y\\x1b[2J\n");
}

TEST(StatusTable, RefusesWhatIsNoStatus) {
  EXPECT_FALSE(draw_status("<html>"));
  EXPECT_FALSE(draw_status("[1]"));
}

TEST(StatusTable, SizesLagAndClocksAreInUnitsThatPeopleRead) {
  const auto table = draw_status(R"({"name": "a", "ready": false, "not_ready": "clock",
      "clock_ahead_ms": -61250,
      "peers": [{"name": "b", "state": "linked", "lag": 3, "lag_seconds": 40}],
      "system": {"store_bytes": 1610612736, "journal_pages": 12}})");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->text, HasSubstr("NOT READY: clock."));
  EXPECT_THAT(table->text, HasSubstr("3 changes for 40 s"));
  EXPECT_THAT(table->text, HasSubstr("store          1.5 GiB"));
  EXPECT_THAT(table->text, HasSubstr("61.2 s behind"));
}

TEST(StatusTable, SaysHowLongEventsAreKeptAndWhoHoldsThatUp) {
  const auto table = draw_status(R"({"name": "a", "retention":
      {"days": 365, "since": "2025-01-31", "oldest": "2025-01-30", "waits_for": ["c"]}})");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->text,
              HasSubstr("kept for 365 days; older than 2025-01-31 are forgotten; the oldest is "
                        "of 2025-01-30\n  None that is due is forgotten while these are away or "
                        "behind: c\n"));
}

}  // namespace
