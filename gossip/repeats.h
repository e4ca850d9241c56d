// Repeats: keeps a line that comes again and again from filling the log: it is said at once, then
// at most once in kQuiet, with how often it came meanwhile.
//
// Size     kLinesMax lines; where more come, the one that was said longest ago is forgotten.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "crdt/instant.h"

namespace gossip {

class Repeats {
 public:
  static constexpr std::chrono::minutes kQuiet{10};  // A stranger dials every few seconds.
  static constexpr std::size_t kLinesMax = 64;       // More strangers than a mistake makes.

  // How often `line` came since it was last said, this time included; 0 while it is too early to
  // say it again.
  [[nodiscard]] std::uint64_t due(crdt::Instant now, const std::string& line);

 private:
  struct Said {
    crdt::Instant at;
    std::uint64_t since = 0;  // How often it came and was not said.
  };

  void make_room();

  std::map<std::string, Said> lines_;
};

}  // namespace gossip
