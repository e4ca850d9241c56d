// The table of waiting changes against a plain map.
#include "node/memtable.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace node {
namespace {

using Value = std::optional<std::string>;
using Model = std::map<std::string, Value>;

Value value_of(const Memtable::Row& row) {
  if (!row.value()) return std::nullopt;
  return std::string(*row.value());
}

Model all_of(Memtable& table) {
  Model all;
  for (const Memtable::Row* row : table.in_order()) all.emplace(row->key(), value_of(*row));
  return all;
}

// Of the keys of one kind, and of several that begin alike, some rise and some come late.
std::string draw_key() {
  const std::string kind = *rc::gen::element<std::string>("l", "rq", "rt", "");
  const std::string middle(*rc::gen::element<std::size_t>(0, 9), 'm');
  return kind + middle + std::to_string(*rc::gen::inRange(10, 99));
}

RC_GTEST_PROP(Memtable, HoldsWhatWasSetLastInTheOrderOfKeys, ()) {
  Memtable table;
  Model model;
  const int steps = *rc::gen::inRange(0, 200);
  for (int i = 0; i < steps; ++i) {
    const std::string key = draw_key();
    Value value;
    if (*rc::gen::inRange(0, 4) > 0)
      value = std::string(*rc::gen::inRange<std::size_t>(0, 40), 'v');
    RC_ASSERT(value_of(table.set(key, value)) == value);
    model[key] = value;
    if (*rc::gen::inRange(0, 20) == 0) RC_ASSERT(all_of(table) == model);
  }
  RC_ASSERT(all_of(table) == model);
  RC_ASSERT(table.rows() == model.size());
  for (const auto& [key, value] : model) {
    const Memtable::Row* row = table.find(key);
    RC_ASSERT(row != nullptr);
    RC_ASSERT(value_of(*row) == value);
    RC_ASSERT(table.find(key + "0") == nullptr);
  }
}

TEST(Memtable, FindsWhatRoseAfterAKeyOfItsKindCameLate) {
  Memtable table;
  for (int i = 100; i < 200; ++i) table.set("l" + std::to_string(i), "rose");
  ASSERT_EQ(table.in_order().size(), 100);
  for (int i = 200; i < 300; ++i) table.set("l" + std::to_string(i), "rose");
  table.set("l099", "late");
  table.set("l150", "replaced");
  ASSERT_EQ(table.in_order().size(), 201);
  EXPECT_EQ((*table.in_order().begin())->key(), "l099");
  EXPECT_EQ(table.find("l150")->value(), "replaced");
  EXPECT_EQ(table.find("l299")->value(), "rose");
  EXPECT_EQ(table.find("l300"), nullptr);
}

TEST(Memtable, KeepsRowsWhereTheyAreWhileOthersCome) {
  Memtable table;
  std::vector<std::pair<std::string, const Memtable::Row*>> rows;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "k" + std::to_string(i * 7919 % 1000);
    rows.emplace_back(key, &table.set(key, key));
  }
  for (const auto& [key, row] : rows) {
    EXPECT_EQ(row->value(), key);
    EXPECT_EQ(table.find(key), row);
  }
}

}  // namespace
}  // namespace node
