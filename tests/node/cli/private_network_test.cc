#include "node/cli/private_network.h"

#include <gtest/gtest.h>

namespace {

using node::cli::loopback_count_in;

constexpr const char* kText =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
    "  eth0: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n"
    "    lo: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n";

TEST(PrivateNetwork, WhatLeftThroughTheLoopbackIsReadFromTheKernelsTable) {
  const auto count = loopback_count_in(kText);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->octets, 2'000U);
  EXPECT_EQ(count->packets, 20U);
}

TEST(PrivateNetwork, ATableWithoutALoopbackHasNoCount) {
  EXPECT_FALSE(loopback_count_in(""));
  EXPECT_FALSE(loopback_count_in("  eth0: 1 2 3\n"));
  EXPECT_FALSE(loopback_count_in("    lo: 1 2 3\n"));
}

}  // namespace
