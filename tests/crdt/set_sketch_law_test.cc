// What two sets differ in, from symbols whose number depends on that alone.
#include "crdt/set_sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "crdt/rng.h"
#include "tests/support/seed.h"

namespace {

using crdt::SetDecoder;
using crdt::SymbolSource;

struct Sets {
  std::set<std::uint64_t> theirs;
  std::set<std::uint64_t> ours;
};

Sets draw_sets(crdt::Rng& rng, std::size_t common, std::size_t theirs, std::size_t ours) {
  Sets sets;
  for (std::size_t i = 0; i < common; ++i) {
    const std::uint64_t item = rng.next();
    sets.theirs.insert(item);
    sets.ours.insert(item);
  }
  while (sets.theirs.size() < common + theirs) sets.theirs.insert(rng.next());
  while (sets.ours.size() < common + ours) sets.ours.insert(rng.next());
  return sets;
}

struct Cost {
  std::size_t symbols = 0;
  std::size_t octets = 0;
};

// Through the wire, some symbols at a time; what is found must be the difference.
Cost expect_told_apart(const Sets& sets, std::size_t symbols_at_a_time) {
  SymbolSource source({sets.theirs.begin(), sets.theirs.end()});
  SetDecoder decoder({sets.ours.begin(), sets.ours.end()});
  Cost cost;
  while (!decoder.done()) {
    const crdt::Bytes bytes = encode(source.next(symbols_at_a_time));
    cost.octets += bytes.size();
    const auto symbols = crdt::decode_symbols(bytes);
    EXPECT_TRUE(symbols);
    decoder.take(*symbols);
    if (decoder.symbols() > 100 + 4 * (sets.theirs.size() + sets.ours.size())) break;
  }
  EXPECT_TRUE(decoder.done());
  cost.symbols = decoder.symbols();
  std::set<std::uint64_t> difference;
  std::set_difference(sets.theirs.begin(), sets.theirs.end(), sets.ours.begin(), sets.ours.end(),
                      std::inserter(difference, difference.end()));
  EXPECT_EQ(decoder.only_theirs(), difference);
  difference.clear();
  std::set_difference(sets.ours.begin(), sets.ours.end(), sets.theirs.begin(), sets.theirs.end(),
                      std::inserter(difference, difference.end()));
  EXPECT_EQ(decoder.only_ours(), difference);
  return cost;
}

TEST(SetSketch, TellsAnyTwoSetsApart) {
  crdt::Rng rng(tests::seed_of(1));
  for (int round = 0; round < 500; ++round) {
    const Sets sets = draw_sets(rng, rng.below(60), rng.below(30), rng.below(30));
    expect_told_apart(sets, 1 + rng.below(8));
  }
}

TEST(SetSketch, EqualSetsAreKnownByTheFirstSymbol) {
  crdt::Rng rng(tests::seed_of(2));
  EXPECT_EQ(expect_told_apart(draw_sets(rng, 1'000, 0, 0), 1).symbols, 1u);
  EXPECT_EQ(expect_told_apart(Sets{}, 1).symbols, 1u);
}

// A document that differs is an item on either side.
TEST(SetSketch, AHundredOfAHundredThousandDifferingDocumentsCostLessThanSixKilobytes) {
  crdt::Rng rng(tests::seed_of(3));
  std::size_t most = 0;
  for (int round = 0; round < 5; ++round) {
    const Cost cost = expect_told_apart(draw_sets(rng, 99'900, 100, 100), 16);
    EXPECT_LT(cost.symbols, 400u);  // Two for each item would be 400.
    most = std::max(most, cost.octets);
  }
  EXPECT_LE(most, 6'000u);
  RecordProperty("octets_most", static_cast<int>(most));
}

TEST(SetSketch, SymbolsThatAreCutOffOrTooManyAreRefused) {
  const crdt::Bytes bytes = encode(SymbolSource({1, 2, 3}).next(4));
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto symbols = crdt::decode_symbols(bytes.substr(0, size));
    EXPECT_LT(symbols ? symbols->size() : 0, 4u);
  }
  EXPECT_FALSE(crdt::decode_symbols(encode(SymbolSource({1}).next(crdt::kSymbolsMax + 1))));
}

// Whoever lies gets a wrong difference, never an endless loop.
TEST(SetSketch, SymbolsOfALiarEnd) {
  crdt::Rng rng(tests::seed_of(4));
  for (int round = 0; round < 200; ++round) {
    SetDecoder decoder({1, 2, 3});
    std::vector<crdt::CodedSymbol> symbols(20);
    SymbolSource source({rng.next(), rng.next()});
    symbols = source.next(20);
    for (crdt::CodedSymbol& symbol : symbols) {
      if (rng.below(3) == 0) symbol = symbols[rng.below(20)];
    }
    decoder.take(symbols);
    EXPECT_LE(decoder.only_theirs().size(), 40u);
  }
}

}  // namespace
