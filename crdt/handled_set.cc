#include "crdt/handled_set.h"

#include <string_view>
#include <utility>

namespace crdt {
namespace {

constexpr std::string_view kFirst = "h/";
constexpr std::string_view kPastLast = "h0";  // '0' follows '/'.

bool is_old(const Document::Siblings& siblings, Rank now) {
  return siblings.size() == 1 && siblings.front().rank.micros < now.micros - kHandledMicros;
}

}  // namespace

std::string handled_path(const RequestId& request) {
  return std::string(kFirst) + to_string(request);
}

bool is_handled(const Document& document, const RequestId& request) {
  return !document.at(handled_path(request)).empty();
}

void add_handled(Edit& edit, Bytes note) {
  edit.write_ranked(handled_path(edit.stamp().request), std::move(note), edit.time(), edit.stamp());
}

std::size_t expire_handled(Edit& edit, Rank now) {
  const Document::Leaves& leaves = edit.document().leaves();
  const std::string own = handled_path(edit.stamp().request);
  const auto first = leaves.lower_bound(kFirst);
  const auto last = leaves.lower_bound(kPastLast);
  const auto start = leaves.upper_bound(own);
  std::size_t removed = 0;
  std::size_t examined = 0;
  const auto examine = [&](auto from, auto to) {
    for (; from != to && examined < kSweepEntries; ++from, ++examined) {
      if (from->first == own || !is_old(from->second, now)) continue;
      edit.remove(from->first);
      ++removed;
    }
  };
  examine(start, last);
  examine(first, start);
  return removed;
}

}  // namespace crdt
