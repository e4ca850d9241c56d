// Holds the relay that stands for a network against what it promises to do to one.
#include "tests/cluster/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "tests/support/process.h"
#include "tests/support/seed.h"

namespace {

using std::chrono::milliseconds;
using tests::LaneState;
using tests::Passage;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A blocking socket with the patience of a test.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void say(std::string_view text) const {
    ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  // What comes, at most `count` octets; "" at an orderly end, "reset" where there was none.
  [[nodiscard]] std::string hear(std::size_t count) const {
    std::string heard;
    while (heard.size() < count) {
      if (!something_within(tests::Process::kPatience)) return heard + " and then nothing";
      char bytes[256];
      const ssize_t got =
          ::recv(descriptor_, bytes, std::min(count - heard.size(), sizeof bytes), 0);
      if (got < 0) return "reset";
      if (got == 0) return heard;
      heard.append(bytes, static_cast<std::size_t>(got));
    }
    return heard;
  }

  [[nodiscard]] bool something_within(milliseconds time) const {
    pollfd entry{descriptor_, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(time.count())) > 0;
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

int listen_on_loopback(std::uint16_t& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(descriptor, 8);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return descriptor;
}

int dial(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return descriptor;
}

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto lane = relay_.open(target_port_);
    ASSERT_TRUE(lane) << lane.error().message;
    lane_ = *lane;
  }

  [[nodiscard]] int accepted() const {
    return ::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
  }

  static constexpr milliseconds kNothing{60};  // Looks for what must not come: late is no failure.

  std::uint16_t target_port_ = 0;
  Socket listener_{listen_on_loopback(target_port_)};
  tests::Relay relay_{tests::seed_of(7)};
  std::uint16_t lane_ = 0;
};

TEST_F(RelayTest, CarriesBothWaysAndPassesAnOrderlyEndOn) {
  const Socket near(dial(lane_));
  const Socket far(accepted());
  near.say("there");
  EXPECT_EQ(far.hear(5), "there");
  far.say("back");
  ::shutdown(far.descriptor(), SHUT_WR);
  EXPECT_EQ(near.hear(100), "back");
  near.say("still");
  EXPECT_EQ(far.hear(5), "still");
}

TEST_F(RelayTest, ASilentDirectionKeepsWhatIsSaidAndTheOtherGoesOn) {
  const Socket near(dial(lane_));
  const Socket far(accepted());
  relay_.set(lane_, LaneState{.forth = Passage{.held = true}});
  near.say("held");
  far.say("passes");
  EXPECT_EQ(near.hear(6), "passes");
  EXPECT_FALSE(far.something_within(kNothing));
  relay_.set(lane_, {});
  EXPECT_EQ(far.hear(4), "held");
}

TEST_F(RelayTest, ASlowDirectionDelaysAndKeepsTheOrder) {
  constexpr milliseconds kDelay{30};
  relay_.set(lane_, LaneState{.forth = Passage{.delay = kDelay, .jitter = kDelay}});
  const Socket near(dial(lane_));
  const Socket far(accepted());
  const auto start = std::chrono::steady_clock::now();
  std::string said;
  for (int i = 100; i < 120; ++i) {
    near.say(std::to_string(i));
    said += std::to_string(i);
  }
  EXPECT_EQ(far.hear(said.size()), said);
  EXPECT_GE(std::chrono::steady_clock::now() - start, kDelay);
}

TEST_F(RelayTest, ACutResetsWhatIsThereAndWhatComes) {
  const Socket near(dial(lane_));
  const Socket far(accepted());
  near.say("x");
  ASSERT_EQ(far.hear(1), "x");
  relay_.set(lane_, LaneState{.cut = true});
  EXPECT_EQ(near.hear(1), "reset");
  EXPECT_EQ(far.hear(1), "reset");
  const Socket again(dial(lane_));
  EXPECT_EQ(again.hear(1), "reset");
  relay_.set(lane_, {});
  const Socket healed(dial(lane_));
  const Socket reached(accepted());
  healed.say("y");
  EXPECT_EQ(reached.hear(1), "y");
}

TEST_F(RelayTest, ALossyDirectionResetsWhatItCarries) {
  relay_.set(lane_, LaneState{.back = Passage{.resets_per_mille = 1000}});
  const Socket near(dial(lane_));
  const Socket far(accepted());
  near.say("x");
  ASSERT_EQ(far.hear(1), "x");
  far.say("lost");
  EXPECT_EQ(near.hear(4), "reset");
  EXPECT_EQ(relay_.resets_drawn(), 1U);
}

TEST_F(RelayTest, MoreThanItHoldsSlowsTheWriterAndArrivesWhole) {
  relay_.set(lane_, LaneState{.forth = Passage{.held = true}});
  const Socket near(dial(lane_));
  const Socket far(accepted());
  // More than the relay and all buffers of the kernel hold: the writer must be kept waiting.
  ::fcntl(near.descriptor(), F_SETFL, O_NONBLOCK);
  const std::string block(64 << 10, 'x');
  std::size_t sent = 0;
  pollfd entry{near.descriptor(), POLLOUT, 0};
  while (::poll(&entry, 1, static_cast<int>(kNothing.count())) > 0) {
    const ssize_t count = ::send(near.descriptor(), block.data(), block.size(), MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<std::size_t>(count);
    ASSERT_LT(sent, std::size_t{64} << 20) << "nothing slows the writer";
  }
  ASSERT_GT(sent, tests::Relay::kWaitingBytesMax);
  relay_.set(lane_, {});
  EXPECT_EQ(far.hear(sent).size(), sent);
}

}  // namespace
