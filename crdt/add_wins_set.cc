#include "crdt/add_wins_set.h"

namespace crdt {

std::vector<Bytes> AddWinsSet::elements(const Document& document) const {
  std::vector<Bytes> found;
  for_each_below(document, prefix_, [&](const auto&, const auto&, std::string_view rest) {
    // A slash is never part of an element: what has one belongs to something deeper.
    if (rest.find('/') == std::string_view::npos) found.push_back(unescape_part(rest));
  });
  return found;
}

}  // namespace crdt
