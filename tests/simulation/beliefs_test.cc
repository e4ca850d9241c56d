// What a node tells its operators of the others: right where they are there, wrong where not.
#include "simulation/beliefs.h"

#include <gtest/gtest.h>

namespace {

using simulation::wrong_belief;

std::string status(const std::string& state, const std::string& member,
                   const std::string& catching_up = "") {
  return R"({"name":"a","catching_up":")" + catching_up + R"(","peers":[{"name":"b","state":")" +
         state + R"(","member":")" + member + R"("},{"name":"z","state":"down","member":"dead"}]})";
}

TEST(Beliefs, AreRightWhereEverybodyIsLinkedAndAlive) {
  EXPECT_EQ(wrong_belief(status("linked", "alive"), {"a", "b"}), std::nullopt);
}

TEST(Beliefs, AreWrongOfOneWhoIsThoughtDeadOrIsNotLinked) {
  EXPECT_EQ(wrong_belief(status("linked", "suspect"), {"a", "b"}),
            "a believes b suspect and linked");
  EXPECT_EQ(wrong_belief(status("dialling", "alive"), {"a", "b"}),
            "a believes b alive and not linked");
  EXPECT_EQ(wrong_belief(status("down", ""), {"a", "b"}), "a believes b unheard of and not linked");
}

TEST(Beliefs, AreWrongOfOneWhoIsUnknownAndOfOneThatCatchesUpForEver) {
  EXPECT_EQ(wrong_belief(status("linked", "alive"), {"a", "b", "c"}), "a knows no c");
  EXPECT_EQ(wrong_belief(status("linked", "alive", "it was copied"), {"a", "b"}),
            "a is still catching up: it was copied");
  EXPECT_EQ(wrong_belief("busy", {"a"}), "no status: busy");
}

}  // namespace
