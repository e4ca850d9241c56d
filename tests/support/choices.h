// Choices: where a random test takes its decisions from: a seed, or a script that can be shrunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "crdt/rng.h"

namespace tests {

class Choices {
 public:
  virtual ~Choices() = default;

  // Any of 0 .. bound - 1.
  virtual std::uint64_t below(std::uint64_t bound) = 0;

  bool percent(std::uint64_t likelihood) { return below(100) < likelihood; }
};

class SeededChoices : public Choices {
 public:
  explicit SeededChoices(std::uint64_t seed) : rng_(spread(seed)) {}

  std::uint64_t below(std::uint64_t bound) override { return rng_.below(bound); }

 private:
  static crdt::Rng::Seed spread(std::uint64_t seed) {
    crdt::Rng::Seed octets{};
    for (std::size_t i = 0; i < 8; ++i) octets[i] = (seed >> (8 * i)) & 255;
    return octets;
  }

  crdt::Rng rng_;
};

// Reads one octet per decision; past its end every decision is 0.
class ScriptedChoices : public Choices {
 public:
  explicit ScriptedChoices(std::vector<std::uint8_t> script) : script_(std::move(script)) {}

  std::uint64_t below(std::uint64_t bound) override {
    return next_ < script_.size() ? script_[next_++] % bound : 0;
  }

 private:
  std::vector<std::uint8_t> script_;
  std::size_t next_ = 0;
};

}  // namespace tests
