// Exhaustive search of 3 replicas with 2 operations each, for every replicated type. What was
// searched and what was cut is printed.
//
// Size     the whole space, with a fragment under way on each of the six ordered pairs, has more
//          than 10^9 states. It is cut in two symmetric ways: every mix of operations without
//          fragments under way, and a fixed order of kinds with one; and with one operation each up
//          to two fragments. The two bounds keep a type within a minute.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/support/case_count.h"
#include "tests/support/small_scope.h"

namespace tests {
namespace {

constexpr std::uint64_t kStatesMax = kFullCounts ? 1'200'000 : 3'000;
constexpr std::uint64_t kFlightStatesMax = kFullCounts ? 400'000 : 3'000;

constexpr Scope kScopes[] = {
    {.operations_each = 2, .in_turn = false, .flights = 0, .states_max = kStatesMax},
    {.operations_each = 2, .in_turn = true, .flights = 1, .states_max = kFlightStatesMax},
    {.operations_each = 1, .in_turn = false, .flights = 2, .states_max = kStatesMax},
};

class SmallScope : public testing::TestWithParam<const Subject*> {};

TEST_P(SmallScope, HoldsInEveryState) {
  const Subject& subject = *GetParam();
  for (const Scope& scope : kScopes) {
    Searched searched;
    ASSERT_NO_THROW(searched = search(subject, scope));
    std::printf(
        "%s: 3 replicas, %d operations each, %s, at most %d of 6 fragments in flight at once: "
        "%llu states, %s\n",
        subject.name, scope.operations_each,
        scope.in_turn ? "kind 0 before kind 1" : "2 kinds in every mix", scope.flights,
        static_cast<unsigned long long>(searched.states),
        searched.complete ? "complete" : "cut at this count");
    EXPECT_GT(searched.states, 500u);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, SmallScope,
                         testing::Values(&kDocumentSubject, &kMvRegisterSubject,
                                         &kAddWinsSetSubject, &kRemoveWinsSetSubject,
                                         &kCounterSubject, &kHandledSetSubject, &kCoreLeafSubject),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace tests
