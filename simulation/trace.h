// Trace: a rolling digest over everything that a run does, to prove that a seed decides it.
//
// Shape    one step for each event or effect: its time, its node, what it is, its bytes. The digest
//          after every step can be kept, and one step can be described in words, so that the first
//          difference of two runs can be found and shown.
// Size     8 bytes a step where kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/virtual_time.h"

namespace simulation {

class Diagram;

class Trace {
 public:
  // Keeps the digest after each step.
  void keep() { keeps_ = true; }
  // Describes the `index`th step, from 0.
  void describe(std::uint64_t index) { wanted_ = index; }
  // Tells `diagram`, which outlives it, of every step from now on; or nobody.
  void draw(Diagram* diagram) { diagram_ = diagram; }
  [[nodiscard]] Diagram* diagram() const { return diagram_; }

  void add(Time time, std::size_t node, std::string_view what, std::string_view bytes);

  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] const std::vector<std::uint64_t>& kept() const { return kept_; }
  [[nodiscard]] const std::string& description() const { return description_; }

 private:
  void mix(std::string_view bytes);
  void mix(std::uint64_t word);

  std::uint64_t digest_ = 0;
  std::uint64_t steps_ = 0;
  bool keeps_ = false;
  Diagram* diagram_ = nullptr;
  std::vector<std::uint64_t> kept_;
  std::optional<std::uint64_t> wanted_;
  std::string description_;
};

}  // namespace simulation
