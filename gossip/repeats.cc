#include "gossip/repeats.h"

#include <algorithm>
#include <utility>

namespace gossip {

std::uint64_t Repeats::due(crdt::Instant now, const std::string& line) {
  const auto found = lines_.find(line);
  if (found == lines_.end()) {
    make_room();
    lines_.emplace(line, Said{now, 0});
    return 1;
  }
  Said& said = found->second;
  ++said.since;
  if (now < said.at + kQuiet) return 0;
  said.at = now;
  return std::exchange(said.since, 0);
}

void Repeats::make_room() {
  if (lines_.size() < kLinesMax) return;
  lines_.erase(std::min_element(lines_.begin(), lines_.end(), [](const auto& a, const auto& b) {
    return a.second.at < b.second.at;
  }));
}

}  // namespace gossip
