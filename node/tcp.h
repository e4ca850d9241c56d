// Tcp: Asio's TCP types on one io_context, without the type-erased executor that costs each
// operation a few allocations; and how a listener is opened.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>

#include "crdt/result.h"

namespace node {

using TcpExecutor = boost::asio::io_context::executor_type;
using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, TcpExecutor>;
using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, TcpExecutor>;
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, TcpExecutor>;

// Listens on the first address that "host:port" resolves to; port 0 takes a free one.
[[nodiscard]] crdt::Result<TcpAcceptor> listen_on(boost::asio::io_context& io,
                                                  const std::string& address);

// "host:port" of an endpoint, as parse_host_port reads it.
[[nodiscard]] std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

// What accepted and dialled sockets have in common: no delay of small writes, no blocking calls.
void tune(TcpSocket& socket);

}  // namespace node
