#include "simulation/trace.h"

#include <bit>

#include "crdt/bytes.h"
#include "simulation/diagram.h"

namespace simulation {
namespace {

constexpr std::size_t kBytesShown = 400;  // Of one step's bytes, in hex.

}  // namespace

void Trace::add(Time time, std::size_t node, std::string_view what, std::string_view bytes) {
  mix(static_cast<std::uint64_t>(time.count()));
  mix(node);
  mix(what);
  mix(bytes);
  if (wanted_ && *wanted_ == steps_) {
    description_ = to_text(time) + " node " + static_cast<char>('a' + node) + " " +
                   std::string(what) + ", " + std::to_string(bytes.size()) +
                   " octets: " + crdt::to_hex(bytes.substr(0, kBytesShown));
  }
  if (diagram_ != nullptr) diagram_->on_step(time, node, what, bytes);
  ++steps_;
  if (keeps_) kept_.push_back(digest_);
}

void Trace::mix(std::uint64_t word) {
  // Multiply and fold: every bit of a word moves half of the digest. It guards against accidents.
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
  digest_ = (std::rotl(digest_, 23) ^ word) * kOdd;
  digest_ ^= digest_ >> 32;
}

void Trace::mix(std::string_view bytes) {
  mix(bytes.size());
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      word |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
    }
    mix(word);
  }
  std::uint64_t rest = 0;
  for (; at < bytes.size(); ++at) rest = rest << 8 | static_cast<std::uint8_t>(bytes[at]);
  mix(rest);
}

}  // namespace simulation
