#include "slack/incident/status_set.h"

#include <algorithm>
#include <set>

#include "crdt/check.h"
#include "slack/ascii.h"
#include "slack/utf8.h"

namespace slack::incident {
namespace {

constexpr std::size_t kNameCharsMax = 32;  // A word that people type in a hurry.
constexpr std::size_t kStatusesMax = 16;   // A help line that still fits a screen.
constexpr std::size_t kEmojiCharsMax =
    40;  // ":large_yellow_circle:", and longer ones of one's own.

bool valid_name(std::string_view name) {
  const auto allowed = [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= kNameCharsMax && is_lower(name.front()) &&
         std::all_of(name.begin(), name.end(), allowed);
}

bool valid_emoji(std::string_view emoji) {
  return !emoji.empty() && utf8_length(emoji) <= kEmojiCharsMax &&
         emoji.find_first_of("&<> \n") == std::string_view::npos;
}

bool begins(const Status& status, std::string_view typed) {
  return status.name.starts_with(typed) ||
         std::any_of(status.spellings.begin(), status.spellings.end(),
                     [&](const std::string& spelling) { return spelling.starts_with(typed); });
}

bool is_called(const Status& status, std::string_view typed) {
  return status.name == typed || std::find(status.spellings.begin(), status.spellings.end(),
                                           typed) != status.spellings.end();
}

}  // namespace

const StatusSet& StatusSet::standard() {
  static const StatusSet kSet = [] {
    auto made = make({{"assigned", "🔵", false, {}},
                      {"red", "🔴", false, {}},
                      {"yellow", "🟡", false, {}},
                      {"green", "🟢", false, {}},
                      {"done", "✅", true, {}},
                      {"canceled", "🚫", true, {"cancelled"}}});
    CHECK(made.has_value());
    return *made;
  }();
  return kSet;
}

crdt::Result<StatusSet> StatusSet::make(std::vector<Status> statuses) {
  if (statuses.empty()) return crdt::Error("there must be at least one status");
  if (statuses.size() > kStatusesMax) return crdt::Error("there are more than 16 statuses");
  std::set<std::string> names;
  for (const Status& status : statuses) {
    if (!valid_emoji(status.emoji)) {
      return crdt::Error("the status \"" + status.name + "\" needs an emoji of 1 to 40 characters");
    }
    std::vector<std::string> ways = status.spellings;
    ways.push_back(status.name);
    for (const std::string& name : ways) {
      if (!valid_name(name)) return crdt::Error("a status cannot be called \"" + name + "\"");
      if (!names.insert(name).second) return crdt::Error("two statuses are called \"" + name + '"');
    }
  }
  if (statuses.front().finished) return crdt::Error("the first status must be an unfinished one");
  StatusSet set(std::move(statuses));
  for (const std::string_view name : {kDone, kCanceled}) {
    if (set.finished(name)) continue;
    return crdt::Error("there must be a finished status \"" + std::string(name) + '"');
  }
  return set;
}

const Status* StatusSet::find(std::string_view name) const {
  const auto found = std::find_if(statuses_.begin(), statuses_.end(),
                                  [&](const Status& status) { return status.name == name; });
  return found == statuses_.end() ? nullptr : &*found;
}

std::vector<const Status*> StatusSet::match(std::string_view typed) const {
  const std::string lower = to_lower(typed);
  std::vector<const Status*> found;
  for (const Status& status : statuses_) {
    if (is_called(status, lower)) return {&status};
    if (begins(status, lower)) found.push_back(&status);
  }
  return found;
}

bool StatusSet::finished(std::string_view name) const {
  const Status* status = find(name);
  return status != nullptr && status->finished;
}

}  // namespace slack::incident
