#include "slack/json_reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace {

using slack::kJsonNestingMax;
using slack::parse_json;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

TEST(JsonReader, ReadsWhatIsNestedNoDeeperThanTheLimit) {
  EXPECT_TRUE(parse_json(nested(kJsonNestingMax)));
  EXPECT_FALSE(parse_json(nested(kJsonNestingMax + 1)));
}

// Writing such a value again used to run through the end of the stack.
TEST(JsonReader, AMegabyteOfBracketsIsRefused) {
  EXPECT_FALSE(parse_json(nested(500'000)));
  EXPECT_FALSE(parse_json(R"({"a":)" + nested(500'000) + "}"));
}

TEST(JsonReader, BracketsInsideOfStringsDoNotNest) {
  const std::string brackets(1000, '[');
  EXPECT_TRUE(parse_json("[\"" + brackets + "\"]"));
  EXPECT_TRUE(parse_json(R"(["\")" + brackets + "\"]"));
  EXPECT_TRUE(parse_json(R"(["\\",")" + brackets + "\"]"));
}

TEST(JsonReader, WhatIsNoJsonIsNothing) {
  for (const char* text : {"", "{", "]", "[1,]", "\"\\", "{}{}", "[\"\xff\"]"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

}  // namespace
