#include "node/peer_transport.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "node/host_port.h"
#include "node/tcp.h"

namespace node {

using boost::asio::ip::tcp;
using boost::system::error_code;
namespace asio = boost::asio;

namespace {

constexpr std::size_t kGatherMax = 16;  // Buffers of one write; Asio passes on 64 at most.
constexpr std::chrono::milliseconds kLastWordsTimeout{3000};
constexpr std::chrono::milliseconds kAcceptPause{500};  // After running out of descriptors.

using Resolver = asio::ip::basic_resolver<tcp, TcpExecutor>;

// Shared with its handlers. Once closed, no handler touches the transport.
struct Link {
  Link(gossip::LinkId name, TcpSocket connected)
      : id(name), socket(std::move(connected)), timer(socket.get_executor()) {}

  const gossip::LinkId id;
  TcpSocket socket;
  Timer timer;  // For the last words.
  std::vector<char> in = std::vector<char>(PeerTransport::kReadBytes);
  std::deque<crdt::Bytes> out;
  std::size_t out_bytes = 0;   // Of all in `out`, the sent part of the first included.
  std::size_t first_sent = 0;  // Octets of the first that have left.
  bool writing = false;
  bool closing = false;
  bool closed = false;
};

struct Dialling {
  Dialling(std::string to, TcpExecutor executor)
      : address(std::move(to)), resolver(executor), socket(executor), timer(executor) {}

  const std::string address;
  Resolver resolver;
  TcpSocket socket;
  Timer timer;
  bool timed_out = false;
  bool over = false;
};

using LinkPtr = std::shared_ptr<Link>;
using DiallingPtr = std::shared_ptr<Dialling>;

std::vector<asio::const_buffer> gather(const Link& link) {
  std::vector<asio::const_buffer> buffers;
  std::size_t skip = link.first_sent;
  for (const crdt::Bytes& bytes : link.out) {
    if (buffers.size() == kGatherMax) break;
    buffers.push_back(asio::buffer(bytes) + std::exchange(skip, 0));
  }
  return buffers;
}

void consume(Link& link, std::size_t sent) {
  link.first_sent += sent;
  while (!link.out.empty() && link.first_sent >= link.out.front().size()) {
    link.first_sent -= link.out.front().size();
    link.out_bytes -= link.out.front().size();
    link.out.pop_front();
  }
}

}  // namespace

class PeerTransport::Impl {
 public:
  Impl(asio::io_context& io, Intake& intake, TcpAcceptor acceptor)
      : io_(io), intake_(intake), acceptor_(std::move(acceptor)), accept_timer_(io.get_executor()) {
    if (!acceptor_.is_open()) return;
    address_ = to_string(acceptor_.local_endpoint());
    accept();
  }

  ~Impl() { stop(); }

  void send(LinkSend&& send) {
    const auto found = links_.find(send.link);
    if (found == links_.end() || found->second->closing || send.bytes.empty()) return;
    const LinkPtr link = found->second;
    if (link->out_bytes + send.bytes.size() > kBacklogBytesMax) {
      return fail(link, "the peer does not read what it is sent");
    }
    link->out_bytes += send.bytes.size();
    link->out.push_back(std::move(send.bytes));
    write(link);
  }

  void close(gossip::LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    const LinkPtr link = found->second;
    if (link->out.empty()) return forget(link);
    link->closing = true;
    link->timer.expires_after(kLastWordsTimeout);
    link->timer.async_wait([this, link](error_code) {
      if (!link->closed) forget(link);
    });
  }

  void dial(const std::string& address) {
    const auto target = parse_host_port(address);
    if (!target) return dial_failed(address, target.error().message);
    if (links_.size() + dials_.size() >= kLinksMax) return dial_failed(address, "too many links");
    const auto dialling = std::make_shared<Dialling>(address, io_.get_executor());
    dials_.insert(dialling);
    dialling->timer.expires_after(kConnectTimeout);
    dialling->timer.async_wait([dialling](error_code error) {
      if (error || dialling->over) return;
      dialling->timed_out = true;
      cancel(*dialling);
    });
    error_code not_numeric;
    const auto numeric = asio::ip::make_address(target->host, not_numeric);
    if (!not_numeric) return connect(dialling, {tcp::endpoint(numeric, target->port)});
    dialling->resolver.async_resolve(
        target->host, std::to_string(target->port),
        [this, dialling](error_code error, const tcp::resolver::results_type& found) {
          if (dialling->over) return;
          if (error) return end_dial(dialling, error);
          connect(dialling, std::vector<tcp::endpoint>(found.begin(), found.end()));
        });
  }

  void drop_links() {
    for (const auto& [id, link] : std::exchange(links_, {})) shut(*link);
    for (const auto& dialling : std::exchange(dials_, {})) {
      dialling->over = true;
      cancel(*dialling);
    }
  }

