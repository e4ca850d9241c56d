#include "simulation/trace.h"

#include <bit>

#include "crdt/bytes.h"
#include "crdt/hash64.h"
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
  mix(crdt::hash64(bytes));
}

}  // namespace simulation
