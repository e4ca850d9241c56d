#include "crdt/dot_index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <vector>

namespace {

using crdt::Dot;
using crdt::DotIndex;
using crdt::ReplicaId;

// Few of each, so that dots meet.
Dot draw_dot() {
  return {ReplicaId{*rc::gen::inRange<std::uint64_t>(1, 4)},
          *rc::gen::inRange<std::uint64_t>(1, 12)};
}

RC_GTEST_PROP(DotIndexLaw, HoldsWhatAnOrderedMapHolds, ()) {
  DotIndex<std::uint64_t> index;
  std::map<Dot, std::uint64_t> model;
  const auto steps = *rc::gen::inRange(0, 60);
  for (int step = 0; step < steps; ++step) {
    const Dot dot = draw_dot();
    if (model.contains(dot) && *rc::gen::arbitrary<bool>()) {
      index.erase(dot);
      model.erase(dot);
    } else {
      const auto place = *rc::gen::arbitrary<std::uint64_t>();
      RC_ASSERT(index.insert(dot, place) == model.emplace(dot, place).second);
    }
  }

  std::vector<Dot> dots;
  index.append_dots(dots);
  std::vector<Dot> expected;
  for (const auto& [dot, place] : model) {
    expected.push_back(dot);
    const std::uint64_t* found = index.find(dot);
    RC_ASSERT(found != nullptr);
    RC_ASSERT(*found == place);
  }
  RC_ASSERT(dots == expected);
  RC_ASSERT(index.size() == model.size());
  const Dot other = draw_dot();
  RC_ASSERT((index.find(other) != nullptr) == model.contains(other));
}

TEST(DotIndex, NamesTheDotsOfAnIntervalAndNoOthers) {
  DotIndex<int> index;
  for (const std::uint64_t counter : {9, 2, 5, 7}) index.insert({ReplicaId{3}, counter}, 0);
  index.insert({ReplicaId{2}, 6}, 0);
  std::vector<Dot> dots;
  index.append_dots(ReplicaId{3}, 3, 7, dots);
  EXPECT_EQ(dots, (std::vector<Dot>{{ReplicaId{3}, 5}, {ReplicaId{3}, 7}}));
  index.append_dots(ReplicaId{4}, 0, 9, dots);
  EXPECT_EQ(dots.size(), 2U);
}

}  // namespace
