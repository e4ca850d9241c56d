#include "node/peer_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include "node/tcp.h"
#include "tests/node/io_loop.h"
#include "tests/node/raw_client.h"

namespace {

using gossip::LinkId;
using node::DialFailed;
using node::LinkBytes;
using node::LinkClosed;
using node::LinkOpened;
using node::LinkSend;
using node::PeerTransport;
using testing::HasSubstr;
using tests::IoLoop;
using tests::RawClient;

class PeerTransportTest : public testing::Test {
 protected:
  PeerTransportTest() {
    a_ = listen("127.0.0.1:0");
    b_ = listen("127.0.0.1:0");
  }
  ~PeerTransportTest() override { loop_.stop(); }

  std::unique_ptr<PeerTransport> listen(const std::string& address) {
    std::unique_ptr<PeerTransport> transport;
    loop_.on_loop([&] {
      auto listening = PeerTransport::listen(loop_.io, address, loop_);
      ASSERT_TRUE(listening) << listening.error().message;
      transport = std::move(*listening);
    });
    return transport;
  }

  void dial(const std::string& address) {
    loop_.on_loop([&] { a_->dial(address); });
  }

  struct Pair {
    LinkId dialled, accepted;
  };
  Pair connect() {
    dial(b_->address());
    auto first = loop_.next<LinkOpened>(), second = loop_.next<LinkOpened>();
    if (first.address.empty()) std::swap(first, second);
    EXPECT_EQ(first.address, b_->address());
    EXPECT_EQ(second.address, "");
    return {first.link, second.link};
  }

  void send(PeerTransport& from, LinkId link, const std::string& bytes) {
    loop_.on_loop([&] { from.send(LinkSend{link, bytes}); });
  }

  // From one link, however it was cut on the way.
  std::string receive(LinkId link, std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      const auto event = loop_.next<LinkBytes>();
      EXPECT_EQ(event.link, link);
      if (event.bytes.empty()) return bytes;  // Nothing came; next() has complained.
      bytes += event.bytes;
    }
    return bytes;
  }

  IoLoop loop_;
  std::unique_ptr<PeerTransport> a_;
  std::unique_ptr<PeerTransport> b_;
};

TEST_F(PeerTransportTest, CarriesBytesBothWaysInOrder) {
  const Pair link = connect();
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string frame = "frame " + std::to_string(i) + ";";
    send(*a_, link.dialled, frame);
    expected += frame;
  }
  EXPECT_EQ(receive(link.accepted, expected.size()), expected);
  send(*b_, link.accepted, "answer");
  EXPECT_EQ(receive(link.dialled, 6), "answer");
}

TEST_F(PeerTransportTest, CarriesMoreThanTheSocketsBuffersHold) {
  const Pair link = connect();
  std::string large(7 << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 8);
  send(*a_, link.dialled, large.substr(0, 5 << 20));
  send(*a_, link.dialled, large.substr(5 << 20));
  EXPECT_TRUE(receive(link.accepted, large.size()) == large);
}

TEST_F(PeerTransportTest, SaysWhenTheOtherEndCloses) {
  const Pair link = connect();
  loop_.on_loop([&] { a_->close(link.dialled); });
  const auto closed = loop_.next<LinkClosed>();
  EXPECT_EQ(closed.link, link.accepted);
  EXPECT_THAT(closed.reason, HasSubstr("the peer closed the connection"));
  EXPECT_EQ(loop_.waiting(), 0U);  // Who closes by order hears nothing.
  send(*a_, link.dialled, "into the void");
}

TEST_F(PeerTransportTest, TheLastWordsStillGoOut) {
  const Pair link = connect();
  const std::string words(4 << 20, 'w');
  loop_.on_loop([&] {
    a_->send(LinkSend{link.dialled, words});
    a_->close(link.dialled);
  });
  EXPECT_TRUE(receive(link.accepted, words.size()) == words);
  EXPECT_EQ(loop_.next<LinkClosed>().link, link.accepted);
}

TEST_F(PeerTransportTest, ClosesALinkWhosePeerDoesNotRead) {
  RawClient silent(a_->address());
  const LinkId link = loop_.next<LinkOpened>().link;
  loop_.on_loop([&] {
    const std::string megabyte(1 << 20, 'x');
    // What the kernel takes, and one more than the backlog.
    for (int i = 0; i < 64 && a_->links() == 1; ++i) a_->send(LinkSend{link, megabyte});
    EXPECT_EQ(a_->links(), 0U);
  });
  EXPECT_THAT(loop_.next<LinkClosed>().reason, HasSubstr("does not read"));
}

TEST_F(PeerTransportTest, SaysWhyADialFailed) {
  std::string nobody;
  {
    boost::asio::io_context io;
    auto acceptor = node::listen_on(io, "127.0.0.1:0");
    nobody = node::to_string(acceptor->local_endpoint());
  }
  for (const std::string& address : {nobody, std::string("no address"), std::string("[::1]:0")}) {
    dial(address);
    const auto failed = loop_.next<DialFailed>();
    EXPECT_EQ(failed.address, address);
    EXPECT_NE(failed.reason, "");
  }
}

TEST_F(PeerTransportTest, DialsNamesToo) {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) {
    GTEST_SKIP() << "this machine knows no name: it has no /etc/hosts with localhost";
  }
  ::freeaddrinfo(found);
  const std::string port = b_->address().substr(b_->address().rfind(':'));
  dial("localhost" + port);
  EXPECT_NE(loop_.next<LinkOpened>().link, loop_.next<LinkOpened>().link);
}

TEST_F(PeerTransportTest, DropsAllLinksAndDialsWithoutAWord) {
  const Pair link = connect();
  boost::asio::io_context io;
  auto unanswered = node::listen_on(io, "127.0.0.1:0");  // The kernel connects; nobody accepts.
  loop_.on_loop([&] {
    a_->dial(node::to_string(unanswered->local_endpoint()));
    a_->drop_links();
    EXPECT_EQ(a_->links(), 0U);
  });
  // b hears of it; a's own events would come before.
  EXPECT_EQ(loop_.next<LinkClosed>().link, link.accepted);
}

TEST_F(PeerTransportTest, AcceptsNoMoreThanItsLinks) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < PeerTransport::kLinksMax; ++i) {
    clients.push_back(std::make_unique<RawClient>(a_->address()));
    loop_.next<LinkOpened>();
  }
  RawClient late(a_->address());
  EXPECT_EQ(late.read_to_end(), "");
  clients.pop_back();
  loop_.next<LinkClosed>();
  RawClient again(a_->address());
  loop_.next<LinkOpened>();
}

TEST_F(PeerTransportTest, WithoutAnAddressItOnlyDials) {
  const auto quiet = listen("");
  EXPECT_EQ(quiet->address(), "");
  loop_.on_loop([&] { quiet->dial(b_->address()); });
  loop_.next<LinkOpened>();
  loop_.next<LinkOpened>();
  loop_.stop();
}

}  // namespace