  void stop() {
    stopped_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    drop_links();
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::size_t links() const { return links_.size(); }
  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }
  [[nodiscard]] std::uint64_t bytes_received() const { return bytes_received_; }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, TcpSocket socket) {
      if (error == asio::error::operation_aborted || stopped_) return;
      if (error && error != asio::error::connection_aborted) return pause_accepting(error);
      if (!error && links_.size() + dials_.size() < kLinksMax) open(std::move(socket), "");
      accept();
    });
  }

  void pause_accepting(const error_code& error) {
    intake_.note({Level::kWarning, {}, "cannot accept a peer's connection: " + error.message()});
    accept_timer_.expires_after(kAcceptPause);
    accept_timer_.async_wait([this](error_code cancelled) {
      if (!cancelled) accept();
    });
  }

  void open(TcpSocket socket, const std::string& address) {
    tune(socket);
    const auto link = std::make_shared<Link>(intake_.next_link(), std::move(socket));
    links_.emplace(link->id, link);
    const std::string from = address.empty() ? origin_of(link->socket) : std::string();
    static_cast<void>(intake_.submit(LinkOpened{link->id, address, from}));
    read(link);
  }

  // "10.0.0.7:40112"; empty where it is gone already.
  static std::string origin_of(const TcpSocket& socket) {
    error_code gone;
    const tcp::endpoint origin = socket.remote_endpoint(gone);
    if (gone) return {};
    return to_string(HostPort{origin.address().to_string(), origin.port()});
  }

  void read(const LinkPtr& link) {
    link->socket.async_read_some(
        asio::buffer(link->in), [this, link](error_code error, std::size_t count) {
          if (link->closed) return;
          if (error)
            return fail(link, error == asio::error::eof ? "the peer closed the connection"
                                                        : error.message());
          bytes_received_ += count;
          // Whoever is being closed by order is not listened to any more.
          if (!link->closing &&
              !intake_.submit(LinkBytes{link->id, crdt::Bytes(link->in.data(), count)})) {
            return fail(link, "this peer has too much to do");
          }
          read(link);
        });
  }

  void write(const LinkPtr& link) {
    if (link->writing) return;
    while (!link->out.empty()) {
      error_code error;
      const std::size_t sent = link->socket.write_some(gather(*link), error);
      if (error == asio::error::would_block) return write_later(link);
      if (error) return fail(link, error.message());
      bytes_sent_ += sent;
      consume(*link, sent);
    }
    if (link->closing) forget(link);
  }

  void write_later(const LinkPtr& link) {
    link->writing = true;
    link->socket.async_write_some(gather(*link), [this, link](error_code error, std::size_t sent) {
      if (link->closed) return;
      if (error) return fail(link, error.message());
      link->writing = false;
      bytes_sent_ += sent;
      consume(*link, sent);
      write(link);
    });
  }

  void connect(const DiallingPtr& dialling, const std::vector<tcp::endpoint>& endpoints) {
    asio::async_connect(dialling->socket, endpoints,
                        [this, dialling](error_code error, const tcp::endpoint&) {
                          if (!dialling->over) end_dial(dialling, error);
                        });
  }

  void end_dial(const DiallingPtr& dialling, const error_code& error) {
    dialling->over = true;
    dialling->timer.cancel();
    dials_.erase(dialling);
    if (dialling->timed_out) return dial_failed(dialling->address, "no answer in time");
    if (error) return dial_failed(dialling->address, error.message());
    open(std::move(dialling->socket), dialling->address);
  }

  void dial_failed(const std::string& address, const std::string& reason) {
    static_cast<void>(intake_.submit(DialFailed{address, reason}));
  }

  static void cancel(Dialling& dialling) {
    error_code ignored;
    dialling.resolver.cancel();
    dialling.timer.cancel();
    dialling.socket.close(ignored);
  }

  static void shut(Link& link) {
    link.closed = true;
    link.timer.cancel();
    error_code ignored;
    link.socket.close(ignored);
  }

  void forget(const LinkPtr& link) {
    links_.erase(link->id);
    shut(*link);
  }

  // A link that was already being closed has no reader for its reason.
  void fail(const LinkPtr& link, const std::string& reason) {
    const bool wanted = !link->closing;
    forget(link);
    if (wanted) static_cast<void>(intake_.submit(LinkClosed{link->id, reason}));
  }

  asio::io_context& io_;
  Intake& intake_;
  TcpAcceptor acceptor_;
  Timer accept_timer_;
  std::string address_;
  std::map<gossip::LinkId, LinkPtr> links_;
  std::set<DiallingPtr> dials_;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;
  bool stopped_ = false;
};

crdt::Result<std::unique_ptr<PeerTransport>> PeerTransport::listen(asio::io_context& io,
                                                                   const std::string& address,
                                                                   Intake& intake) {
  TcpAcceptor acceptor(io.get_executor());
  if (!address.empty()) {
    auto listening = listen_on(io, address);
    if (!listening) return listening.error();
    acceptor = std::move(*listening);
  }
  auto impl = std::make_unique<Impl>(io, intake, std::move(acceptor));
  return std::unique_ptr<PeerTransport>(new PeerTransport(std::move(impl)));
}

PeerTransport::PeerTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PeerTransport::~PeerTransport() = default;

std::string PeerTransport::address() const { return impl_->address(); }
std::size_t PeerTransport::links() const { return impl_->links(); }
std::uint64_t PeerTransport::bytes_sent() const { return impl_->bytes_sent(); }
std::uint64_t PeerTransport::bytes_received() const { return impl_->bytes_received(); }
void PeerTransport::send(LinkSend&& send) { impl_->send(std::move(send)); }
void PeerTransport::close(gossip::LinkId link) { impl_->close(link); }
void PeerTransport::dial(const std::string& address) { impl_->dial(address); }
void PeerTransport::drop_links() { impl_->drop_links(); }
void PeerTransport::stop() { impl_->stop(); }

}  // namespace node
