#include "slack/incident/purge.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "slack/incident/tasks.h"

namespace slack::incident {
namespace {

constexpr std::string_view kFirst = "t/";
constexpr std::string_view kPastLast = "t0";  // '0' follows '/'.

// When the task was made; the epoch where it is gone, and nothing where its core makes no sense,
// so that no Muster wrote it.
std::optional<crdt::WallTime> made_at(const crdt::Document& document, std::string_view id) {
  const crdt::Document::Siblings cores = document.at(core_path(id));
  if (cores.empty()) return crdt::WallTime{};
  std::optional<crdt::WallTime> first;
  for (const crdt::Leaf& leaf : cores) {
    const auto core = decode_core(leaf.value);
    if (!core) continue;
    first = std::min(first.value_or(crdt::WallTime(core->created)), crdt::WallTime(core->created));
  }
  return first;
}

}  // namespace

std::size_t purge_tasks(crdt::Edit& edit, crdt::WallTime before) {
  const crdt::Document& document = edit.document();
  const std::uint32_t number_max = read_minted(document, "").number_max;
  std::size_t purged = 0;
  const auto last = document.groups().lower_bound(kPastLast);
  for (auto group = document.groups().lower_bound(kFirst); group != last; ++group) {
    const std::string_view id = std::string_view(group->first).substr(kFirst.size());
    const auto made = made_at(document, id);
    if (!made || *made >= before) continue;
    if (*made != crdt::WallTime{}) ++purged;
    std::string_view path;
    for (const crdt::Leaf& leaf : group->second) {
      if (leaf.path != path) edit.remove(leaf.path);
      path = leaf.path;
    }
  }
  const crdt::Document::Siblings numbers = document.at(kNumberPath);
  const bool named = std::any_of(numbers.begin(), numbers.end(),
                                 [](const crdt::Leaf& leaf) { return !leaf.stamp.author.empty(); });
  if (!edit.empty() && (named || numbers.size() > 1)) {
    edit.write(kNumberPath, std::to_string(number_max));
  }
  return purged;
}

}  // namespace slack::incident
