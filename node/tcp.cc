#include "node/tcp.h"

#include "node/host_port.h"

namespace node {

using boost::asio::ip::tcp;
using boost::system::error_code;

crdt::Result<TcpAcceptor> listen_on(boost::asio::io_context& io, const std::string& address) {
  const auto parsed = parse_host_port(address);
  if (!parsed) return parsed.error();
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(parsed->host, std::to_string(parsed->port), tcp::resolver::passive, error);
  TcpAcceptor acceptor(io.get_executor());
  if (!error) {
    const tcp::endpoint endpoint = *found.begin();
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  }
  if (error) {
    return crdt::Error("cannot listen on " + address + ": " + error.message() +
                       "; stop what uses it, or set another address");
  }
  return acceptor;
}

std::string to_string(const tcp::endpoint& endpoint) {
  return to_string(HostPort{endpoint.address().to_string(), endpoint.port()});
}

void tune(TcpSocket& socket) {
  // Failures show at the next read or write.
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
}

}  // namespace node
