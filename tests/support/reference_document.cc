#include "tests/support/reference_document.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tests {
namespace {

Seen bit(std::size_t index) { return Seen{1} << index; }

}  // namespace

Seen ReferenceDocument::add(Operation operation) {
  if (operations_.size() == kOperationsMax) throw std::length_error("too many operations");
  const Seen own = bit(operations_.size());
  operation.number = 1;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    Operation& earlier = operations_[i];
    if (earlier.author == operation.author) ++operation.number;
    const bool seen = operation.history & bit(i);
    if (seen && earlier.path == operation.path) earlier.killers |= own;
  }
  operations_.push_back(std::move(operation));
  return own;
}

bool ReferenceDocument::is_live(std::size_t index, Seen seen) const {
  const Operation& operation = operations_[index];
  return operation.writes && (seen & bit(index)) && !(seen & operation.killers);
}

std::vector<const Operation*> ReferenceDocument::live(Seen seen) const {
  std::vector<const Operation*> found;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    if (is_live(i, seen)) found.push_back(&operations_[i]);
  }
  return found;
}

std::vector<const Operation*> ReferenceDocument::live_at(std::string_view path, Seen seen) const {
  std::vector<const Operation*> found = live(seen);
  std::erase_if(found, [&](const Operation* operation) { return operation->path != path; });
  return found;
}

int ReferenceDocument::count_of(int author, Seen seen) const {
  int count = 0;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    if (operations_[i].author == author && (seen & bit(i))) ++count;
  }
  return count;
}

void ReferenceEvent::write(std::string path, std::string value, std::int64_t amount) {
  std::int64_t rank = time_;
  for (const Operation* replaced : document_.live_at(path, before_)) {
    rank = std::max(rank, replaced->rank + 1);
  }
  made_ |= document_.add({author_, 0, true, std::move(path), std::move(value), rank, request_,
                          amount, before_ | made_, 0});
}

void ReferenceEvent::write_ranked(std::string path, std::string value, std::int64_t rank) {
  made_ |= document_.add(
      {author_, 0, true, std::move(path), std::move(value), rank, request_, 0, before_ | made_, 0});
}

void ReferenceEvent::remove(std::string path) {
  made_ |=
      document_.add({author_, 0, false, std::move(path), "", 0, request_, 0, before_ | made_, 0});
}

}  // namespace tests
