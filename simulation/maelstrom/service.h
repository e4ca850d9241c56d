// Service: what Maelstrom's clients ask of one node, answered from its replicated documents.
//
// Shape    broadcast and g-set are an add-wins set each, g-counter and pn-counter one counter, in a
//          document each; unique ids are this process's replica id and a number, as dots are.
//          "read" has one name in all workloads and three kinds of answer. Who knows the workload
//          says it; else "topology", which only broadcast has, or what was added shows which is
//          meant, and before that a read is refused for the moment.
// Errors   other requests, lin-kv's among them, are refused as not supported: what needs one order
//          of all writes cannot be had from peers that all take writes.
// Source   Maelstrom, doc/workloads.md.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "crdt/edit.h"
#include "crdt/repository.h"
#include "simulation/maelstrom/envelope.h"

namespace simulation::maelstrom {

class Service {
 public:
  // As its path must stay within crdt::kPathBytesMax, each octet escaped. Maelstrom's are integers.
  static constexpr std::size_t kElementBytesMax = 80;

  // A change that was made here, and the row that logs it.
  using Made = std::pair<std::uint64_t, crdt::Change>;

  // `workload`: "broadcast", "g-set", "g-counter", "pn-counter"; or empty.
  Service(crdt::Repository& repository, crdt::ReplicaId self, const std::string& workload);

  [[nodiscard]] Envelope answer(const Envelope& request);

  [[nodiscard]] std::vector<Made> take_made() { return std::exchange(made_, {}); }

 private:
  Envelope add_element(const Envelope& request, const std::string& key, const char* field);
  Envelope add_amount(const Envelope& request);
  Envelope read(const Envelope& request);

  const crdt::Document& document(const std::string& key);
  template <class Operate>
  void change(const std::string& key, Operate operate);

  crdt::Repository& repository_;
  crdt::ReplicaId self_;
  std::uint64_t requests_ = 0;  // That changed something or drew an id.
  std::string read_key_;        // The document that a read reads; empty while that is unknown.
  std::vector<Made> made_;
};

}  // namespace simulation::maelstrom
