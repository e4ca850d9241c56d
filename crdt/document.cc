#include "crdt/document.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "crdt/check.h"
#include "crdt/planted.h"

namespace crdt {
namespace {

bool dot_before(const Leaf& leaf, const Dot& dot) { return leaf.dot < dot; }

bool in_group_order(const Leaf& a, const Leaf& b) {
  const int order = a.path.compare(b.path);
  return order != 0 ? order < 0 : a.dot < b.dot;
}

// REQUIRES `leaves` in the order of their dots.
bool holds(const std::vector<Leaf>& leaves, const Dot& dot) {
  const auto found = std::lower_bound(leaves.begin(), leaves.end(), dot, dot_before);
  return found != leaves.end() && found->dot == dot;
}

// Dots that die in `delta` are its own past: one that is not covered here means a gap.
bool covers_all(const VersionVector& context, const std::vector<Dot>& dots) {
  return std::all_of(dots.begin(), dots.end(), [&](const Dot& dot) { return context.covers(dot); });
}

// What planted bugs take for the same thing: a path, and an event.
bool holds_path(const std::vector<Leaf>& leaves, std::string_view path) {
  return std::any_of(leaves.begin(), leaves.end(), [&](const Leaf& l) { return l.path == path; });
}
bool ends_with_event_of(const std::vector<Leaf>& leaves, const Leaf& leaf) {
  return !leaves.empty() && leaves.back().stamp == leaf.stamp;
}

template <class T>
void sort_once_each(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

Document::Document(VersionVector context, std::vector<Leaf> leaves,
                   const std::vector<HandledMark>& marks)
    : context_(std::move(context)) {
  for (const Leaf& leaf : leaves) CHECK(context_.covers(leaf.dot));
  for (const HandledMark& mark : marks) CHECK(context_.covers(mark.dot));
  Touched touched;
  insert(std::move(leaves), touched);
  // In order, each behind the one before it: trees that grow at their end are dense, and nothing is
  // searched.
  const std::size_t count = by_dot_.size() + marks.size();
  std::vector<HandledMark> sorted = marks;
  for (const HandledMark& mark : marks) {
    by_dot_.emplace_hint(by_dot_.end(), mark.dot, mark.request);
    leaf_sum_ += hash_of(mark);
  }
  CHECK(by_dot_.size() == count);
  std::sort(sorted.begin(), sorted.end(), MarkOrder());
  for (const HandledMark& mark : sorted) marks_.insert(marks_.end(), mark);
}

Document::Document(const Document& other)
    : groups_(other.groups_),
      marks_(other.marks_),
      context_(other.context_),
      leaf_sum_(other.leaf_sum_) {
  index();
}

Document& Document::operator=(const Document& other) {
  if (this != &other) *this = Document(other);
  return *this;
}

void Document::index() {
  for (auto group = groups_.begin(); group != groups_.end(); ++group) {
    for (const Leaf& leaf : group->second) by_dot_.emplace(leaf.dot, group);
  }
  for (const HandledMark& mark : marks_) by_dot_.emplace(mark.dot, mark.request);
}

Document::Siblings Document::at(std::string_view path) const {
  const auto found = groups_.find(group_of(path));
  if (found == groups_.end()) return {};
  const Group& group = found->second;
  const auto first =
      std::find_if(group.begin(), group.end(), [&](const Leaf& leaf) { return leaf.path == path; });
  const auto last =
      std::find_if(first, group.end(), [&](const Leaf& leaf) { return leaf.path != path; });
  return {first, last};
}

const HandledMark* Document::mark(const Dot& dot) const {
  const auto entry = by_dot_.find(dot);
  if (entry == by_dot_.end()) return nullptr;
  const auto* request = std::get_if<RequestId>(&entry->second);
  if (request == nullptr) return nullptr;
  return &*std::find_if(marks_.lower_bound(*request), marks_.end(),
                        [&](const HandledMark& mark) { return mark.dot == dot; });
}

std::vector<HandledMark> Document::marks_of(const RequestId& request) const {
  const auto [first, last] = marks_.equal_range(request);
  return {first, last};
}

const Leaf* Document::winner(std::string_view path) const {
  const Siblings siblings = at(path);
  const auto less = [](const Leaf& a, const Leaf& b) {
    return std::tie(a.rank, a.value, a.dot) < std::tie(b.rank, b.value, b.dot);
  };
  const auto greatest = std::max_element(siblings.begin(), siblings.end(), less);
  return greatest == siblings.end() ? nullptr : &*greatest;
}

Leaf Document::leaf_at(const Index::value_type& entry) const {
  const auto& [dot, place] = entry;
  const auto is_it = [&dot = dot](const auto& one) { return one.dot == dot; };
  if (const auto* request = std::get_if<RequestId>(&place)) {
    return unpack(*std::find_if(marks_.lower_bound(*request), marks_.end(), is_it));
  }
  const Group& group = std::get<Groups::iterator>(place)->second;
  return *std::find_if(group.begin(), group.end(), is_it);
}

std::vector<Leaf> Document::leaves() const {
  std::vector<Leaf> all;
  all.reserve(by_dot_.size());
  for (const auto& entry : by_dot_) all.push_back(leaf_at(entry));
  return all;
}

// Leaves go behind their group's others, and each group is then put in order once.
void Document::insert(std::vector<Leaf> leaves, Touched& touched) {
  std::vector<Group*> grown;
  for (Leaf& leaf : leaves) {
    if (const auto mark = pack(leaf)) {
      insert(*mark);
      touched.marks.push_back(mark->dot);
      continue;
    }
    const std::string_view name = group_of(leaf.path);
    auto group = groups_.find(name);
    if (group == groups_.end()) group = groups_.emplace(name, Group{}).first;
    CHECK(by_dot_.emplace(leaf.dot, group).second);
    leaf_sum_ += hash_of(leaf);
    group->second.push_back(std::move(leaf));
    if (grown.empty() || grown.back() != &group->second) {
      grown.push_back(&group->second);
      touched.groups.push_back(group->first);
    }
  }
  sort_once_each(grown);
  for (Group* group : grown) std::sort(group->begin(), group->end(), in_group_order);
}

void Document::insert(const HandledMark& mark) {
  CHECK(by_dot_.emplace(mark.dot, mark.request).second);
  marks_.insert(mark);
  leaf_sum_ += hash_of(mark);
}

// REQUIRES `dots` in order, all live.
void Document::kill(const std::vector<Dot>& dots, Touched& touched) {
  std::vector<Groups::iterator> shrunk;
  for (const Dot& dot : dots) {
    const auto entry = by_dot_.find(dot);
    CHECK(entry != by_dot_.end());
    if (const auto* request = std::get_if<RequestId>(&entry->second)) {
      touched.marks.push_back(dot);
      const auto mark = std::find_if(marks_.lower_bound(*request), marks_.end(),
                                     [&](const HandledMark& one) { return one.dot == dot; });
      leaf_sum_ -= hash_of(*mark);
      marks_.erase(mark);
    } else {
      shrunk.push_back(std::get<Groups::iterator>(entry->second));
    }
    by_dot_.erase(entry);
  }
  // Each group once. By name: where they lie differs from run to run.
  std::sort(shrunk.begin(), shrunk.end(),
            [](const auto& a, const auto& b) { return a->first < b->first; });
  shrunk.erase(std::unique(shrunk.begin(), shrunk.end()), shrunk.end());
  for (const auto& group : shrunk) {
    touched.groups.push_back(group->first);
    std::erase_if(group->second, [&](const Leaf& leaf) {
      const bool dies = std::binary_search(dots.begin(), dots.end(), leaf.dot);
      if (dies) leaf_sum_ -= hash_of(leaf);
      return dies;
    });
    if (group->second.empty()) groups_.erase(group);
  }
}

std::vector<Dot> Document::killed_by(const Delta& delta) const {
  std::vector<Dot> killed;
  for (const Dot& dot : delta.killed) {
    if (by_dot_.contains(dot)) killed.push_back(dot);
  }
  // `after` is exact for every replica that `advance` names, so these are the interval's own dots.
  // They are live here only where a part of the interval came by another way.
  for (const auto& [replica, counter] : delta.advance.entries()) {
    if (planted(Bug::kAkka22648) || context_.of(replica) <= delta.after.of(replica)) continue;
    auto entry = by_dot_.lower_bound(Dot{replica, delta.after.of(replica) + 1});
    for (; entry != by_dot_.end() && entry->first <= Dot{replica, counter}; ++entry) {
      if (!holds(delta.written, entry->first)) killed.push_back(entry->first);
    }
  }
  sort_once_each(killed);
  return killed;
}

std::vector<Leaf> Document::group(std::string_view name) const {
  std::vector<Leaf> leaves;
  if (const auto found = groups_.find(name); found != groups_.end()) leaves = found->second;
  if (const auto request = handled_request(name)) {
    for (const HandledMark& mark : marks_of(*request)) leaves.push_back(unpack(mark));
    std::sort(leaves.begin(), leaves.end(), in_group_order);
  }
  return leaves;
}

bool Document::follows(const Delta& delta) const {
  return planted(Bug::kDeltaPastGap) ||
         (context_.covers(delta.after) && covers_all(context_, delta.killed));
}

Applied Document::apply(const Delta& delta, Touched* touched) {
  if (context_.covers(delta.advance)) return Applied::kDuplicate;
  if (!follows(delta)) return Applied::kGap;
  Touched changed;
  kill(killed_by(delta), changed);
  std::vector<Leaf> born;
  born.reserve(delta.written.size());
  for (const Leaf& leaf : delta.written) {
    const Leaf* rival = planted(Bug::kCrSqlite299) ? winner(leaf.path) : nullptr;
    if (rival != nullptr && rival->rank > leaf.rank) continue;
    const bool revived = planted(Bug::kDeadLeafRevived) && !by_dot_.contains(leaf.dot);
    if (!context_.covers(leaf.dot) || revived) born.push_back(leaf);
  }
  insert(std::move(born), changed);
  context_.join(delta.advance);
  if (touched == nullptr) return Applied::kApplied;
  sort_once_each(changed.groups);
  sort_once_each(changed.marks);
  *touched = std::move(changed);
  return Applied::kApplied;
}

Fragment Document::fragment(const VersionVector& asker) const {
  Fragment fragment{asker, context_, {}, {}};
  for (const auto& entry : by_dot_) {
    if (asker.covers(entry.first)) {
      fragment.kept.push_back(entry.first);
    } else {
      fragment.fresh.push_back(leaf_at(entry));
    }
  }
  return fragment;
}

std::optional<Delta> Document::brought_by(const Fragment& fragment) const {
  if (!context_.covers(fragment.asker) && !planted(Bug::kFragmentWithoutAsker)) return std::nullopt;
  Delta brought{context_, fragment.context.ahead_of(context_), {}, {}};
  if (planted(Bug::kIntervalFromAsker)) brought.after = fragment.asker;
  for (const auto& entry : by_dot_) {
    const Dot& dot = entry.first;
    const bool alive = !fragment.context.covers(dot) || holds(fragment.fresh, dot) ||
                       std::binary_search(fragment.kept.begin(), fragment.kept.end(), dot) ||
                       (planted(Bug::kRiakDt82) && holds_path(fragment.fresh, leaf_at(entry).path));
    if (!alive) brought.killed.push_back(dot);
  }
  for (const Leaf& leaf : fragment.fresh) {
    if (planted(Bug::kRiakDt90) && ends_with_event_of(brought.written, leaf)) continue;
    if (!context_.covers(leaf.dot)) brought.written.push_back(leaf);
  }
  return brought;
}

std::optional<Delta> Document::merge(const Fragment& fragment) {
  std::optional<Delta> brought = brought_by(fragment);
  if (brought) apply(*brought);
  return brought;
}

}  // namespace crdt
