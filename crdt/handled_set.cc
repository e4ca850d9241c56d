#include "crdt/handled_set.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "crdt/planted.h"

namespace crdt {
namespace {

// About a page of a store. More at a time would be much work for one request, and where many
// documents are flooded alike, for one commit.
constexpr std::size_t kOldestPart = 8;

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

std::vector<const HandledMark*> oldest_part(const Document::Marks& marks, const RequestId& own) {
  std::vector<const HandledMark*> all;
  for (const HandledMark& mark : marks) {
    if (mark.request != own) all.push_back(&mark);
  }
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(all.size() / kOldestPart);
  std::nth_element(all.begin(), end, all.end(), [](const HandledMark* a, const HandledMark* b) {
    return std::tie(a->rank, a->dot) < std::tie(b->rank, b->dot);
  });
  all.erase(end, all.end());
  return all;
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
  return !document.marks_of(request).empty() ||
         (any_loose(document) && !document.at(handled_path(request)).empty());
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
  const bool loose = any_loose(document);
  std::size_t removed = 0;
  const auto expire = [&](const HandledMark& mark) {
    if (document.marks_of(mark.request).size() > 1) return;
    if (loose && document.groups().contains(handled_path(mark.request))) return;
    edit.remove(mark);
    ++removed;
  };
  const Document::Marks& marks = document.marks();
  if (marks.size() >= kHandledMax) {
    for (const HandledMark* mark : oldest_part(marks, own)) expire(*mark);
  } else {
    const auto behind = std::find_if(document.marks_from(own), marks.end(),
                                     [&](const HandledMark& mark) { return mark.request != own; });
    sweep(marks.begin(), behind, marks.end(), [&](const HandledMark& mark) {
      if (mark.request != own && is_old(mark.rank, now)) expire(mark);
    });
  }

  std::vector<std::string> expired;
  if (loose) sweep_loose(document, own, now, expired);
  for (const std::string& path : expired) edit.remove(path);
  return removed + expired.size();
}

std::size_t expire_all_handled(Edit& edit, Rank now) {
  const Document::Marks& marks = edit.document().marks();
  std::size_t left = marks.size();
  for (const HandledMark& mark : marks) {
    if (!is_old(mark.rank, now)) continue;
    const auto [first, last] = marks.equal_range(mark.request);
    if (std::next(first) != last) continue;  // Handled on several peers: kept.
    edit.remove(handled_path(mark.request));
    --left;
  }
  return left;
}

}  // namespace crdt
