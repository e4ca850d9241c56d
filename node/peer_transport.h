// PeerTransport: TCP connections between peers, as the Replica asks for them. It knows addresses
// and bytes; who is at the other end, and whether to believe it, is the Replica's matter.
//
// Shape    LinkOpened, LinkBytes, LinkClosed and DialFailed go in; sends, closes and dials come
//          out. What is queued for a link leaves in gathered writes.
// Size     kLinksMax links and dials; kBacklogBytesMax of outgoing bytes a link: above it the link
//          is closed, and the cursors make that harmless.
// Errors   a link that was closed by order gets no LinkClosed: who ordered it knows.
// Thread   one: the io_context's, which must not run any more when this is destroyed.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "crdt/result.h"
#include "node/effects.h"
#include "node/intake.h"

namespace node {

class PeerTransport {
 public:
  static constexpr std::size_t kLinksMax = 256;  // Every peer twice over, and strangers that knock.
  static constexpr std::size_t kBacklogBytesMax = 8 << 20;  // A peer this far behind asks anew.
  static constexpr std::size_t kReadBytes = 64 << 10;       // A frame's limit is of this order.
  static constexpr std::chrono::milliseconds kConnectTimeout{3000};  // One lost SYN, sent again.

  // An empty address listens nowhere: such a node only dials.
  [[nodiscard]] static crdt::Result<std::unique_ptr<PeerTransport>> listen(
      boost::asio::io_context& io, const std::string& address, Intake& intake);
  ~PeerTransport();

  PeerTransport(const PeerTransport&) = delete;
  PeerTransport& operator=(const PeerTransport&) = delete;

  [[nodiscard]] std::string address() const;  // With the port that was bound.
  [[nodiscard]] std::size_t links() const;
  // Handed to the kernel and taken from it, on all links there ever were.
  [[nodiscard]] std::uint64_t bytes_sent() const;
  [[nodiscard]] std::uint64_t bytes_received() const;

  void send(LinkSend&& send);
  void close(gossip::LinkId link);  // After what is queued has left, or 3 s.
  void dial(const std::string& address);

  // Closes all links and ends all dials, without events.
  void drop_links();

  void stop();  // drop_links(), and accepts no more.

 private:
  class Impl;
  explicit PeerTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace node
