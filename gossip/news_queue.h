// NewsQueue: news that others may not know yet, each told a bounded number of times.
//
// Shape    what was told least goes first. Later news of a member replaces what is queued of it.
// Size     one entry a member.
// Source   SWIM (Das, Gupta, Motivala 2002), section 4.1; the number of times is memberlist's.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "gossip/member.h"

namespace gossip {

class NewsQueue {
 public:
  // Times log10 of the cluster's size, rounded up: then all but a few in a million are reached.
  static constexpr std::size_t kTellFactor = 4;

  void put(const News& news) { queued_[news.member] = {news, 0}; }
  void erase(MemberId member) { queued_.erase(member); }
  [[nodiscard]] bool empty() const { return queued_.empty(); }

  // At most `limit`, to be told now to one of `members` members.
  [[nodiscard]] std::vector<News> take(std::size_t limit, std::size_t members);

 private:
  struct Queued {
    News news;
    std::size_t told = 0;
  };
  std::map<MemberId, Queued> queued_;
};

}  // namespace gossip
