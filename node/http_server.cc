#include "node/http_server.h"

#include <array>
#include <unordered_map>
#include <utility>
#include <vector>

#include "node/clock.h"
#include "node/http_connection.h"

namespace node {

using boost::system::error_code;

namespace {

constexpr std::size_t kPooledMax = 256;  // Recycled connections: some 5 MB.

}  // namespace

class HttpServer::Impl final : public HttpHost {
 public:
  Impl(boost::asio::io_context& io, const Options& options, Intake& intake, TcpAcceptor acceptor)
      : io_(io),
        options_(options),
        intake_(intake),
        acceptor_(std::move(acceptor)),
        sweep_timer_(io.get_executor()),
        address_(to_string(acceptor_.local_endpoint())),
        date_(http_date(read_clock().wall)) {
    accept();
    wait_for_sweep();
  }

  Intake& intake() override { return intake_; }
  [[nodiscard]] Listener listener() const override { return options_.listener; }
  [[nodiscard]] bool draining() const override { return draining_; }
  [[nodiscard]] bool logs_requests() const override { return options_.log_requests; }
  [[nodiscard]] std::string_view date() const override { return date_; }
  [[nodiscard]] std::uint64_t tick() const override { return tick_; }

  [[nodiscard]] std::uint64_t deadline(Patience patience) const override {
    return tick_ + ticks_[static_cast<std::size_t>(patience)];
  }

  void exchange_began(ExchangeId exchange, HttpConnection& connection) override {
    exchanges_.emplace(exchange.value, &connection);
  }
  void exchange_ended(ExchangeId exchange) override { exchanges_.erase(exchange.value); }

  void retired(HttpConnection& connection) override {
    std::unique_ptr<HttpConnection> gone = std::move(connections_[connection.place]);
    if (connection.place + 1 != connections_.size()) {
      connections_[connection.place] = std::move(connections_.back());
      connections_[connection.place]->place = connection.place;
    }
    connections_.pop_back();
    retired_.push_back(std::move(gone));
    tell_when_empty();
  }

  HttpConnection* find(ExchangeId exchange) {
    const auto found = exchanges_.find(exchange.value);
    return found == exchanges_.end() ? nullptr : found->second;
  }

  void drop_exchanges(ExchangeId first_kept) {
    std::vector<HttpConnection*> dropped;
    for (const auto& [exchange, connection] : exchanges_) {
      if (exchange < first_kept.value) dropped.push_back(connection);
    }
    for (HttpConnection* connection : dropped) connection->give_up();
  }

  void drain() { draining_ = true; }

  void stop(std::function<void()> done) {
    draining_ = stopping_ = true;
    done_ = std::move(done);
    error_code ignored;
    acceptor_.close(ignored);
    for (HttpConnection* connection : snapshot()) connection->stop();
    tell_when_empty();
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  // Closing changes connections_; what is retired stays alive until the next sweep.
  [[nodiscard]] std::vector<HttpConnection*> snapshot() const {
    std::vector<HttpConnection*> all;
    for (const auto& connection : connections_) all.push_back(connection.get());
    return all;
  }

  void accept() {
    acceptor_.async_accept(
        [this](error_code error, TcpSocket socket) { on_accept(error, std::move(socket)); });
  }

  void on_accept(error_code error, TcpSocket socket) {
    if (stopping_ || error == boost::asio::error::operation_aborted) return;
    if (error && error != boost::asio::error::connection_aborted) {
      // Out of descriptors, most likely. The sweep tries again: by then some may be free.
      intake_.note({Level::kWarning, {}, "cannot accept a connection: " + error.message()});
      accept_paused_ = true;
      return;
    }
    if (!error) take(std::move(socket));
    accept();
  }

  void take(TcpSocket socket) {
    if (connections_.size() >= options_.connections_max + kRefusedMax) return;  // Closes it.
    std::unique_ptr<HttpConnection> connection;
    if (pool_.empty()) {
      connection = std::make_unique<HttpConnection>(*this, options_.body_bytes_max, options_.trust,
                                                    io_.get_executor());
    } else {
      connection = std::move(pool_.back());
      pool_.pop_back();
    }
    HttpConnection& open = *connection;
    open.place = connections_.size();
    connections_.push_back(std::move(connection));
    open.open(std::move(socket));
    if (connections_.size() > options_.connections_max) {
      open.refuse(503, "too many connections; please try again");
    }
  }

  void wait_for_sweep() {
    sweep_timer_.expires_after(options_.sweep_every);
    sweep_timer_.async_wait([this](error_code error) {
      if (!error) sweep();
    });
  }

  void sweep() {
    ++tick_;
    date_ = http_date(read_clock().wall);
    for (auto& connection : retired_) {
      if (pool_.size() < kPooledMax) pool_.push_back(std::move(connection));
    }
    retired_.clear();
    for (HttpConnection* connection : snapshot()) connection->sweep();
    if (std::exchange(accept_paused_, false) && !stopping_) accept();
    wait_for_sweep();
  }

  void tell_when_empty() {
    if (connections_.empty() && done_) std::exchange(done_, nullptr)();
  }

  [[nodiscard]] std::uint64_t ticks_of(std::chrono::milliseconds time) const {
    // One more: the tick that now belongs to is already under way.
    return static_cast<std::uint64_t>((time + options_.sweep_every) / options_.sweep_every) + 1;
  }

  boost::asio::io_context& io_;
  const Options options_;
  Intake& intake_;
  TcpAcceptor acceptor_;
  Timer sweep_timer_;
  const std::string address_;
  std::string date_;
  std::uint64_t tick_ = 1;
  // By Patience.
  const std::array<std::uint64_t, 5> ticks_{
      ticks_of(options_.idle_timeout), ticks_of(options_.head_timeout),
      ticks_of(options_.body_timeout), ticks_of(options_.write_timeout),
      ticks_of(options_.linger_timeout)};
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<std::unique_ptr<HttpConnection>> retired_;  // Since the last sweep.
  std::vector<std::unique_ptr<HttpConnection>> pool_;
  std::unordered_map<std::uint64_t, HttpConnection*> exchanges_;
  bool draining_ = false;
  bool stopping_ = false;
  bool accept_paused_ = false;
  std::function<void()> done_;
};

crdt::Result<std::unique_ptr<HttpServer>> HttpServer::listen(boost::asio::io_context& io,
                                                             const Options& options,
                                                             Intake& intake) {
  auto acceptor = listen_on(io, options.address);
  if (!acceptor) return acceptor.error();
  auto impl = std::make_unique<Impl>(io, options, intake, std::move(*acceptor));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::string HttpServer::address() const { return impl_->address(); }
std::size_t HttpServer::connections() const { return impl_->connections(); }

bool HttpServer::reply(HttpReply& reply) {
  HttpConnection* connection = impl_->find(reply.exchange);
  if (connection == nullptr) return false;
  connection->reply(std::move(reply));
  return true;
}

bool HttpServer::part(const StreamPart& part) {
  HttpConnection* connection = impl_->find(part.exchange);
  if (connection == nullptr) return false;
  connection->part(part);
  return true;
}

void HttpServer::drop_exchanges(ExchangeId first_kept) { impl_->drop_exchanges(first_kept); }

void HttpServer::drain() { impl_->drain(); }

void HttpServer::stop(std::function<void()> done) { impl_->stop(std::move(done)); }

}  // namespace node
