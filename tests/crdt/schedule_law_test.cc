// The laws of every replicated type over random schedules (tests/support/schedule.h), kLawCases of
// them each; and again under RapidCheck, which shrinks the script of a schedule that fails.
#include <gtest/gtest.h>

#include "tests/support/case_count.h"
#include "tests/support/property.h"
#include "tests/support/schedule.h"

namespace tests {
namespace {

constexpr std::size_t kScriptOctets = 160;  // What an average schedule decides.

class ScheduleLaw : public testing::TestWithParam<const Subject*> {};

TEST_P(ScheduleLaw, HoldsInEveryRandomSchedule) { EXPECT_EQ(run_law_cases(*GetParam()), ""); }

TEST_P(ScheduleLaw, HoldsInEveryShrinkableSchedule) {
  const Subject& subject = *GetParam();
  EXPECT_EQ(counterexample(kShrinkingCases,
                           [&] {
                             const auto script = *rc::gen::container<std::vector<std::uint8_t>>(
                                 kScriptOctets, rc::gen::arbitrary<std::uint8_t>());
                             ScriptedChoices choices(script);
                             run_schedule(subject, choices);
                           }),
            "");
}

INSTANTIATE_TEST_SUITE_P(EveryType, ScheduleLaw,
                         testing::Values(&kDocumentSubject, &kMvRegisterSubject,
                                         &kAddWinsSetSubject, &kRemoveWinsSetSubject,
                                         &kCounterSubject, &kHandledSetSubject, &kCoreLeafSubject),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace tests
