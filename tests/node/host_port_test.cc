#include "node/host_port.h"

#include <gtest/gtest.h>

namespace {

using node::HostPort;
using node::parse_host_port;

TEST(HostPort, ReadsNamesAndAddressesOfBothKinds) {
  EXPECT_EQ(*parse_host_port("node-b.example:7100"), (HostPort{"node-b.example", 7100}));
  EXPECT_EQ(*parse_host_port("127.0.0.1:0"), (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(*parse_host_port("[::1]:65535"), (HostPort{"::1", 65535}));
}

TEST(HostPort, RefusesWhatIsNeither) {
  for (const char* text : {"", ":", "host", "host:", ":80", "host:x", "host:80x", "host:65536",
                           "host:-1", "::1:80", "[::1]", "[]:80", "http://host:80", "a b:80"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(HostPort, IsWrittenAsItIsRead) {
  for (const char* text : {"a:1", "[fe80::1]:7100"}) {
    EXPECT_EQ(to_string(*parse_host_port(text)), text);
  }
}

}  // namespace
