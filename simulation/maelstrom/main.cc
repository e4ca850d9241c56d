// muster-maelstrom: a Muster replica for Maelstrom: its lines on standard input and output, notices
// on standard error.
//
//   maelstrom test -w broadcast --bin build/release/muster-maelstrom --node-count 25
//     --time-limit 20 --rate 100 --latency 100 --nemesis partition
//
// An argument may name the workload; then also the reads before the first write are answered.
#include <poll.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "crdt/check.h"
#include "simulation/maelstrom/maelstrom_node.h"
#include "simulation/memory_disk.h"

namespace {

using simulation::maelstrom::MaelstromNode;

constexpr std::size_t kReadBytes = 65'536;  // As much as a pipe holds.

crdt::Instant now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return crdt::Instant(std::chrono::duration_cast<crdt::Instant::duration>(since));
}

// Milliseconds until `at`, rounded up, as poll(2) takes them; -1 is for ever.
int timeout_until(const std::optional<crdt::Instant>& at) {
  if (!at) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

std::vector<std::string> take_lines(std::string& input) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = input.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (end > begin) lines.push_back(input.substr(begin, end - begin));
  }
  input.erase(0, begin);
  return lines;
}

// Until its input ends.
void run(MaelstromNode& node) {
  std::string input;
  std::array<char, kReadBytes> buffer;
  for (;;) {
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (poll(&ready, 1, timeout_until(node.wake_at())) < 0 && errno != EINTR) return;
    if (ready.revents != 0) {
      const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
      if (got == 0 || (got < 0 && errno != EINTR)) return;
      if (got > 0) input.append(buffer.data(), static_cast<std::size_t>(got));
    }
    for (const std::string& line : node.step(now(), take_lines(input))) std::cout << line << '\n';
    std::cout.flush();
    for (const std::string& notice : node.take_notices()) std::cerr << notice << '\n';
  }
}

}  // namespace

int main(int count, char** arguments) {
  CHECK(sodium_init() >= 0);
  crdt::Rng::Seed seed;
  randombytes_buf(seed.data(), seed.size());
  simulation::MemoryDisk store;  // Maelstrom's nodes do not come back, so stores need not either.
  MaelstromNode node(store, seed, count > 1 ? arguments[1] : "");
  run(node);
}
