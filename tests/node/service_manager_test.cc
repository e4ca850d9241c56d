#include "node/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/process.h"

namespace {

using node::ServiceManager;
using namespace std::chrono_literals;

struct ServiceManagerTest : testing::Test {
  ServiceManagerTest() { forget(); }
  ~ServiceManagerTest() override { forget(); }

  static void forget() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
};

// What is told to a manager that listens where a path or an abstract name says.
std::string heard_at(const std::string& where) {
  const int listener = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, where.data(), where.size());
  if (where.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());
  EXPECT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ::setenv("NOTIFY_SOCKET", where.c_str(), 1);
  ServiceManager::from_environment().tell("READY=1");
  char bytes[64];
  const ssize_t count = ::recv(listener, bytes, sizeof bytes, 0);
  ::close(listener);
  return count < 0 ? "nothing" : std::string(bytes, static_cast<std::size_t>(count));
}

TEST_F(ServiceManagerTest, TellsWhoListensAtAPathOrAnAbstractName) {
  const tests::TemporaryFolder folder;
  EXPECT_EQ(heard_at((folder.path() / "notify").string()), "READY=1");
  EXPECT_EQ(heard_at("@muster-test-" + std::to_string(::getpid())), "READY=1");
}

TEST_F(ServiceManagerTest, ANodeThatNobodyManagesTellsNobody) {
  const ServiceManager manager = ServiceManager::from_environment();
  manager.tell("READY=1");
  EXPECT_FALSE(manager.watchdog_every());
}

TEST_F(ServiceManagerTest, AManagerThatIsGoneOrImpossibleIsNoTrouble) {
  for (const std::string& where : {std::string("/nowhere/notify"), std::string(500, 'x')}) {
    ::setenv("NOTIFY_SOCKET", where.c_str(), 1);
    ServiceManager::from_environment().tell("READY=1");
  }
}

TEST_F(ServiceManagerTest, AWatchdogIsCalmedTwiceInItsTime) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog_every(), 15s);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog_every(), 15s);
}

TEST_F(ServiceManagerTest, AWatchdogOfAnotherProcessOrWithoutATimeIsNone) {
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog_every());
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog_every());
}

}  // namespace
