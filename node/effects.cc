#include "node/effects.h"

#include <iterator>
#include <utility>

namespace node {
namespace {

template <class T>
void move_behind(std::vector<T>& to, std::vector<T>& from) {
  if (to.empty()) {
    to.swap(from);
    return;
  }
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

}  // namespace

void Effects::append(Effects&& other) {
  move_behind(replies, other.replies);
  move_behind(parts, other.parts);
  move_behind(sends, other.sends);
  move_behind(closes, other.closes);
  move_behind(dials, other.dials);
  move_behind(notices, other.notices);
  new_run = new_run || other.new_run;
  wake_at = other.wake_at;
}

}  // namespace node
