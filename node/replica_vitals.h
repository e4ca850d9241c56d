// What a Replica keeps watch over for operators: how far its clock is from Slack's, and for how
// long each peer has lacked what it lacks.
//
// Shape    pure: fed by what happens, asked by Status.
// Units    offsets are positive where the own clock is ahead.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "crdt/instant.h"

namespace node {

// Slack stamps each request with its own time, in whole seconds. What a stamp lags behind is the
// offset, what was lost of its second, and the way here; so the least lagging of some requests
// tells. Stamps are kept against the steady clock: a wall clock that is set right is right at once.
//
// Size     kSamplesMax stamps, none older than kSampleAgeMax.
class SlackClock {
 public:
  static constexpr std::size_t kSamplesMax = 32;
  // No clock drifts a second in ten minutes; and a captured request that somebody sends again
  // counts no longer than that, nor beside a fresher one.
  static constexpr std::chrono::minutes kSampleAgeMax{10};

  // REQUIRES a stamp whose signature is Slack's.
  void take(const crdt::Now& now, crdt::WallTime stamp);

  // nullopt while no request has come lately.
  [[nodiscard]] std::optional<std::chrono::milliseconds> ahead(const crdt::Now& now) const;

 private:
  struct Sample {
    crdt::Instant heard;
    std::chrono::microseconds stamp_less_steady{0};
  };

  std::deque<Sample> samples_;
};

// Where the log stood at which time, so that a lag in rows can be told in seconds.
//
// Size     kMarksMax; beyond it every other one goes, so that an hour is told to some seconds and a
//          week to some minutes.
class LogHistory {
 public:
  static constexpr std::size_t kMarksMax = 512;
  static constexpr std::chrono::seconds kMarkEvery{1};

  // `head` is where the log stands now. Called often; mostly it costs a comparison.
  void take(crdt::Instant now, std::uint64_t head);

  // For how long the row behind `covered` has been there; zero where all is covered. No more than
  // since the process began.
  [[nodiscard]] std::chrono::seconds age_beyond(std::uint64_t covered, crdt::Instant now) const;

 private:
  struct Mark {
    crdt::Instant at;
    std::uint64_t head = 0;
  };

  std::deque<Mark> marks_;
};

}  // namespace node
