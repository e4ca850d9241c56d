#include "crdt/handled_set.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "crdt/planted.h"

namespace crdt {
namespace {

constexpr std::string_view kFirst = "h/";
constexpr std::string_view kPastLast = "h0";  // '0' follows '/'.

// Calls `visit` for entries from `start` on, around the end [first, last) to the beginning, until
// kSweepEntries were seen.
template <class Entry, class Visit>
void sweep(Entry first, Entry start, Entry last, Visit visit) {
  std::size_t seen = 0;
  for (Entry entry = start; entry != last && seen < kSweepEntries; ++entry, ++seen) visit(*entry);
  for (Entry entry = first; entry != start && seen < kSweepEntries; ++entry, ++seen) visit(*entry);
}

// Whether there are marks that could not be packed: Muster writes none, a peer could.
bool any_loose(const Document& document) {
  const auto group = document.groups().lower_bound(kFirst);
  return group != document.groups().end() && group->first < kPastLast;
}

bool is_old(Rank rank, Rank now) {
  const std::int64_t kept = planted(Bug::kMarkSweptEarly) ? 30'000'000 : kHandledMicros;
  return rank.micros < now.micros - kept;
}

void sweep_loose(const Document& document, const RequestId& own, Rank now,
                 std::vector<std::string>& expired) {
  const Document::Groups& groups = document.groups();
  const std::string own_path = handled_path(own);
  sweep(groups.lower_bound(kFirst), groups.upper_bound(own_path), groups.lower_bound(kPastLast),
        [&](const auto& group) {
          const auto& [path, leaves] = group;
          if (path == own_path || !is_old(leaves.front().rank, now)) return;
          if (document.group(path).size() == 1) expired.push_back(leaves.front().path);
        });
}

}  // namespace

bool is_handled(const Document& document, const RequestId& request) {
  const auto [first, last] = document.marks().equal_range(request);
  return first != last || (any_loose(document) && !document.at(handled_path(request)).empty());
}

std::vector<Leaf> handled_marks(const Document& document, const RequestId& request) {
  const std::string path = handled_path(request);
  std::vector<Leaf> marks = document.group(path);
  std::erase_if(marks, [&](const Leaf& leaf) { return leaf.path != path; });  // Below it.
  return marks;
}

void add_handled(Edit& edit, Bytes note) {
  edit.write_ranked(handled_path(edit.stamp().request), std::move(note), edit.time(), edit.stamp());
}

std::size_t expire_handled(Edit& edit, Rank now) {
  const Document& document = edit.document();
  const RequestId& own = edit.stamp().request;
  std::vector<std::string> expired;

  const Document::Marks& marks = document.marks();
  const bool crowded = marks.size() >= kHandledMax;
  const HandledMark* oldest = nullptr;
  sweep(marks.begin(), marks.upper_bound(own), marks.end(), [&](const HandledMark& mark) {
    if (mark.request == own) return;
    if (crowded && (oldest == nullptr || mark.rank < oldest->rank)) oldest = &mark;
    if (!is_old(mark.rank, now)) return;
    const std::string path = handled_path(mark.request);
    if (document.group(path).size() == 1) expired.push_back(path);
  });
  if (oldest != nullptr && expired.empty()) {
    const std::string path = handled_path(oldest->request);
    if (document.group(path).size() == 1) expired.push_back(path);
  }

  if (any_loose(document)) sweep_loose(document, own, now, expired);
  for (const std::string& path : expired) edit.remove(path);
  return expired.size();
}

}  // namespace crdt
