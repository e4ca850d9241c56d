// History: what the request records of a run say was written and what each write replaced: a graph
// of values, without vectors, deltas or fragments.
//
// Shape    a value is named by its document and dot. It stands until a record says that a later
//          write replaced it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crdt/dot.h"
#include "crdt/request_id.h"
#include "simulation/plan.h"
#include "slack/incident/timeline.h"

namespace simulation {

class History {
 public:
  using Details = std::map<crdt::RequestId, std::vector<slack::incident::Detail>>;

  History(const Plan& plan, const Details& details);

  [[nodiscard]] bool written(const std::string& document, const crdt::Dot& dot) const;
  [[nodiscard]] bool replaced(const std::string& document, const crdt::Dot& dot) const;
  [[nodiscard]] std::vector<crdt::Dot> standing(const std::string& document) const;

  // A command of which one handling replaced, at however many removes, what another had written:
  // it saw itself, and was handled again all the same.
  [[nodiscard]] std::optional<std::size_t> done_twice() const;

  // Whether the one who wrote `dot` had seen what `command` wrote.
  [[nodiscard]] bool saw(const std::string& document, const crdt::Dot& dot,
                         std::size_t command) const;

  // Who wrote it, if a record says so.
  [[nodiscard]] std::optional<std::size_t> writer(const std::string& document,
                                                  const crdt::Dot& dot) const;

  // Pairs of commands: the first replaced a value of the second.
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> replacements() const;

 private:
  using Values = std::map<crdt::Dot, std::pair<std::size_t, std::vector<crdt::Dot>>>;

  [[nodiscard]] bool descends(const Values& values, const crdt::Dot& dot,
                              std::size_t command) const;

  std::map<std::string, Values> values_;  // By document: who wrote it, and what it replaced.
  std::map<std::string, std::set<crdt::Dot>> replaced_;
};

}  // namespace simulation
