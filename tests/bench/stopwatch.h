// How the benchmarks of pure code take time, and how they print it.
//
// Shape    CPU time of this thread, so that other work on the machine shows only in caches; the
//          median of kRounds rounds, each as many calls as kRoundTime takes.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

namespace bench {

inline constexpr int kRounds = 9;
inline constexpr std::chrono::milliseconds kRoundTime{40};  // Many scheduler ticks.

inline std::chrono::nanoseconds thread_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Keeps a value from being computed for nothing and left out.
template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

// Microseconds of one `call(i)`; i counts up without end.
template <class Call>
double microseconds_of(Call call) {
  std::uint64_t i = 0;
  std::array<double, kRounds> rounds{};
  for (double& round : rounds) {
    const auto began = thread_time();
    std::uint64_t calls = 0;
    auto spent = thread_time() - began;
    for (; spent < kRoundTime; spent = thread_time() - began) {
      for (int n = 0; n < 16; ++n, ++calls) call(i++);  // Looking at the clock costs 0.3 us.
    }
    round = std::chrono::duration<double, std::micro>(spent).count() / static_cast<double>(calls);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

inline void heading(const char* text) { std::printf("%s\n", text); }

// `limit` 0: there is none.
inline void row(const std::string& name, double figure, const char* unit, double limit,
                const std::string& how) {
  std::string held;
  if (limit > 0) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "<= %g: %s", limit, figure <= limit ? "met" : "MISSED");
    held = text.data();
  }
  std::printf("  %-38s %9.2f %-6s %-18s %s\n", name.c_str(), figure, unit, held.c_str(),
              how.c_str());
}

}  // namespace bench
