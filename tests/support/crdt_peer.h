// CrdtPeer: one holder of one document, in a few words, for tests that tell a story.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "crdt/document.h"
#include "crdt/edit.h"
#include "tests/support/crdt_subjects.h"

namespace tests {

struct CrdtPeer {
  explicit CrdtPeer(int author) : id(replica_id(author)) {}

  // Makes one event with `operate(edit)`, takes it and returns its delta.
  template <class Operate>
  crdt::Delta edit(Operate operate, std::uint64_t request = 1) {
    crdt::Edit edit(document, id, {request_id(request), "U1"}, crdt::Rank{request_time(request)},
                    previous);
    operate(edit);
    const crdt::Delta delta = edit.finish();
    EXPECT_EQ(document.apply(delta), crdt::Applied::kApplied);
    previous = document.context();
    return delta;
  }

  crdt::Delta write(const std::string& path, const std::string& value, std::uint64_t request = 1) {
    return edit([&](crdt::Edit& edit) { edit.write(path, value); }, request);
  }

  crdt::Delta remove(const std::string& path) {
    return edit([&](crdt::Edit& edit) { edit.remove(path); });
  }

  crdt::Applied take(const crdt::Delta& delta) { return document.apply(delta); }

  // Asks `other` and merges the answer at once.
  void learn_from(const CrdtPeer& other) {
    EXPECT_TRUE(document.merge(other.document.fragment(document.context())).has_value());
  }

  // Values of the live leaves of `path`, in the order of dots.
  [[nodiscard]] std::vector<std::string> values(const std::string& path) const {
    std::vector<std::string> values;
    for (const crdt::Leaf& leaf : document.at(path)) values.push_back(leaf.value);
    return values;
  }

  crdt::Document document;
  crdt::ReplicaId id;
  crdt::VersionVector previous;
};

}  // namespace tests
