// CaseCount: how many random cases a law runs, by what the build can afford.
#pragma once

#include <cstdint>

namespace tests {

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
inline constexpr bool kFullCounts = true;
#else
inline constexpr bool kFullCounts = false;  // Debug and sanitizers: 20 to 100 times slower.
#endif

// What riak_dt runs for each of its types.
inline constexpr std::uint64_t kLawCases = kFullCounts ? 100'000 : 1'000;

// Cases whose generators shrink; they cost more each, and find the same.
inline constexpr int kShrinkingCases = kFullCounts ? 5'000 : 200;

}  // namespace tests
