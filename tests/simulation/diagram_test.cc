// Diagrams: that drawing a run leaves it as it is, what is recorded, and where stores part.
#include "simulation/diagram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "simulation/diagram_page.h"
#include "simulation/divergence.h"
#include "tests/simulation/forgetful_store.h"

namespace {

using namespace simulation;
using testing::HasSubstr;
using testing::Not;

Plan plan_of(const std::string& faults, Duration length) {
  Options options;
  options.length = length;
  options.faults = *parse_faults(faults);
  return draw_plan(draw_options(options, true));
}

TEST(Diagram, LeavesTheRunAsItIs) {
  const Plan plan = plan_of("default", 1min);
  Diagram diagram;
  RunSettings drawn;
  drawn.diagram = &diagram;
  const Report report = run(plan, drawn);
  const Report other = run(plan, {});
  EXPECT_EQ(report.digest, other.digest);
  EXPECT_EQ(report.events, other.events);
}

TEST(Diagram, HoldsWhatWasAskedAnsweredSentAndStored) {
  const Plan plan = plan_of("none", 20s);
  Diagram diagram;
  RunSettings drawn;
  drawn.diagram = &diagram;
  const Report report = run(plan, drawn);
  const auto count = [&](std::string_view what) {
    return std::count_if(diagram.events().begin(), diagram.events().end(),
                         [&](const DiagramEvent& event) { return event.what == what; });
  };
  // In the end each node is asked for its status.
  EXPECT_EQ(count("answers"), static_cast<std::ptrdiff_t>(report.answered + report.nodes));
  EXPECT_GE(count("is asked"), count("answers"));
  EXPECT_TRUE(std::any_of(diagram.events().begin(), diagram.events().end(), [&](const auto& event) {
    return event.what == "is asked" && event.words.ends_with(plan.commands.front().text);
  }));
  EXPECT_FALSE(diagram.messages().empty());
  EXPECT_TRUE(
      std::all_of(diagram.changes().begin(), diagram.changes().end(),
                  [](const DiagramChange& change) { return change.before != change.after; }));
  EXPECT_TRUE(std::all_of(diagram.stores.begin(), diagram.stores.end(),
                          [&](const auto& store) { return store == diagram.stores.front(); }));
  EXPECT_THAT(first_divergence(diagram)->why, HasSubstr("agrees in the end"));
}

TEST(Diagram, LeavesOutTheOldestMessagesAndCountsThem) {
  Diagram diagram;
  const std::uint64_t first = diagram.on_send(1s, 0, 1, 10);
  for (std::size_t i = 0; i < Diagram::kMessagesMax; ++i) {
    static_cast<void>(diagram.on_send(2s, 0, 1, 20));
  }
  diagram.on_arrival(3s, first);
  EXPECT_EQ(diagram.messages().size(), Diagram::kMessagesMax);
  EXPECT_EQ(diagram.messages_left_out(), 1u);
  EXPECT_EQ(diagram.messages().front().arrived, Diagram::kNever);
}

TEST(Diagram, LeavesOutTheOldestEventsChangesAndSamples) {
  Diagram diagram;
  for (std::size_t i = 0; i < Diagram::kEventsMax + 2; ++i) diagram.on_step(1s, 0, "notes", "x");
  for (std::size_t i = 0; i < Diagram::kChangesMax + 3; ++i) diagram.add(DiagramChange{});
  for (std::size_t i = 0; i < Diagram::kSamplesMax + 4; ++i) diagram.add(DiagramSample{});
  EXPECT_EQ(diagram.events_left_out(), 2u);
  EXPECT_EQ(diagram.changes_left_out(), 3u);
  EXPECT_EQ(diagram.samples().size(), Diagram::kSamplesMax);
}

TEST(Diagram, CutsLongWords) {
  Diagram diagram;
  diagram.on_step(1s, 0, "notes", std::string(Diagram::kWordsMax + 1, 'x'));
  EXPECT_EQ(diagram.events().front().words.size(), Diagram::kWordsMax + 4);
}

TEST(Divergence, IsTheFieldThatHasDifferedLongest) {
  Diagram diagram;
  diagram.stores = {{{"C1 a", "red"}, {"C1 b", "1"}}, {{"C1 a", "green"}, {"C1 b", "2"}}};
  diagram.add(DiagramChange{1s, 1, "C1 a", "", "red"});  // Alone for a moment, then equal.
  diagram.add(DiagramChange{2s, 0, "C1 a", "", "red"});
  diagram.add(DiagramChange{3s, 0, "C1 b", "", "1"});
  diagram.add(DiagramChange{4s, 1, "C1 a", "red", "green"});
  diagram.add(DiagramChange{5s, 1, "C1 b", "", "2"});
  const auto found = first_divergence(diagram);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at, 3s);
  EXPECT_EQ(found->field, "C1 b");
  EXPECT_EQ(found->left_value, "1");
  EXPECT_EQ(found->right_value, "2");
}

