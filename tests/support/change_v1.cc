#include "tests/support/change_v1.h"

#include <utility>
#include <vector>

#include "tests/support/octets_v1.h"

namespace tests {
namespace {

using crdt::Bytes;
using crdt::BytesView;

struct DotV1 {
  std::size_t place = 0;
  std::uint64_t counter = 0;
};

class PushV1 {
 public:
  PushV1(BytesView body, const NamesV1& names) : in_(body), names_(names) {}

  std::string read() {
    text_ = "push " + std::to_string(in_.number());
    const std::uint64_t head = in_.number();
    if (head % 2 == 1) text_ += " first-hand";
    for (std::uint64_t left = head / 2; left > 0; --left) {
      text_ += " document " + crdt::to_hex(name());
      delta();
    }
    while (!in_.empty()) {
      text_ += " record " + crdt::to_hex(in_.run());
      text_ += " = " + crdt::to_hex(in_.run());
    }
    return text_;
  }

 private:
  BytesView name() {
    const std::uint64_t reference = in_.number();
    if (reference % 2 == 0) return in_.take(reference / 2);
    const auto known = names_.find(reference / 2);
    if (known == names_.end()) throw std::runtime_error("it refers to a name that was not told");
    return known->second;
  }

  void vectors() {
    replicas_.clear();
    for (std::uint64_t left = in_.number(); left > 0; --left) {
      replicas_.push_back(crdt::to_hex(name()));
    }
    after_.assign(replicas_.size(), 0);
    for (std::uint64_t& counter : after_) counter = in_.number();
    text_ += " after";
    for (std::size_t i = 0; i < after_.size(); ++i) {
      if (after_[i] > 0) text_ += " " + dot_text({i, after_[i]});
    }
    text_ += " advance";
    dot_ = {};  // What the first of them follows.
    bool first = true;
    for (std::size_t i = 0; i < after_.size(); ++i) {
      const std::uint64_t more = in_.number();
      if (more == 0) continue;
      if (std::exchange(first, false)) dot_ = {i, after_[i]};
      text_ += " " + dot_text({i, after_[i] + more});
    }
  }

  std::string dot_text(const DotV1& dot) const {
    return replicas_.at(dot.place) + ":" + std::to_string(dot.counter);
  }

  DotV1 dot(const DotV1& before) {
    const std::uint64_t further = in_.number();
    const std::uint64_t counter = in_.number();
    return {before.place + further, further == 0 ? before.counter + counter : counter};
  }

  void delta() {
    vectors();
    text_ += " killed";
    DotV1 dead;
    for (std::uint64_t left = in_.number(); left > 0; --left) {
      dead = dot(dead);
      text_ += " " + dot_text(dead);
    }
    stamp_ = Bytes(16, '\0');
    author_.clear();
    rank_ = 0;
    for (std::uint64_t left = in_.number(); left > 0; --left) leaf();
  }

  void leaf() {
    const std::uint64_t flags = in_.fixed(1);
    if (flags > 15) throw std::runtime_error("a leaf has a flag of a later version");
    if ((flags & 1) != 0) {
      ++dot_.counter;
    } else {
      dot_ = dot(dot_);
    }
    if ((flags & 2) == 0) {
      stamp_ = in_.take(16);
      author_ = name();
    }
    std::string path = "h/" + crdt::to_hex(stamp_);
    if ((flags & 8) == 0) {
      path = name();
      path += name();
    }
    if ((flags & 4) == 0) rank_ += in_.difference();
    text_ += " leaf " + dot_text(dot_) + " " + crdt::to_hex(path) + " rank " +
             std::to_string(static_cast<std::int64_t>(rank_)) + " of " + crdt::to_hex(stamp_) +
             " by " + crdt::to_hex(author_) + " = " + crdt::to_hex(in_.run());
  }

  OctetsV1 in_;
  const NamesV1& names_;
  std::string text_;
  std::vector<std::string> replicas_;
  std::vector<std::uint64_t> after_;
  // Of the leaf before.
  DotV1 dot_;
  Bytes stamp_;
  Bytes author_;
  std::uint64_t rank_ = 0;
};

}  // namespace

void define_v1(BytesView body, NamesV1& names) {
  for (OctetsV1 in(body); !in.empty();) {
    const std::uint64_t slot = in.number();
    names[slot] = in.run();
  }
}

std::string push_v1(BytesView body, const NamesV1& names) { return PushV1(body, names).read(); }

std::string pushed_v1(BytesView body) {
  std::string text = "pushed";
  std::uint64_t seq = 0;
  for (OctetsV1 in(body); !in.empty();) text += " " + std::to_string(seq += in.difference());
  return text;
}

std::string compare_v1(BytesView body) {
  OctetsV1 in(body);
  std::string text = "compare step " + std::to_string(in.number());
  text += " round " + std::to_string(in.number()) + " numbers";
  for (auto left = in.number(); left > 0; --left) text += " " + std::to_string(in.fixed(8));
  text += " symbols " + crdt::to_hex(in.run()) + " wanted";
  for (auto left = in.number(); left > 0; --left) text += " " + std::to_string(in.fixed(4));
  text += " documents";
  for (auto left = in.number(); left > 0; --left) {
    text += " " + crdt::to_hex(in.run());
    text += ":" + std::to_string(in.fixed(8));
  }
  text += " records";
  for (auto left = in.number(); left > 0; --left) text += " " + crdt::to_hex(in.run());
  if (!in.empty()) throw std::runtime_error("a comparison goes on past its end");
  return text;
}

}  // namespace tests
