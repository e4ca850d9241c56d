#include "node/cli/status_table.h"

#include <gtest/gtest.h>

namespace {

using node::cli::draw_status;

TEST(StatusTable, ShowsValuesThenTablesWithTheirColumnsInLine) {
  const auto table = draw_status(R"({
    "name": "a", "read_only": false, "peers": [
      {"name": "bob", "state": "linked", "lag": 0},
      {"name": "c", "state": "down", "lag": 1200, "since": null}],
    "counters": {"http_requests": 17}, "log_head": 42, "warnings": []})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->text,
            "  name       a\n"
            "  read only  no\n"
            "  log head   42\n"
            "\n"
            "peers\n"
            "  name  state   lag   since\n"
            "  bob   linked  0     -\n"
            "  c     down    1200  -\n"
            "\n"
            "counters\n"
            "  http requests  17\n"
            "\n"
            "warnings: none\n");
}

TEST(StatusTable, ATerminalObeysNothingThatANodeSays) {
  const auto table = draw_status(R"({"name": "a\u001b[2J"})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->text, "  name  a\\x1b[2J\n");
}

TEST(StatusTable, RefusesWhatIsNoStatus) {
  EXPECT_FALSE(draw_status("<html>"));
  EXPECT_FALSE(draw_status("[1]"));
}

}  // namespace
