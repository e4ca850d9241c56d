// Nemesis: does to a cluster what a plan's faults say, and undoes it when they are over.
//
// Shape    a fault's end leaves the cluster as if it had never been, but for what was lost. What a
//          lost disk held alone is told to on_loss before it is gone.
// Laws     after heal() nothing is broken but the remainder that the plan breaks for ever.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "simulation/cluster.h"
#include "simulation/plan.h"
#include "simulation/scheduler.h"

namespace simulation {

class Nemesis {
 public:
  // Before the store of this node is replaced, or a lying disk forgets.
  using OnLoss = std::function<void(NodeIndex node)>;

  Nemesis(const Options& options, Cluster& cluster, Scheduler& scheduler, Coverage& coverage,
          OnLoss on_loss)
      : commit_mean_(options.commit_mean),
        cluster_(cluster),
        scheduler_(scheduler),
        coverage_(coverage),
        on_loss_(std::move(on_loss)) {}

  void schedule(const std::vector<Fault>& faults);

  // Everything works again; what kBroken faults break stays so for ever.
  void heal();

  [[nodiscard]] std::uint64_t injected() const { return injected_; }
  // Nothing has been broken for so long that nobody should still be busy with it.
  [[nodiscard]] bool calm() const {
    return healed_ == 0 && damaged_.empty() && scheduler_.now() > busy_until_ + kRecoversIn;
  }
  // The nodes that never come back right.
  [[nodiscard]] const std::set<NodeIndex>& broken() const { return broken_; }
  // How often a machine's memory was put back: since then a dot may be two values.
  [[nodiscard]] std::uint64_t put_back() const { return put_back_; }
  // Values in these nodes' stores were altered, and may not be healed by the end of a run.
  [[nodiscard]] const std::set<NodeIndex>& damaged() const { return damaged_; }

 private:
  // A dead link is missed after 6 s and dialled again after 2 s; a scan that hangs is given up
  // after 30 s.
  static constexpr Duration kRecoversIn = 40s;

  using Pairs = std::vector<std::pair<NodeIndex, NodeIndex>>;

  void begin(const Fault& fault);
  [[nodiscard]] bool may_damage(NodeIndex node) const;
  void begin_cut(const Fault& fault);
  void begin_link_fault(const Fault& fault);
  void begin_node_fault(const Fault& fault, NodeIndex node);
  void begin_disk_fault(const Fault& fault, NodeIndex node);
  void break_for_ever(const Fault& fault);

  void cut(const Pairs& pairs, Duration lasts, bool reset);
  void flap(const Pairs& pairs, Time until, Duration period);
  void swizzle(const Fault& fault);
  void replay(const Fault& fault, NodeIndex node);
  void crash(const Fault& fault, NodeIndex node);
  void kill(NodeIndex node, Death death);
  void take_down(NodeIndex node, Death death, Duration lasts);
  void replace_store(const Fault& fault, NodeIndex node);
  void put_back(const Fault& fault, NodeIndex node);
  void weather_of(NodeIndex node, const std::function<void(Weather&)>& change);
  // Runs `action` unless all is healed by then: healing undoes everything itself.
  void later(Duration delay, std::function<void()> action);
  [[nodiscard]] Pairs across(const std::set<NodeIndex>& side) const;
  [[nodiscard]] Pairs ring_gaps() const;

  Duration commit_mean_;
  Cluster& cluster_;
  Scheduler& scheduler_;
  Coverage& coverage_;
  OnLoss on_loss_;
  std::vector<Fault> forever_;
  struct Snapshot {
    Disk::Contents contents;
    std::optional<std::uint64_t> life;  // Cluster::life().
  };
  std::vector<Snapshot> snapshots_;  // By node: what a rollback or a put-back returns to.
  std::set<NodeIndex> broken_;
  std::set<NodeIndex> damaged_;
  std::set<NodeIndex> lying_;  // Their disks say that they stored what they did not.
  std::uint64_t injected_ = 0;
  std::uint64_t put_back_ = 0;
  Time busy_until_{};
  std::uint64_t healed_ = 0;  // How often.
};

}  // namespace simulation
