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

bool is_core(const Leaf& leaf) {
  constexpr std::string_view kCore = "/core";
  const std::size_t group = group_of(leaf.path).size();
  return leaf.path.size() == group + kCore.size() && leaf.path.ends_with(kCore);
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
  for (const HandledMark& mark : marks) {
    CHECK(!is_live(mark.dot) && mark_index_.insert(mark.dot, mark.request.high));
    leaf_sum_ += hash_of(mark);
  }
  // All at once: one by one, each would move those behind it.
  marks_.insert(marks.begin(), marks.end());
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
    for (const Leaf& leaf : group->second) {
      leaf_index_.insert(leaf.dot, group);
      if (is_core(leaf)) cores_.push_back({leaf.dot, group, leaf.value});
    }
  }
  for (const HandledMark& mark : marks_) mark_index_.insert(mark.dot, mark.request.high);
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
  const std::uint64_t* high = mark_index_.find(dot);
  if (high == nullptr) return nullptr;
  return &*std::find_if(marks_from({*high, 0}), marks_.end(),
                        [&](const HandledMark& mark) { return mark.dot == dot; });
}

// Ids are hashes: this one is near the place that its share of all ids gives it, and steps that
// double from there find it with fewer misses of the cache than halves of the whole.
Document::Marks::const_iterator Document::marks_from(const RequestId& request) const {
  const auto size = static_cast<std::ptrdiff_t>(marks_.size());
  const auto before = [&](std::ptrdiff_t at) { return marks_.begin()[at].request < request; };
  const auto guess = static_cast<std::ptrdiff_t>((request.high >> 32U) * marks_.size() >> 32U);
  std::ptrdiff_t first = guess;
  std::ptrdiff_t last = guess;
  for (std::ptrdiff_t step = 1; first > 0 && !before(first - 1); step *= 2) {
    last = first;
    first = std::max<std::ptrdiff_t>(first - step, 0);
  }
  for (std::ptrdiff_t step = 1; last < size && before(last); step *= 2) {
    first = last;
    last = std::min(last + step, size);
  }
  return std::partition_point(marks_.begin() + first, marks_.begin() + last,
                              [&](const HandledMark& mark) { return mark.request < request; });
}

std::span<const HandledMark> Document::marks_of(const RequestId& request) const {
  const auto first = marks_from(request);
  const auto last = std::find_if(first, marks_.end(),
                                 [&](const HandledMark& mark) { return mark.request != request; });
  if (first == last) return {};
  return {&*first, static_cast<std::size_t>(last - first)};
}

const Leaf* Document::winner(std::string_view path) const {
  const Siblings siblings = at(path);
  const auto less = [](const Leaf& a, const Leaf& b) {
    return std::tie(a.rank, a.value, a.dot) < std::tie(b.rank, b.value, b.dot);
  };
  const auto greatest = std::max_element(siblings.begin(), siblings.end(), less);
  return greatest == siblings.end() ? nullptr : &*greatest;
}

bool Document::is_live(const Dot& dot) const {
  return leaf_index_.find(dot) != nullptr || mark_index_.find(dot) != nullptr;
}

Leaf Document::leaf_at(const Dot& dot) const {
  if (const HandledMark* found = mark(dot)) return unpack(*found);
  const Group& group = (*leaf_index_.find(dot))->second;
  return *std::find_if(group.begin(), group.end(),
                       [&](const Leaf& leaf) { return leaf.dot == dot; });
}

std::vector<Dot> Document::dots() const {
  std::vector<Dot> all;
  all.reserve(leaf_count());
  leaf_index_.append_dots(all);
  const auto leaves = static_cast<std::ptrdiff_t>(all.size());
  mark_index_.append_dots(all);
  std::inplace_merge(all.begin(), all.begin() + leaves, all.end());
  return all;
}

std::vector<Leaf> Document::leaves() const {
  std::vector<Leaf> all;
  all.reserve(leaf_count());
  for (const Dot& dot : dots()) all.push_back(leaf_at(dot));
  return all;
}

// Leaves go behind their group's others, and each group is then put in order once.
void Document::insert(std::vector<Leaf> leaves, Touched& touched) {
  std::vector<Group*> grown;
  std::vector<Group*> made;
  for (Leaf& leaf : leaves) {
    if (const auto mark = pack(leaf)) {
      insert(*mark);
      touched.marks.push_back(mark->dot);
      continue;
    }
    const std::string_view name = group_of(leaf.path);
    auto group = groups_.find(name);
    if (group == groups_.end()) {
      group = groups_.emplace(name, Group{}).first;
      made.push_back(&group->second);
    }
    insert(std::move(leaf), group);
    if (grown.empty() || grown.back() != &group->second) {
      grown.push_back(&group->second);
      touched.groups.push_back(group->first);
    }
  }
  sort_once_each(grown);
  for (Group* group : grown) std::sort(group->begin(), group->end(), in_group_order);
  // Most groups never get another leaf, and room for one is a fifth of what they take.
  for (Group* group : made) group->shrink_to_fit();
}

