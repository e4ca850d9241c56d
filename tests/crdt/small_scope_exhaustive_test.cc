// Exhaustive search of 3 replicas with 2 operations each, for every replicated type. What was
// searched and what was cut is printed: each further fragment in flight multiplies the space.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/support/case_count.h"
#include "tests/support/small_scope.h"

namespace tests {
namespace {

constexpr Scope kScope = kFullCounts ? Scope{2, 6, 400'000} : Scope{1, 1, 20'000};

class SmallScope : public testing::TestWithParam<const Subject*> {};

TEST_P(SmallScope, HoldsInEveryState) {
  const Subject& subject = *GetParam();
  Scope scope = kScope;
  for (scope.flights = 0; scope.flights <= kScope.flights; ++scope.flights) {
    Searched searched;
    ASSERT_NO_THROW(searched = search(subject, scope));
    std::printf(
        "%s: 3 replicas, %d operations of %u kinds each, at most %d fragments in flight: "
        "%llu states, %s\n",
        subject.name, scope.operations_each, subject.small_choices, scope.flights,
        static_cast<unsigned long long>(searched.states), searched.complete ? "all" : "cut here");
    if (!searched.complete) break;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, SmallScope,
                         testing::Values(&kDocumentSubject, &kMvRegisterSubject,
                                         &kAddWinsSetSubject, &kRemoveWinsSetSubject,
                                         &kCounterSubject, &kHandledSetSubject, &kCoreLeafSubject),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace tests
