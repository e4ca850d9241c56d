#include "node/replica_wait.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace node {
namespace {

// Digits alone.
std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<std::chrono::milliseconds> duration_in(std::string_view text) {
  const bool millis = text.ends_with("ms");
  if (!millis && !text.ends_with('s')) return {};
  const auto count = number_in(text.substr(0, text.size() - (millis ? 2 : 1)));
  const auto most = static_cast<std::uint64_t>(WriteConcern::kTimeoutMax.count());
  if (!count || *count > most) return {};
  const std::chrono::milliseconds time(*count * (millis ? 1 : 1'000));
  return time > WriteConcern::kTimeoutMax ? std::nullopt : std::optional(time);
}

}  // namespace

crdt::Result<WriteConcern> parse_write_concern(const slack::Form& query, std::size_t cluster) {
  WriteConcern concern;
  if (const std::string_view wait = query.at("wait"); !wait.empty()) {
    concern.asked = wait;
    const auto count = wait == "local" ? 1 : wait == "all" ? cluster : number_in(wait).value_or(0);
    if (count == 0 || count > cluster) {
      return crdt::Error("wait takes local, all, or how many peers must have it, 1 to " +
                         std::to_string(cluster) + " here");
    }
    concern.peers = count;
  }
  if (const std::string_view timeout = query.at("timeout"); !timeout.empty()) {
    const auto time = duration_in(timeout);
    if (!time) return crdt::Error("timeout takes a time such as 500ms or 2s, 60s at most");
    concern.timeout = *time;
  }
  return concern;
}

std::size_t holders(const std::vector<gossip::Holder>& others) {
  return 1 + static_cast<std::size_t>(std::count_if(
                 others.begin(), others.end(), [](const auto& other) { return other.durable; }));
}

nlohmann::json wait_report(const WriteConcern& concern, const std::string& self,
                           const std::vector<gossip::Holder>& others) {
  nlohmann::json durable = {self};
  nlohmann::json missing = nlohmann::json::array();
  for (const gossip::Holder& other : others)
    (other.durable ? durable : missing).push_back(other.name);
  return {{"for", concern.asked},
          {"satisfied", holders(others) >= concern.peers},
          {"durable_on", std::move(durable)},
          {"not_on", std::move(missing)}};
}

}  // namespace node
