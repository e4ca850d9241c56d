#include "crdt/horizon.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>

#include "crdt/hash64.h"
#include "crdt/keyspace.h"

namespace crdt {
namespace {

constexpr std::string_view kBefore = "before";
constexpr std::string_view kOf = "of/";

std::string text_of(WallTime time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::optional<WallTime> time_in(const Bytes& text) {
  constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40;  // Later is nobody's clock, and fits.
  std::int64_t seconds = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  if (seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return WallTime(std::chrono::seconds(seconds));
}

}  // namespace

std::uint64_t document_id(std::string_view document_key) { return hash64(document_key); }

Horizon::Horizon(const Document& document) {
  for (const auto& [name, group] : document.groups()) {
    for (const Leaf& leaf : group) {
      const std::optional<WallTime> time = time_in(leaf.value);
      if (!time) continue;
      const std::string_view path = leaf.path;
      if (path == kBefore) before_ = std::max(before_, *time);
      if (!path.starts_with(kOf)) continue;
      if (!keyspace::valid_document_key(path.substr(kOf.size()))) continue;
      WallTime& of = documents_[std::string(path.substr(kOf.size()))];
      of = std::max(of, *time);
    }
  }
  for (const auto& [key, time] : documents_) of_[document_id(key)] = time;
}

bool Horizon::hides(const Origin& origin) const {
  if (origin.made < before_) return true;
  const auto found = of_.find(origin.document);
  return found != of_.end() && origin.made < found->second;
}

WallTime Horizon::of(std::string_view document_key) const {
  const auto found = of_.find(document_id(document_key));
  return found == of_.end() ? before_ : std::max(before_, found->second);
}

bool Horizon::join(const Horizon& other) {
  const Horizon was = *this;
  before_ = std::max(before_, other.before_);
  for (const auto& [key, time] : other.documents_) {
    WallTime& of = documents_[key];
    of = std::max(of, time);
    of_[document_id(key)] = of;
  }
  return !(*this == was);
}

bool is_beyond(const Leaf& leaf, const HorizonLimit& limit) {
  const std::optional<WallTime> time = time_in(leaf.value);
  if (!time) return false;
  return *time > (leaf.path.starts_with(kOf) ? limit.of : limit.before);
}

void move_horizon(Edit& edit, WallTime before) { edit.write(kBefore, text_of(before)); }

void move_horizon_of(Edit& edit, std::string_view document_key, WallTime before) {
  edit.write(std::string(kOf) + std::string(document_key), text_of(before));
}

}  // namespace crdt
