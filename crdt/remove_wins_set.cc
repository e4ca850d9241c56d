#include "crdt/remove_wins_set.h"

#include <algorithm>

#include "crdt/planted.h"

namespace crdt {
namespace {

constexpr std::string_view kIn = "in";
constexpr std::string_view kOut = "out";

// A vote that is neither counts as "out": what a peer garbles grants nothing.
bool unanimous(Document::Siblings votes) {
  return !votes.empty() && std::all_of(votes.begin(), votes.end(),
                                       [](const Leaf& vote) { return vote.value == kIn; });
}

}  // namespace

bool RemoveWinsSet::contains(const Document& document, BytesView element) const {
  return unanimous(document.at(path(element)));
}

std::vector<Bytes> RemoveWinsSet::elements(const Document& document) const {
  std::vector<Bytes> members;
  for_each_below(document, prefix_, [&](const auto&, const auto& votes, std::string_view rest) {
    if (rest.find('/') == std::string_view::npos && unanimous(votes)) {
      members.push_back(unescape_part(rest));
    }
  });
  return members;
}

void RemoveWinsSet::grant(Edit& edit, BytesView element) const {
  edit.write(path(element), Bytes(kIn));
}

void RemoveWinsSet::revoke(Edit& edit, BytesView element) const {
  if (planted(Bug::kRevocationPurged)) return edit.remove(path(element));
  edit.write(path(element), Bytes(kOut));
}

}  // namespace crdt
