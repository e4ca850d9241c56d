#include "tests/cluster/relay.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "crdt/check.h"

namespace tests {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// A reset instead of an orderly end: a cut wire says no goodbye.
void reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

// What all connections of a relay draw from and count in.
struct Chance {
  explicit Chance(const crdt::Rng::Seed& seed) : rng(seed) {}

  crdt::Rng rng;
  std::uint64_t resets = 0;
};

struct Lane {
  std::uint16_t to_port = 0;
  LaneState state;
};

// One direction of a connection: reads into a queue, writes from it when the time has come.
// Its owner outlives its handlers; `end` resets the whole connection.
struct Pump {
  struct Chunk {
    Clock::time_point due;
    std::string bytes;  // Empty: the orderly end.
  };

  Pump(tcp::socket& source, tcp::socket& target, const Passage& how)
      : from(source), to(target), passage(how), timer(source.get_executor()) {}

  tcp::socket& from;
  tcp::socket& to;
  const Passage& passage;
  boost::asio::steady_timer timer;
  std::array<char, Relay::kReadBytes> buffer{};
  std::deque<Chunk> waiting;
  std::size_t waiting_bytes = 0;
  bool reading = false;
  bool writing = false;
  bool read_all = false;  // The source has ended in order,
  bool ended = false;     // and that was passed on.
};

// One carried connection: two sockets and a pump each way.
class Carried : public std::enable_shared_from_this<Carried> {
 public:
  Carried(tcp::socket near, std::shared_ptr<const Lane> lane, Chance& chance)
      : near_(std::move(near)),
        far_(near_.get_executor()),
        lane_(std::move(lane)),
        chance_(chance),
        forth_(near_, far_, lane_->state.forth),
        back_(far_, near_, lane_->state.back) {}

  // `on_end` is called once.
  void start(std::function<void()> on_end) {
    on_end_ = std::move(on_end);
    const tcp::endpoint target(boost::asio::ip::address_v4::loopback(), lane_->to_port);
    far_.async_connect(target, [self = shared_from_this()](error_code error) {
      if (error) return self->end();
      error_code ignored;
      self->near_.set_option(tcp::no_delay(true), ignored);
      self->far_.set_option(tcp::no_delay(true), ignored);
      self->read(self->forth_);
      self->read(self->back_);
    });
  }

  void end() {
    const auto self = shared_from_this();  // on_end_ may drop the last other owner.
    forth_.timer.cancel();
    back_.timer.cancel();
    reset(near_);
    reset(far_);
    if (on_end_) std::exchange(on_end_, nullptr)();
  }

  // The lane's state changed: what waits may have become due, or reading may go on.
  void look_again() {
    for (Pump* pump : {&forth_, &back_}) {
      pump->timer.cancel();
      write(*pump);
    }
  }

 private:
  void read(Pump& pump) {
    if (pump.reading || pump.read_all || pump.waiting_bytes >= Relay::kWaitingBytesMax) return;
    pump.reading = true;
    pump.from.async_read_some(
        boost::asio::buffer(pump.buffer),
        [self = shared_from_this(), &pump](error_code error, std::size_t count) {
          pump.reading = false;
          if (error && error != boost::asio::error::eof) return self->end();
          if (self->draws_reset(pump)) return self->end();
          pump.read_all = error.failed();
          self->queue(pump, std::string(pump.buffer.data(), count));
          self->read(pump);
        });
  }

  bool draws_reset(const Pump& pump) {
    if (static_cast<int>(chance_.rng.below(1000)) >= pump.passage.resets_per_mille) return false;
    ++chance_.resets;
    return true;
  }

  void queue(Pump& pump, std::string bytes) {
    const auto jitter = static_cast<std::uint64_t>(pump.passage.jitter.count());
    const auto drawn = static_cast<std::int64_t>(chance_.rng.below(jitter + 1));
    const auto due = Clock::now() + pump.passage.delay + std::chrono::milliseconds(drawn);
    pump.waiting_bytes += bytes.size();
    pump.waiting.push_back({due, std::move(bytes)});
    write(pump);
  }

