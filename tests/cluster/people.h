// People: who types commands at peers while these are broken, as Slack and a load balancer send
// them on, and tries elsewhere where nobody answers; behind a balancer, there again.
//
// Shape    a few threads, each with draws of its own from the seed; what they meet is up to the
//          machine. Rooms fill one after another; changes aim at tasks that were added in one try,
//          by a label that names their letter, so that no number can mean two.
//          Between an unanswered try and the next one half of the commands are signed anew.
// Thread   its own, joined by finish() or the destructor.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "crdt/result.h"
#include "crdt/rng.h"
#include "node/http_client.h"
#include "tests/cluster/history.h"

namespace tests {

// Where people's commands go in: each peer's own door, or the one of a balancer. Doors count from
// 1, as peers do; a peer's letter in task numbers is that of its number.
struct Doors {
  int count = 0;
  std::string signing_secret;
  std::function<std::uint16_t(int door)> port;
  std::function<int(int door, const node::HttpAnswer&)> peer;  // Who answered there.
};

class People {
 public:
  static constexpr int kPeople = 4;          // Several requests at once, on two cores.
  static constexpr int kTasksPerRoom = 8;    // As incidents have; a list shows them all.
  static constexpr int kChangesPerTask = 8;  // Of each sort: a list names ten assignees.
  static constexpr int kTriesMax = 4;

  static constexpr std::chrono::seconds kAnswerWithin{3};  // Slack waits no longer.

  People(Doors doors, History& history, std::uint64_t seed);
  ~People() { finish(); }

  People(const People&) = delete;
  People& operator=(const People&) = delete;

  void finish();

  [[nodiscard]] std::vector<std::string> rooms() const;

  // Waits until so many more commands were typed and had their tries.
  void go_on_for(int commands) const;

 private:
  struct Task {
    std::string room;
    std::string job;
    std::string label;
    int assigns = 0;
    int rewordings = 0;
  };

  void work(std::uint64_t seed);
  [[nodiscard]] TypedCommand draw_command(crdt::Rng& rng);
  [[nodiscard]] TypedCommand draw_add();
  void say(crdt::Rng& rng, TypedCommand command);
  bool try_once(History::Handle handle, int door, const node::HttpCall& call);
  void remember(const TypedCommand& added);

  const Doors doors_;
  History& history_;
  std::atomic<bool> done_{false};
  std::atomic<int> said_{0};
  mutable std::mutex mutex_;
  int marks_ = 0;  // Of the run so far: names, assignees and wordings count on.
  int jobs_ = 0;
  std::vector<Task> tasks_;
  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

// `/ir list all` at this port, as text.
[[nodiscard]] crdt::Result<std::string> list_of(std::uint16_t port, const std::string& secret,
                                                const std::string& room);

}  // namespace tests
