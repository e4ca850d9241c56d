#include "node/cli/relay.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "crdt/check.h"

namespace node::cli {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// A reset instead of an orderly end: a cut wire says no goodbye.
void reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

// One carried connection: two sockets and a pump each way.
class Carried : public std::enable_shared_from_this<Carried> {
 public:
  explicit Carried(tcp::socket near) : near_(std::move(near)), far_(near_.get_executor()) {}

  // `on_end` is called once.
  void start(std::uint16_t to_port, std::function<void()> on_end) {
    on_end_ = std::move(on_end);
    const tcp::endpoint target(boost::asio::ip::address_v4::loopback(), to_port);
    far_.async_connect(target, [self = shared_from_this()](error_code error) {
      if (error) return self->end();
      error_code ignored;
      self->near_.set_option(tcp::no_delay(true), ignored);
      self->far_.set_option(tcp::no_delay(true), ignored);
      self->pump(self->near_, self->far_, self->forth_);
      self->pump(self->far_, self->near_, self->back_);
    });
  }

  void end() {
    const auto self = shared_from_this();  // on_end_ may drop the last other owner.
    reset(near_);
    reset(far_);
    if (on_end_) std::exchange(on_end_, nullptr)();
  }

 private:
  using Buffer = std::array<char, Relay::kBufferBytes>;

  void pump(tcp::socket& from, tcp::socket& to, Buffer& buffer) {
    from.async_read_some(
        boost::asio::buffer(buffer),
        [self = shared_from_this(), &from, &to, &buffer](error_code error, std::size_t count) {
          if (error == boost::asio::error::eof) return self->half_closed(to);
          if (error) return self->end();
          boost::asio::async_write(to, boost::asio::buffer(buffer, count),
                                   [self, &from, &to, &buffer](error_code failed, std::size_t) {
                                     if (failed) return self->end();
                                     self->pump(from, to, buffer);
                                   });
        });
  }

  // What was read so far is already written: pass the end on, and end with the second one.
  void half_closed(tcp::socket& to) {
    error_code error;
    to.shutdown(tcp::socket::shutdown_send, error);
    if (error || ++ends_seen_ == 2) end();
  }

  tcp::socket near_;
  tcp::socket far_;
  Buffer forth_;
  Buffer back_;
  int ends_seen_ = 0;
  std::function<void()> on_end_;
};

struct Lane {
  tcp::acceptor acceptor;
  std::uint16_t to_port;
  bool cut = false;
  std::set<std::shared_ptr<Carried>> carried;
};

}  // namespace

class Relay::Impl {
 public:
  Impl() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}

  ~Impl() {
    on_thread([this] {
      for (auto& [port, lane] : lanes_) {
        lane.acceptor.close();
        end_all(lane);
      }
    });
    work_.reset();
    thread_.join();
  }

  // Runs `action` between the relay's own steps and waits for it.
  template <class Action>
  std::invoke_result_t<Action> on_thread(Action action) {
    std::packaged_task<std::invoke_result_t<Action>()> task(std::move(action));
    auto done = task.get_future();
    boost::asio::post(context_, [&task] { task(); });
    return done.get();
  }

  crdt::Result<std::uint16_t> open(std::uint16_t to_port) {
    tcp::acceptor acceptor(context_);
    error_code error;
    acceptor.open(tcp::v4(), error);
    if (!error) acceptor.bind({boost::asio::ip::address_v4::loopback(), 0}, error);
    if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) return crdt::Error("cannot open a loopback port: " + error.message());
    const std::uint16_t port = acceptor.local_endpoint().port();
    lanes_.emplace(port, Lane{std::move(acceptor), to_port});
    accept(port);
    return port;
  }

  Lane& lane(std::uint16_t port) {
    const auto found = lanes_.find(port);
    CHECK(found != lanes_.end());
    return found->second;
  }

  static void end_all(Lane& lane) {
    const auto carried = lane.carried;  // end() takes itself out.
    for (const auto& one : carried) one->end();
  }

 private:
  void accept(std::uint16_t port) {
    lane(port).acceptor.async_accept([this, port](error_code error, tcp::socket socket) {
      if (error == boost::asio::error::operation_aborted) return;
      if (!error) carry(port, std::move(socket));
      accept(port);
    });
  }

  void carry(std::uint16_t port, tcp::socket socket) {
    Lane& at = lane(port);
    if (at.cut) return reset(socket);
    const auto carried = std::make_shared<Carried>(std::move(socket));
    at.carried.insert(carried);
    carried->start(at.to_port, [this, port, one = carried.get()] {
      std::erase_if(lane(port).carried, [one](const auto& it) { return it.get() == one; });
    });
  }

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<std::uint16_t, Lane> lanes_;
  std::thread thread_;  // Last: it runs as soon as it is made.
};

Relay::Relay() : impl_(std::make_unique<Impl>()) {}
Relay::~Relay() = default;

crdt::Result<std::uint16_t> Relay::open(std::uint16_t to_port) {
  return impl_->on_thread([&] { return impl_->open(to_port); });
}

void Relay::lead(std::uint16_t lane, std::uint16_t to_port) {
  impl_->on_thread([&] { impl_->lane(lane).to_port = to_port; });
}

void Relay::cut(std::uint16_t lane) {
  impl_->on_thread([&] {
    impl_->lane(lane).cut = true;
    Impl::end_all(impl_->lane(lane));
  });
}

void Relay::heal(std::uint16_t lane) {
  impl_->on_thread([&] { impl_->lane(lane).cut = false; });
}

bool Relay::is_cut(std::uint16_t lane) const {
  return impl_->on_thread([&] { return impl_->lane(lane).cut; });
}

std::size_t Relay::connections(std::uint16_t lane) const {
  return impl_->on_thread([&] { return impl_->lane(lane).carried.size(); });
}

}  // namespace node::cli
