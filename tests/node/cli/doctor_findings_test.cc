#include "node/cli/doctor_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace {

using node::cli::Finding;
using testing::HasSubstr;

std::vector<Finding> findings_of(const char* status) {
  return node::cli::judge_status(nlohmann::json::parse(status), "muster 0.1.0");
}

std::vector<std::string> names_of(const char* status) {
  std::vector<std::string> names;
  for (const Finding& finding : findings_of(status)) names.push_back(finding.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(DoctorFindings, KnowWhereAnOperatorHasPutThePeerInTheRoster) {
  EXPECT_EQ(names_of(R"({"member_state": "active"})"), Names{});
  EXPECT_EQ(names_of(R"({"member_state": "draining", "not_ready": "draining"})"),
            Names{"draining"});
  EXPECT_THAT(findings_of(R"({"member_state": "draining"})").front().todo,
              HasSubstr("muster peers activate"));
  EXPECT_EQ(names_of(R"({"member_state": "joining", "not_ready": "joining"})"), Names{"joining"});
  EXPECT_EQ(names_of(R"({"member_state": "removed", "not_ready": "removed"})"), Names{"removed"});
  EXPECT_THAT(findings_of(R"({"member_state": "removed"})").front().todo, HasSubstr("muster join"));
  EXPECT_EQ(names_of(R"({"member_state": "active", "not_ready": "draining"})"), Names{"stopping"});
}

TEST(DoctorFindings, CallARestoreARestoreAndCountOneAsOne) {
  const auto restored = findings_of(
      R"({"catching_up": "it was restored from a backup of yesterday", "rollbacks_found": 0})");
  ASSERT_EQ(restored.size(), 1U);
  EXPECT_EQ(restored.front().name, "catching-up");
  EXPECT_THAT(findings_of(R"({"rollbacks_found": 1})").front().what, HasSubstr("once seen"));
  EXPECT_THAT(findings_of(R"({"damage_found": 1, "unreadable": 1})").front().what,
              HasSubstr("1 stored value had a wrong checksum and was not used; healed: 0; "
                        "1 document waits for a peer"));
}

nlohmann::json lettered(const std::string& own, const std::string& theirs) {
  return nlohmann::json::parse(R"({"name": "a", "letter": ")" + own +
                               R"(", "peers": [{"name": "b", "letter": ")" + theirs + R"("}]})");
}

TEST(DoctorFindings, NameThePeersThatHaveOneLetter) {
  nlohmann::json shared = lettered("b", "b");
  const auto fixed = node::cli::judge_status(shared, "");
  ASSERT_EQ(fixed.size(), 1U);
  EXPECT_EQ(fixed[0].name, "equal-letters");
  EXPECT_THAT(fixed[0].what, testing::AllOf(HasSubstr("a, b"), HasSubstr("7b-3f2a")));
  EXPECT_THAT(fixed[0].todo, HasSubstr("in its configuration"));
  shared["member_state"] = "active";
  EXPECT_THAT(node::cli::judge_status(shared, "").front().todo, HasSubstr("muster peers letter"));
}

TEST(DoctorFindings, NameThePeersThatHoldUpForgetting) {
  const auto found = findings_of(
      R"({"retention": {"days": 365, "since": "2026-01-31", "waits_for": ["b", "c"]}})");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "retention-waits");
  EXPECT_THAT(found[0].what, testing::AllOf(HasSubstr("365 days"), HasSubstr("b, c may not")));
  EXPECT_THAT(found[0].todo, HasSubstr("peers.list"));
  const auto roster =
      findings_of(R"({"member_state": "active", "retention": {"days": 30, "waits_for": ["b"]}})");
  EXPECT_THAT(roster.at(0).todo, HasSubstr("muster peers remove"));
  EXPECT_EQ(names_of(R"({"retention": {"days": 365}})"), Names{});
  EXPECT_EQ(names_of(R"({"retention": {"days": 365, "waits_for": "b"}})"), Names{});
}

TEST(DoctorFindings, SayNothingOfLettersThatDifferOrAreNotKnown) {
  EXPECT_EQ(node::cli::judge_status(lettered("a", "b"), "").size(), 0U);
  EXPECT_EQ(names_of(R"({"name": "a", "peers": [{"name": "b"}]})"), Names{});
}

TEST(DoctorFindings, NameWhoRunsAnotherVersion) {
  EXPECT_EQ(names_of(R"({"software": "muster 0.1.0", "peers": [{"name": "b",
                         "software": "muster 0.1.0"}]})"),
            Names{});
  const auto mixed = findings_of(
      R"({"software": "muster 0.1.0", "peers": [{"name": "b", "software": "muster 0.2.0"},
                                                {"name": "c", "software": ""}]})");
  ASSERT_EQ(mixed.size(), 1U);
  EXPECT_EQ(mixed[0].name, "mixed-versions");
  EXPECT_THAT(mixed[0].what, HasSubstr("this peer is muster 0.1.0, b is muster 0.2.0"));
  EXPECT_THAT(mixed[0].todo, HasSubstr("upgrade the older one"));
}

TEST(DoctorFindings, NameWhoKeepsRecordsForAnotherTime) {
  const auto found = findings_of(
      R"({"retention": {"days": 365}, "peers": [{"name": "b", "retention_days": 30},
          {"name": "c", "retention_days": 365}, {"name": "d"}]})");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "different-retention");
  EXPECT_THAT(found[0].what,
              testing::AllOf(HasSubstr("b keeps"), HasSubstr("30 days, this peer for 365 days")));
}

TEST(DoctorFindings, SayThatNobodyTellsTheTime) {
  const auto quiet = findings_of(R"({"retention": {"days": 30, "waits_for_slack": true}})");
  ASSERT_EQ(quiet.size(), 1U);
  EXPECT_EQ(quiet[0].name, "retention-waits");
  EXPECT_THAT(quiet[0].what, HasSubstr("no request of Slack's came here"));
}

TEST(DoctorFindings, NameAPeerThatLies) {
  EXPECT_EQ(names_of(R"({"peers": [{"name": "b", "lies": 2}]})"), Names{"lying-peer"});
}

}  // namespace
