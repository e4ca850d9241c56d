// What the checkers say of two stores that differ: where a person would look first.
#include "simulation/store_view.h"

#include <gtest/gtest.h>

namespace {

using simulation::first_difference;
using simulation::StoreView;

StoreView holding(const std::string& value) {
  StoreView view;
  simulation::DocumentView& document = view.documents["channel/T1/C1"];
  document.leaves["t/1/core"].push_back({"t/1/core", {{1}, 1}, {}, {}, "1a"});
  document.leaves["t/1/text"].push_back({"t/1/text", {{1}, 2}, {}, {}, value});
  document.context.advance({1}, 2);
  view.timeline["t1"] = "told";
  return view;
}

TEST(FirstDifference, NamesThePathOnWhichTwoDocumentsDiffer) {
  EXPECT_EQ(first_difference(holding("a"), holding("b")), "channel/T1/C1 at t/1/text");
}

TEST(FirstDifference, NamesADocumentThatOneHasNot) {
  EXPECT_EQ(first_difference(holding("a"), {}), "channel/T1/C1");
  EXPECT_EQ(first_difference({}, holding("a")), "channel/T1/C1");
}

TEST(FirstDifference, SaysWhereOnlyTheContextDiffers) {
  StoreView ahead = holding("a");
  ahead.documents.begin()->second.context.advance({2}, 1);
  EXPECT_EQ(first_difference(holding("a"), ahead), "channel/T1/C1, in its context alone");
}

TEST(FirstDifference, SaysWhichKindOfRecordOneHasNot) {
  StoreView more = holding("a");
  more.timeline["t2"] = "told, too";
  EXPECT_EQ(first_difference(holding("a"), more), "an event of the timeline");
  more = holding("a");
  more.requests["r1"] = "answered";
  EXPECT_EQ(first_difference(more, holding("a")), "a request record");
}

TEST(FirstDifference, IsNothingBetweenEqualStores) {
  EXPECT_EQ(first_difference(holding("a"), holding("a")), "");
}

}  // namespace
