#include "node/cli/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>

namespace node::cli {
namespace {

constexpr int kLongMs = 10000;  // Only a failing test waits that long.

bool ends(int reading_fd) {
  pollfd entry{reading_fd, POLLIN, 0};
  return ::poll(&entry, 1, kLongMs) == 1 && (entry.revents & POLLHUP) != 0;
}

// As a cut of the demo's relay must end a connection that was open when a peer started.
TEST(ChildProcess, HoldsOpenNothingThatItsParentCloses) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  auto child = ChildProcess::start({"/bin/sleep", "100"}, "/dev/null");
  ASSERT_TRUE(child);
  ::close(pipe[1]);
  EXPECT_TRUE(ends(pipe[0]));
  EXPECT_TRUE(child->running());
  ::close(pipe[0]);
}

TEST(ChildProcess, KeepsTheOneDescriptorItIsGiven) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const std::string say = "echo hello >&" + std::to_string(pipe[1]);
  auto child = ChildProcess::start({"/bin/sh", "-c", say}, "/dev/null", pipe[1]);
  ASSERT_TRUE(child);
  ::close(pipe[1]);
  std::array<char, 16> text{};
  EXPECT_EQ(::read(pipe[0], text.data(), text.size()), 6);
  EXPECT_TRUE(ends(pipe[0]));
  ::close(pipe[0]);
}

}  // namespace
}  // namespace node::cli
