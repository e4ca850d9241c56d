#include "gossip/news_queue.h"

#include <algorithm>

namespace gossip {
namespace {

std::size_t digits_of(std::size_t number) {
  std::size_t digits = 1;
  while (number >= 10) {
    number /= 10;
    ++digits;
  }
  return digits;
}

}  // namespace

std::vector<News> NewsQueue::take(std::size_t limit, std::size_t members) {
  std::vector<Queued*> least;
  for (auto& [member, queued] : queued_) least.push_back(&queued);
  if (least.size() > limit) {
    std::stable_sort(least.begin(), least.end(),
                     [](const Queued* a, const Queued* b) { return a->told < b->told; });
    least.resize(limit);
  }
  std::vector<News> taken;
  for (Queued* queued : least) {
    taken.push_back(queued->news);
    ++queued->told;
  }
  const std::size_t told_max = kTellFactor * digits_of(members);
  std::erase_if(queued_, [&](const auto& entry) { return entry.second.told >= told_max; });
  return taken;
}

}  // namespace gossip