TEST(Divergence, IsAFieldThatPeopleSeeBeforeAMarkOfARequest) {
  Diagram diagram;
  diagram.stores = {{{"C1 h/1", "0"}, {"C1 t/1/text", "disk full"}}, {}};
  diagram.add(DiagramChange{1s, 0, "C1 h/1", "", "0"});
  diagram.add(DiagramChange{2s, 0, "C1 t/1/text", "", "disk full"});
  EXPECT_EQ(first_divergence(diagram)->field, "C1 t/1/text");
}

TEST(Divergence, OfEqualStoresIsWhatANodeLostWhileItWasDown) {
  Diagram diagram;
  diagram.stores = {{}, {}};
  diagram.add(DiagramChange{1s, 0, "C1 a", "", "red", true});
  diagram.add(DiagramChange{2s, 0, "C1 a", "red", "", true});
  const auto found = first_divergence(diagram);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at, 2s);
  EXPECT_EQ(found->left_value, "red");
  EXPECT_EQ(found->right_value, "");
}

TEST(Divergence, OfEqualStoresIsFirstAValueThatNothingReplaced) {
  Diagram diagram;
  diagram.stores = {{}, {}};
  diagram.add(DiagramChange{1s, 0, "C1 a", "red", "", true});
  diagram.add(DiagramChange{2s, 1, "C1 b", "1", ""});
  EXPECT_EQ(first_divergence(diagram)->field, "C1 b");
}

TEST(Divergence, OfEqualStoresThatLostNothingIsWhereTheyWereApartLongest) {
  Diagram diagram;
  diagram.stores = {{{"C1 a", "red"}, {"C1 b", "1"}}, {{"C1 a", "red"}, {"C1 b", "1"}}};
  diagram.add(DiagramChange{1s, 0, "C1 a", "", "red"});
  diagram.add(DiagramChange{2s, 1, "C1 a", "", "red"});
  diagram.add(DiagramChange{3s, 1, "C1 b", "", "1"});
  diagram.add(DiagramChange{5s, 0, "C1 b", "", "1"});
  const auto found = first_divergence(diagram);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->field, "C1 b");
  EXPECT_EQ(found->left, "node b");
  EXPECT_EQ(found->left_value, "1");
  EXPECT_EQ(found->right_value, "");
}

TEST(Divergence, OfStoresThatHeldNothingIsNone) {
  Diagram diagram;
  diagram.stores = {{}, {}};
  EXPECT_FALSE(first_divergence(diagram));
}

TEST(Divergence, IsFoundWhereAStoreForgot) {
  Diagram diagram;
  RunSettings settings;
  settings.diagram = &diagram;
  settings.wrap = tests::ForgetfulStore::wrap();
  const Report report = run(plan_of("none", 1min), settings);
  ASSERT_TRUE(report.failure);
  const auto found = first_divergence(diagram);
  ASSERT_TRUE(found);
  EXPECT_GT(found->at, 0s);
  EXPECT_LE(found->at, report.failure->at);
  EXPECT_NE(found->left_value, found->right_value);
}

TEST(DiagramPage, LoadsNothingAndKeepsWhatPeopleTypedFromEndingItsData) {
  Plan plan = plan_of("none", 5s);
  plan.commands.front().text = "add </script><script>alert(1)</script>";
  Diagram diagram;
  RunSettings drawn;
  drawn.diagram = &diagram;
  const Report report = run(plan, drawn);
  const std::string page = page_of(diagram, plan, report);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr(R"(add \u003c/script>)"));
  for (const std::string_view loads : {"src=\"", "href=", "@import", "url(http", "//cdn"}) {
    EXPECT_THAT(page, Not(HasSubstr(loads)));
  }
}

}  // namespace
