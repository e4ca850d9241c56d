#include "simulation/shrink.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace simulation {
namespace {

constexpr Duration kAfterLast = 3s;  // Between the last line of a plan and healing.

class Shrinker {
 public:
  Shrinker(const Plan& plan, const Failure& failure, const Try& attempt)
      : best_{plan, failure, 0}, attempt_(attempt) {}

  Shrunk run() {
    end_at_failure();
    std::size_t before = 0;
    do {
      before = size();
      thin_people();
      thin([](Plan& plan) -> std::vector<Fault>& { return plan.faults; });
      drop_nodes();
      thin([](Plan& plan) -> std::vector<Command>& { return plan.commands; });
      simplify();
    } while (size() < before && best_.tries < kTriesMax);
    return std::move(best_);
  }

 private:
  [[nodiscard]] std::size_t size() const {
    std::size_t size = best_.plan.commands.size() + best_.plan.faults.size();
    for (const Command& command : best_.plan.commands) size += command.doubles.size();
    return size + best_.plan.options.nodes;
  }

  bool take(Plan plan) {
    if (best_.tries >= kTriesMax || plan == best_.plan) return false;
    ++best_.tries;
    const auto failure = attempt_(plan);
    if (!failure || failure->kind != best_.failure.kind ||
        failure->property != best_.failure.property) {
      return false;
    }
    best_.plan = std::move(plan);
    best_.failure = *failure;
    return true;
  }

  // What comes later has no part in it.
  void end_at_failure() {
    Plan plan = best_.plan;
    const Time end = best_.failure.at;
    if (end >= plan.options.length) return;
    std::erase_if(plan.commands, [&](const Command& command) { return command.at > end; });
    std::erase_if(plan.faults, [&](const Fault& fault) { return fault.at > end; });
    take(std::move(plan));
    end_sooner();
  }

  void thin_people() {
    std::set<std::string> people;
    for (const Command& command : best_.plan.commands) people.insert(command.user);
    for (const std::string& person : people) {
      Plan plan = best_.plan;
      std::erase_if(plan.commands, [&](const Command& command) { return command.user == person; });
      take(std::move(plan));
    }
  }

  // Takes out runs of a list, half of it at first, single ones at last.
  template <class ListOf>
  void thin(ListOf list_of) {
    std::size_t count = (list_of(best_.plan).size() + 1) / 2;
    for (; count > 0; count = count == 1 ? 0 : (count + 1) / 2) {
      for (std::size_t at = 0; at < list_of(best_.plan).size();) {
        Plan plan = best_.plan;
        auto& list = list_of(plan);
        const auto from = list.begin() + static_cast<std::ptrdiff_t>(at);
        list.erase(from,
                   list.begin() + static_cast<std::ptrdiff_t>(std::min(at + count, list.size())));
        if (!take(std::move(plan))) at += count;
      }
    }
  }

  // One node less, its part taken over by the others.
  void drop_nodes() {
    while (best_.plan.options.nodes > 1) {
      Plan plan = best_.plan;
      const std::uint64_t nodes = --plan.options.nodes;
      for (Command& command : plan.commands) {
        for (Delivery& delivery : command.attempts) delivery.node %= nodes;
        for (Delivery& delivery : command.doubles) delivery.node %= nodes;
      }
      for (Fault& fault : plan.faults) {
        std::erase_if(fault.nodes, [&](NodeIndex node) { return node >= nodes; });
      }
      if (!take(std::move(plan))) return;
    }
  }

  void simplify() {
    Plan plan = best_.plan;
    for (Command& command : plan.commands) command.doubles.clear();
    take(std::move(plan));
    for (std::size_t i = 0; i < best_.plan.commands.size(); ++i) {
      plan = best_.plan;
      plan.commands[i].doubles.clear();
      take(std::move(plan));
    }
    plan = best_.plan;
    for (Command& command : plan.commands) command.attempts.resize(1);
    take(std::move(plan));
    end_sooner();
  }

  void end_sooner() {
    Plan plan = best_.plan;
    Time last{};
    for (const Command& command : plan.commands) last = std::max(last, command.at);
    for (const Fault& fault : plan.faults) {
      if (fault.kind != FaultKind::kBroken) last = std::max(last, fault.at + fault.lasts);
    }
    plan.options.length = std::min(plan.options.length, last + kAfterLast);
    for (Fault& fault : plan.faults) fault.at = std::min<Time>(fault.at, plan.options.length);
    take(std::move(plan));
  }

  Shrunk best_;
  const Try& attempt_;
};

}  // namespace

Shrunk shrink(const Plan& plan, const Failure& failure, const Try& attempt) {
  return Shrinker(plan, failure, attempt).run();
}

}  // namespace simulation
