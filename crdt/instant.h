// Time that can only be handed in: neither clock has a now(), so pure code cannot read one.
//
// Shape    Now carries two times of one moment. `steady` never goes back: deadlines live on it.
//          `wall` is what people's calendars say, may step either way, and decides no causality: it
//          only ranks writes, dates records and judges the age of signatures.
// Units    microseconds; wall counts from the Unix epoch, steady from an arbitrary start.
#pragma once

#include <chrono>
#include <cstdint>

namespace crdt {

struct SteadyClock {
  using duration = std::chrono::duration<std::int64_t, std::micro>;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyClock>;
};

struct WallClock {
  using duration = std::chrono::duration<std::int64_t, std::micro>;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
};

using Instant = SteadyClock::time_point;
using WallTime = WallClock::time_point;

struct Now {
  Instant steady;
  WallTime wall;
};

}  // namespace crdt
