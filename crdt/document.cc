#include "crdt/document.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "crdt/check.h"

namespace crdt {
namespace {

bool dot_before(const Leaf& leaf, const Dot& dot) { return leaf.dot < dot; }

// REQUIRES `leaves` in the order of their dots.
bool holds(const std::vector<Leaf>& leaves, const Dot& dot) {
  const auto found = std::lower_bound(leaves.begin(), leaves.end(), dot, dot_before);
  return found != leaves.end() && found->dot == dot;
}

// Dots that die in `delta` are its own past: one that is not covered here means a gap.
bool covers_all(const VersionVector& context, const std::vector<Dot>& dots) {
  return std::all_of(dots.begin(), dots.end(), [&](const Dot& dot) { return context.covers(dot); });
}

}  // namespace

Document::Document(VersionVector context, std::vector<Leaf> leaves) : context_(std::move(context)) {
  for (Leaf& leaf : leaves) {
    CHECK(context_.covers(leaf.dot));
    insert(std::move(leaf));
  }
}

Document::Document(const Document& other) : leaves_(other.leaves_), context_(other.context_) {
  for (auto path = leaves_.begin(); path != leaves_.end(); ++path) {
    for (const Leaf& leaf : path->second) by_dot_.emplace(leaf.dot, path);
  }
}

Document& Document::operator=(const Document& other) {
  if (this != &other) *this = Document(other);
  return *this;
}

const Document::Siblings& Document::at(std::string_view path) const {
  static const Siblings kNone;
  const auto found = leaves_.find(path);
  return found == leaves_.end() ? kNone : found->second;
}

const Leaf* Document::winner(std::string_view path) const {
  const Siblings& siblings = at(path);
  const auto less = [](const Leaf& a, const Leaf& b) {
    return std::tie(a.rank, a.value, a.dot) < std::tie(b.rank, b.value, b.dot);
  };
  const auto greatest = std::max_element(siblings.begin(), siblings.end(), less);
  return greatest == siblings.end() ? nullptr : &*greatest;
}

void Document::insert(Leaf leaf) {
  const Dot dot = leaf.dot;
  auto path = leaves_.find(leaf.path);
  if (path == leaves_.end()) path = leaves_.emplace(leaf.path, Siblings{}).first;
  CHECK(by_dot_.emplace(dot, path).second);
  Siblings& siblings = path->second;
  const auto place = std::lower_bound(siblings.begin(), siblings.end(), dot, dot_before);
  siblings.insert(place, std::move(leaf));
}

Document::Index::iterator Document::erase(Index::iterator entry) {
  const auto path = entry->second;
  Siblings& siblings = path->second;
  const auto leaf = std::lower_bound(siblings.begin(), siblings.end(), entry->first, dot_before);
  CHECK(leaf != siblings.end() && leaf->dot == entry->first);
  siblings.erase(leaf);
  if (siblings.empty()) leaves_.erase(path);
  return by_dot_.erase(entry);
}

const Leaf& Document::leaf_at(Index::const_iterator entry) const {
  const Siblings& siblings = entry->second->second;
  return *std::lower_bound(siblings.begin(), siblings.end(), entry->first, dot_before);
}

template <class Entry, class Map, class Visit>
void Document::for_each_killed(Map& index, const Delta& delta, Visit visit) {
  for (const Dot& dot : delta.killed) {
    if (const Entry entry = index.find(dot); entry != index.end()) visit(entry);
  }
  // `after` is exact for every replica that `advance` names, so these are the interval's own dots.
  // They are live here only where a part of the interval came by another way.
  for (const auto& [replica, counter] : delta.advance.entries()) {
    Entry entry = index.lower_bound(Dot{replica, delta.after.of(replica) + 1});
    while (entry != index.end() && entry->first <= Dot{replica, counter}) {
      entry = holds(delta.written, entry->first) ? std::next(entry) : visit(entry);
    }
  }
}

std::vector<Leaf> Document::group(std::string_view name) const {
  std::vector<Leaf> leaves;
  for (auto path = leaves_.lower_bound(name); path != leaves_.end(); ++path) {
    if (!std::string_view(path->first).starts_with(name)) break;
    if (group_of(path->first) != name) continue;
    leaves.insert(leaves.end(), path->second.begin(), path->second.end());
  }
  return leaves;
}

bool Document::follows(const Delta& delta) const {
  return context_.covers(delta.after) && covers_all(context_, delta.killed);
}

Applied Document::apply(const Delta& delta) {
  if (context_.covers(delta.advance)) return Applied::kDuplicate;
  if (!follows(delta)) return Applied::kGap;
  for_each_killed<Index::iterator>(by_dot_, delta, [&](auto entry) { return erase(entry); });
  for (const Leaf& leaf : delta.written) {
    if (!context_.covers(leaf.dot)) insert(leaf);
  }
  context_.join(delta.advance);
  return Applied::kApplied;
}

Fragment Document::fragment(const VersionVector& asker) const {
  Fragment fragment{asker, context_, {}, {}};
  for (auto entry = by_dot_.begin(); entry != by_dot_.end(); ++entry) {
    if (asker.covers(entry->first)) {
      fragment.kept.push_back(entry->first);
    } else {
      fragment.fresh.push_back(leaf_at(entry));
    }
  }
  return fragment;
}

std::optional<Delta> Document::brought_by(const Fragment& fragment) const {
  if (!context_.covers(fragment.asker)) return std::nullopt;
  Delta brought{context_, fragment.context.ahead_of(context_), {}, {}};
  for (const auto& [dot, path] : by_dot_) {
    const bool alive = !fragment.context.covers(dot) || holds(fragment.fresh, dot) ||
                       std::binary_search(fragment.kept.begin(), fragment.kept.end(), dot);
    if (!alive) brought.killed.push_back(dot);
  }
  for (const Leaf& leaf : fragment.fresh) {
    if (!context_.covers(leaf.dot)) brought.written.push_back(leaf);
  }
  return brought;
}

std::optional<Delta> Document::merge(const Fragment& fragment) {
  std::optional<Delta> brought = brought_by(fragment);
  if (brought) apply(*brought);
  return brought;
}

std::set<std::string, std::less<>> Document::groups_touched(const Delta& delta) const {
  std::set<std::string, std::less<>> groups;
  for_each_killed<Index::const_iterator>(by_dot_, delta, [&](auto entry) {
    groups.emplace(group_of(entry->second->first));
    return std::next(entry);
  });
  for (const Leaf& leaf : delta.written) {
    if (!context_.covers(leaf.dot)) groups.emplace(group_of(leaf.path));
  }
  return groups;
}

}  // namespace crdt
