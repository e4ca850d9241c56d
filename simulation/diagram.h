// Diagram: what a run did, kept so that it can be drawn.
//
// Shape    a value that Trace, Network and DiagramWatch write into while the run goes on: what
//          nodes did, what was sent and when it came, what stores held, what clocks said. Plans
//          have the rest: what was typed and what broke.
// Size     each list has a bound, and a count of what was left out: the oldest go first, because a
//          run ends where it fails.
// Laws     recording changes nothing of what a run does.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/virtual_time.h"

namespace simulation {

// Something that a node did or met, in words.
struct DiagramEvent {
  Time at{};
  std::size_t node = 0;
  std::string what;   // As Trace names it.
  std::string words;  // What was said, in words; empty where there is nothing to say.
};

// One send on a link, which is sealed: its size is all that an onlooker knows.
struct DiagramMessage {
  std::size_t from = 0;
  std::size_t to = 0;
  Time sent{};
  Time arrived{-1};  // kNever: lost, or on its way when the run ended.
  std::size_t octets = 0;
};

// A field of one store that changed its value.
struct DiagramChange {
  Time at{};
  std::size_t node = 0;
  std::string field;  // "<document key> <path>"
  std::string before;
  std::string after;       // Empty: it holds nothing there.
  bool went_back = false;  // The node came back from a stop with another value.
};

// All stores and clocks at one moment.
struct DiagramSample {
  Time at{};
  std::size_t digests = 0;            // How many different ones the stores have.
  std::vector<std::int64_t> skew_us;  // By node: its wall clock's lead over Slack's.
};

class Diagram {
 public:
  static constexpr Time kNever{-1};
  static constexpr std::size_t kEventsMax = 30'000;    // Each bound is about 3 MB of a page:
  static constexpr std::size_t kMessagesMax = 80'000;  // what a browser still opens at once.
  static constexpr std::size_t kChangesMax = 40'000;
  static constexpr std::size_t kSamplesMax = 20'000;
  static constexpr std::size_t kWordsMax = 600;  // Octets of one event's words.

  // --- what Trace and Network tell ---
  void on_step(Time time, std::size_t node, std::string_view what, std::string_view bytes);
  // Returns the message's name, never 0.
  [[nodiscard]] std::uint64_t on_send(Time time, std::size_t from, std::size_t to,
                                      std::size_t octets);
  void on_arrival(Time time, std::uint64_t message);

  // --- what DiagramWatch tells ---
  void add(DiagramChange change);
  void add(DiagramSample sample);

  // Fields by name, with their values, as each store holds them.
  using Fields = std::map<std::string, std::string>;
  std::vector<Fields> stores;

  [[nodiscard]] const std::deque<DiagramEvent>& events() const { return events_; }
  [[nodiscard]] const std::deque<DiagramMessage>& messages() const { return messages_; }
  [[nodiscard]] const std::deque<DiagramChange>& changes() const { return changes_; }
  [[nodiscard]] const std::deque<DiagramSample>& samples() const { return samples_; }
  [[nodiscard]] std::uint64_t events_left_out() const { return events_left_out_; }
  [[nodiscard]] std::uint64_t messages_left_out() const { return first_message_ - 1; }
  [[nodiscard]] std::uint64_t changes_left_out() const { return changes_left_out_; }

 private:
  std::deque<DiagramEvent> events_;
  std::deque<DiagramMessage> messages_;
  std::deque<DiagramChange> changes_;
  std::deque<DiagramSample> samples_;
  std::uint64_t events_left_out_ = 0;
  std::uint64_t changes_left_out_ = 0;
  std::uint64_t first_message_ = 1;  // The name of the oldest one kept.
};

}  // namespace simulation
