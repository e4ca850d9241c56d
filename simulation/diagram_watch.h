// DiagramWatch: looks at a cluster after every step and writes into a Diagram what changed.
//
// Shape    a store is read again only where it wrote, and then only the documents that its new log
//          rows name.
// Laws     it looks and touches nothing: a watched run is the same run, to the byte.
#pragma once

#include <set>
#include <vector>

#include "simulation/cluster.h"
#include "simulation/diagram.h"

namespace simulation {

class DiagramWatch {
 public:
  static constexpr Duration kSampleEvery = 100ms;  // Of clocks and digests.

  DiagramWatch(Diagram& diagram, Cluster& cluster);

  void look(Time now);
  // Everything once more, past the log: what was altered behind the nodes' backs.
  void finish(Time now);

 private:
  // What tells that a store may hold something else than at the last look.
  struct Seen {
    std::uint64_t writes = 0;
    std::uint64_t incarnation = 0;
    bool running = false;
    std::uint64_t head = 0;  // Of its log.
  };

  void read(Time now, NodeIndex node, bool all);
  void compare(Time now, NodeIndex node, const Diagram::Fields& fields,
               const std::set<std::string>& documents, bool went_back);
  void sample(Time now);

  Diagram& diagram_;
  Cluster& cluster_;
  std::vector<Seen> seen_;
  Time next_sample_{};
};

}  // namespace simulation