  // A later chunk that is due earlier waits for those before it: nothing overtakes inside a stream.
  void write(Pump& pump) {
    if (pump.writing || pump.waiting.empty() || pump.passage.held || !far_.is_open()) return;
    const Pump::Chunk& next = pump.waiting.front();
    if (Clock::now() < next.due) {
      pump.timer.expires_at(next.due);
      pump.timer.async_wait([self = shared_from_this(), &pump](error_code error) {
        if (!error) self->write(pump);
      });
      return;
    }
    if (next.bytes.empty()) return pass_end(pump);
    pump.writing = true;
    boost::asio::async_write(pump.to, boost::asio::buffer(next.bytes),
                             [self = shared_from_this(), &pump](error_code error, std::size_t) {
                               pump.writing = false;
                               if (error) return self->end();
                               pump.waiting_bytes -= pump.waiting.front().bytes.size();
                               pump.waiting.pop_front();
                               self->read(pump);
                               self->write(pump);
                             });
  }

  void pass_end(Pump& pump) {
    pump.waiting.clear();
    pump.ended = true;
    error_code error;
    pump.to.shutdown(tcp::socket::shutdown_send, error);
    if (error || (forth_.ended && back_.ended)) end();
  }

  tcp::socket near_;
  tcp::socket far_;
  std::shared_ptr<const Lane> lane_;
  Chance& chance_;
  Pump forth_;
  Pump back_;
  std::function<void()> on_end_;
};

struct Port {
  tcp::acceptor acceptor;
  std::shared_ptr<Lane> lane;
  std::set<std::shared_ptr<Carried>> carried;
};

}  // namespace

class Relay::Impl {
 public:
  explicit Impl(const crdt::Rng::Seed& seed)
      : chance_(seed), work_(context_.get_executor()), thread_([this] { context_.run(); }) {}

  ~Impl() {
    on_thread([this] {
      for (auto& [number, port] : ports_) {
        port.acceptor.close();
        end_all(port);
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
    const std::uint16_t number = acceptor.local_endpoint().port();
    ports_.emplace(number, Port{std::move(acceptor), std::make_shared<Lane>(), {}});
    port(number).lane->to_port = to_port;
    accept(number);
    return number;
  }

  Port& port(std::uint16_t number) {
    const auto found = ports_.find(number);
    CHECK(found != ports_.end());
    return found->second;
  }

  void set(std::uint16_t number, const LaneState& state) {
    Port& at = port(number);
    at.lane->state = state;
    if (state.cut) return end_all(at);
    for (const auto& one : std::set(at.carried)) one->look_again();
  }

  [[nodiscard]] std::uint64_t resets() const { return chance_.resets; }

 private:
  static void end_all(Port& port) {
    for (const auto& one : std::set(port.carried)) one->end();  // end() takes itself out.
  }

  void accept(std::uint16_t number) {
    port(number).acceptor.async_accept([this, number](error_code error, tcp::socket socket) {
      if (error == boost::asio::error::operation_aborted) return;
      if (!error) carry(number, std::move(socket));
      accept(number);
    });
  }

  void carry(std::uint16_t number, tcp::socket socket) {
    Port& at = port(number);
    if (at.lane->state.cut) return reset(socket);
    const auto carried = std::make_shared<Carried>(std::move(socket), at.lane, chance_);
    at.carried.insert(carried);
    carried->start([this, number, one = carried.get()] {
      std::erase_if(port(number).carried, [one](const auto& it) { return it.get() == one; });
    });
  }

  Chance chance_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<std::uint16_t, Port> ports_;
  std::thread thread_;  // Last: it runs as soon as it is made.
};

Relay::Relay(const crdt::Rng::Seed& seed) : impl_(std::make_unique<Impl>(seed)) {}
Relay::~Relay() = default;

crdt::Result<std::uint16_t> Relay::open(std::uint16_t to_port) {
  return impl_->on_thread([&] { return impl_->open(to_port); });
}

void Relay::lead(std::uint16_t lane, std::uint16_t to_port) {
  impl_->on_thread([&] { impl_->port(lane).lane->to_port = to_port; });
}

void Relay::set(std::uint16_t lane, const LaneState& state) {
  impl_->on_thread([&] { impl_->set(lane, state); });
}

std::uint64_t Relay::resets_drawn() const {
  return impl_->on_thread([&] { return impl_->resets(); });
}

}  // namespace tests
