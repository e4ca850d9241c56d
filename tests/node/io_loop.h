// IoLoop: an io_context on a thread of its own, and the Intake of the shells that a test runs on
// it.
//
// Shape    events wait in a queue until the test takes them; on_loop() runs something on the loop's
//          thread and returns when it is done.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "node/intake.h"

namespace tests {

class IoLoop final : public node::Intake {
 public:
  static constexpr std::chrono::seconds kPatience{60};  // A sanitizer on a busy machine.

  IoLoop() : work_(boost::asio::make_work_guard(io)), thread_([this] { io.run(); }) {}
  ~IoLoop() override { stop(); }

  // Before anything that runs on it is destroyed.
  void stop() {
    io.stop();
    if (thread_.joinable()) thread_.join();
  }

  void on_loop(const std::function<void()>& run) {
    std::promise<void> done;
    boost::asio::post(io, [&] {
      run();
      done.set_value();
    });
    done.get_future().wait();
  }

  // The next event, which must be a T.
  template <class T>
  T next() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, kPatience, [this] { return !events_.empty(); })) {
      ADD_FAILURE() << "no event came";
      return T{};
    }
    const node::Event event = std::move(events_.front());
    events_.pop_front();
    if (const T* wanted = std::get_if<T>(&event)) return *wanted;
    ADD_FAILURE() << "another event came, of kind " << event.index();
    return T{};
  }

  [[nodiscard]] std::size_t waiting() {
    const std::scoped_lock lock(mutex_);
    return events_.size();
  }

  bool submit(node::Event event) override {
    const std::scoped_lock lock(mutex_);
    if (full && std::holds_alternative<node::HttpRequest>(event)) return false;
    events_.push_back(std::move(event));
    arrived_.notify_all();
    return true;
  }
  node::ExchangeId next_exchange() override { return {++exchanges_}; }
  gossip::LinkId next_link() override { return {++links_}; }
  node::Uuid next_uuid() override { return {7, ++uuids_}; }
  void note(node::Notice notice) override {
    const std::scoped_lock lock(mutex_);
    notices.push_back(std::move(notice));
  }

  boost::asio::io_context io{1};
  bool full = false;                  // Refuses requests. Set on the loop.
  std::vector<node::Notice> notices;  // Read on the loop.

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<node::Event> events_;
  std::uint64_t exchanges_ = 0, links_ = 0, uuids_ = 0;
  std::thread thread_;
};

}  // namespace tests
