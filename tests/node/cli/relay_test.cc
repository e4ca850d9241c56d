#include "node/cli/relay.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/support/loopback_server.h"

namespace {

using node::cli::Relay;
using tests::connect_loopback;
using tests::LoopbackServer;
using tests::read_some;
using tests::write_all;

// Says back what it hears until the other side ends, then "bye".
void echo(int socket, int) {
  for (;;) {
    const std::string heard = read_some(socket, 1);
    if (heard.size() != 1) break;
    write_all(socket, heard);
  }
  write_all(socket, "bye");
}

TEST(Relay, CarriesBytesBothWaysAndAnOrderlyEnd) {
  LoopbackServer server(echo);
  Relay relay;
  const auto lane = relay.open(server.port());
  ASSERT_TRUE(lane);
  const int socket = connect_loopback(*lane);
  ASSERT_GE(socket, 0);
  write_all(socket, "hello");
  EXPECT_EQ(read_some(socket, 5), "hello");
  EXPECT_EQ(relay.connections(*lane), 1u);
  ::shutdown(socket, SHUT_WR);
  EXPECT_EQ(read_some(socket, 100), "bye");
  ::close(socket);
}

TEST(Relay, CarriesMoreThanItsBuffersHold) {
  LoopbackServer server([](int socket, int) { write_all(socket, read_some(socket, 1'000'000)); });
  Relay relay;
  const auto lane = relay.open(server.port());
  ASSERT_TRUE(lane);
  const int socket = connect_loopback(*lane);
  std::string much(1'000'000, 'x');
  for (std::size_t i = 0; i < much.size(); i += 977) much[i] = static_cast<char>(i);
  std::thread writer([&] { write_all(socket, much); });
  EXPECT_EQ(read_some(socket, much.size()), much);
  writer.join();
  ::close(socket);
}

TEST(Relay, ACutResetsWhatIsOpenAndWhatIsOpenedLater) {
  LoopbackServer server(echo);
  Relay relay;
  const auto lane = relay.open(server.port());
  ASSERT_TRUE(lane);
  const int before = connect_loopback(*lane);
  write_all(before, "x");
  ASSERT_EQ(read_some(before, 1), "x");

  relay.cut(*lane);
  EXPECT_TRUE(relay.is_cut(*lane));
  EXPECT_EQ(relay.connections(*lane), 0u);
  EXPECT_EQ(read_some(before, 1), "RST");
  ::close(before);
  const int during = connect_loopback(*lane);
  if (during >= 0) {  // The kernel may accept before the relay resets.
    write_all(during, "y");
    EXPECT_NE(read_some(during, 1), "y");
    ::close(during);
  }
}

TEST(Relay, AHealedLaneCarriesAgain) {
  LoopbackServer server(echo);
  Relay relay;
  const auto lane = relay.open(server.port());
  ASSERT_TRUE(lane);
  relay.cut(*lane);
  relay.heal(*lane);
  const int socket = connect_loopback(*lane);
  write_all(socket, "z");
  EXPECT_EQ(read_some(socket, 1), "z");
  ::close(socket);
}

TEST(Relay, ACutOfOneLaneLeavesTheOthersAlone) {
  LoopbackServer server(echo);
  Relay relay;
  const auto one = relay.open(server.port());
  const auto two = relay.open(server.port());
  ASSERT_TRUE(one && two);
  const int socket = connect_loopback(*two);
  relay.cut(*one);
  write_all(socket, "z");
  EXPECT_EQ(read_some(socket, 1), "z");
  ::close(socket);
}

TEST(Relay, ALaneCanBeLedElsewhere) {
  LoopbackServer old_place([](int socket, int) { write_all(socket, "old"); });
  LoopbackServer new_place([](int socket, int) { write_all(socket, "new"); });
  Relay relay;
  const auto lane = relay.open(old_place.port());
  ASSERT_TRUE(lane);
  relay.lead(*lane, new_place.port());
  const int socket = connect_loopback(*lane);
  EXPECT_EQ(read_some(socket, 3), "new");
  ::close(socket);
}

TEST(Relay, NobodyAtTheEndOfALaneEndsTheConnection) {
  std::uint16_t nobody = 0;
  {
    const LoopbackServer gone([](int, int) {});
    nobody = gone.port();
  }
  Relay relay;
  const auto lane = relay.open(nobody);
  ASSERT_TRUE(lane);
  const int socket = connect_loopback(*lane);
  EXPECT_NE(read_some(socket, 1).size(), 1u);
  ::close(socket);
}

}  // namespace