void Document::insert(Leaf leaf, Groups::iterator group) {
  CHECK(!is_live(leaf.dot) && leaf_index_.insert(leaf.dot, group));
  leaf_sum_ += hash_of(leaf);
  if (is_core(leaf)) cores_.push_back({leaf.dot, group, leaf.value});
  group->second.push_back(std::move(leaf));
}

void Document::insert(const HandledMark& mark) {
  CHECK(!is_live(mark.dot) && mark_index_.insert(mark.dot, mark.request.high));
  marks_.insert(marks_from(mark.request), mark);
  leaf_sum_ += hash_of(mark);
}

// REQUIRES `dots` in order, all live.
void Document::kill(const std::vector<Dot>& dots, Touched& touched) {
  std::vector<Groups::iterator> shrunk;
  std::vector<Dot> marks;
  for (const Dot& dot : dots) {
    if (const auto* group = leaf_index_.find(dot)) {
      shrunk.push_back(*group);
    } else {
      marks.push_back(dot);
    }
  }
  if (!marks.empty()) kill_marks(marks);
  touched.marks.insert(touched.marks.end(), marks.begin(), marks.end());
  // Each group once. By name: where they lie differs from run to run.
  std::sort(shrunk.begin(), shrunk.end(),
            [](const auto& a, const auto& b) { return a->first < b->first; });
  shrunk.erase(std::unique(shrunk.begin(), shrunk.end()), shrunk.end());
  bool cores_die = false;
  for (const auto& group : shrunk) {
    touched.groups.push_back(group->first);
    cores_die = kill_leaves(group, dots) || cores_die;
  }
  if (!cores_die) return;
  std::erase_if(cores_, [&](const Core& core) { return leaf_index_.find(core.dot) == nullptr; });
}

// In one pass: each by itself would move all marks behind it.
void Document::kill_marks(const std::vector<Dot>& dots) {
  std::vector<const HandledMark*> dying;
  dying.reserve(dots.size());
  for (const Dot& dot : dots) {
    const HandledMark* found = mark(dot);
    CHECK(found != nullptr);
    leaf_sum_ -= hash_of(*found);
    dying.push_back(found);
  }
  for (const Dot& dot : dots) mark_index_.erase(dot);
  std::sort(dying.begin(), dying.end());
  auto next = dying.begin();
  auto marks = marks_.extract_sequence();
  const auto dies = [&](const HandledMark& mark) {
    if (next == dying.end() || *next != &mark) return false;
    ++next;
    return true;
  };
  marks.erase(std::remove_if(marks.begin(), marks.end(), dies), marks.end());
  marks_.adopt_sequence(boost::container::ordered_unique_range, std::move(marks));
}

bool Document::kill_leaves(Groups::iterator group, const std::vector<Dot>& dots) {
  bool core_dies = false;
  std::erase_if(group->second, [&](const Leaf& leaf) {
    if (!std::binary_search(dots.begin(), dots.end(), leaf.dot)) return false;
    leaf_sum_ -= hash_of(leaf);
    leaf_index_.erase(leaf.dot);
    core_dies = core_dies || is_core(leaf);
    return true;
  });
  if (group->second.empty()) groups_.erase(group);
  return core_dies;
}

std::vector<Dot> Document::killed_by(const Delta& delta) const {
  std::vector<Dot> killed;
  for (const Dot& dot : delta.killed) {
    if (is_live(dot)) killed.push_back(dot);
  }
  // `after` is exact for every replica that `advance` names, so these are the interval's own dots.
  // They are live here only where a part of the interval came by another way.
  for (const auto& [replica, counter] : delta.advance.entries()) {
    const std::uint64_t after = delta.after.of(replica);
    if (planted(Bug::kAkka22648) || context_.of(replica) <= after) continue;
    std::vector<Dot> own;
    leaf_index_.append_dots(replica, after + 1, counter, own);
    mark_index_.append_dots(replica, after + 1, counter, own);
    std::copy_if(own.begin(), own.end(), std::back_inserter(killed),
                 [&](const Dot& dot) { return !holds(delta.written, dot); });
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
    const bool revived = planted(Bug::kDeadLeafRevived) && !is_live(leaf.dot);
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
  for (const Dot& dot : dots()) {
    if (asker.covers(dot)) {
      fragment.kept.push_back(dot);
    } else {
      fragment.fresh.push_back(leaf_at(dot));
    }
  }
  return fragment;
}

std::optional<Delta> Document::brought_by(const Fragment& fragment) const {
  if (!context_.covers(fragment.asker) && !planted(Bug::kFragmentWithoutAsker)) return std::nullopt;
  Delta brought{context_, fragment.context.ahead_of(context_), {}, {}};
  if (planted(Bug::kIntervalFromAsker)) brought.after = fragment.asker;
  for (const Dot& dot : dots()) {
    const bool alive = !fragment.context.covers(dot) || holds(fragment.fresh, dot) ||
                       std::binary_search(fragment.kept.begin(), fragment.kept.end(), dot) ||
                       (planted(Bug::kRiakDt82) && holds_path(fragment.fresh, leaf_at(dot).path));
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
