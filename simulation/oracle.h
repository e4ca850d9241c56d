// Oracle: knows what people were promised, and finds it, or does not, in what nodes store.
//
// Shape    fed with every delivery and every answer; asked about stores while the run goes on and
//          when it is over. What documents should hold is computed from the request records, which
//          say what each request wrote and what it replaced: a model without vectors, deltas or
//          fragments.
// Laws     what an answer claimed must be stored, unless the one disk that had it was lost, or a
//          node that never came back has it.
//          Known limits, not failures, each of today's product:
//          - A request whose retry was signed anew and handled on both sides of a cut has two
//            timeline records.
//          - Where both sides minted one number before they knew of the cut, a change by that bare
//            number and its retry on the other side change two tasks: marked, not failed.
//          - A store with altered values is left out: it is healed when a walk finds them.
//          - After the loss of a disk a value may be without its request record, and the other
//            way round: they reach others by two ways. And a store that came back without what it
//            minted may mint a label again, while somebody who knows it is out of reach.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "simulation/coverage.h"
#include "simulation/failure.h"
#include "simulation/history.h"
#include "simulation/plan.h"
#include "simulation/store_view.h"

namespace simulation {

class Oracle {
 public:
  Oracle(const Plan& plan, Coverage& coverage, Verdict& verdict);

  // --- what people see ---
  // What a client may count on when it sends a command to a node: everything that this incarnation
  // of the node's store has answered before.
  struct Promise {
    std::uint64_t incarnation = 0;
    std::size_t tasks = 0;  // Of the channel.
    std::set<std::uint32_t> numbers;
    bool first = false;  // Delivery of this command to anybody.
    bool asks = false;   // It names a number that two tasks have there.
  };
  // Where a change was found as its answer came.
  struct Kept {
    bool here = true;                  // In the store of who answered.
    std::optional<NodeIndex> missing;  // Who does not have what everybody is said to have.
  };
  [[nodiscard]] Promise sent(std::size_t command, NodeIndex node, std::uint64_t incarnation,
                             std::int64_t signed_second);
  void answered(Time at, std::size_t command, NodeIndex node, std::uint64_t incarnation,
                const Promise& promise, std::string_view body, const Kept& kept);
  // A peer does not have an answered change although nothing is broken and it had time.
  void spread_late(Time at, std::size_t command, NodeIndex node);
  // The bare number that the command names, where people were shown two tasks by it.
  [[nodiscard]] std::optional<std::uint32_t> shared_number(std::size_t command) const;

  // --- what nodes store ---
  // `node`'s store, of which the records are read, is about to be lost; `others` are all the rest.
  void lost(const StoreView& node, const std::vector<Outline>& others);
  // A machine's memory was put back: what it minted since may be two values under one dot, a later
  // value of nobody's asking may stand for both, half of a change may hide the other, and ids are
  // drawn for what is written anew. What the request records say of dots is no model of documents
  // any more; that nothing is gone in the end still is checked.
  void reminted() { reminted_ = true; }
  // What must hold in any store at any time.
  void check_store(Time at, NodeIndex node, const StoreView& view, std::uint64_t replicas);
  // What must hold in every store of a converged core; `rest` are the stores of broken nodes.
  void check_converged(Time at, const StoreView& core, const Shown& shown,
                       const std::vector<StoreView>& rest);

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_.size(); }

 private:
  using Values = std::set<std::pair<std::string, crdt::Dot>>;  // Of documents.
  // What anybody wrote: document, path, value.
  using Said = std::set<std::tuple<std::string, std::string, std::string>>;

  // What one node has shown of one channel, in one incarnation.
  struct ShownTasks {
    std::uint64_t incarnation = 0;
    std::size_t added = 0;
    std::size_t tasks_max = 0;
    std::set<std::uint32_t> numbers;
  };

  void lost_records(const StoreView& node, const std::vector<Outline>& others);
  void lost_values(const StoreView& node, const std::vector<Outline>& others);
  // Of the command's channel; nothing where nobody gave that command.
  [[nodiscard]] std::optional<std::string> document_of(const crdt::RequestId& request) const;
  // Calls `visit` with the document's key for every change; never where nobody typed the request.
  using OnChange = std::function<void(const std::string&, const slack::incident::FieldChange&)>;
  void each_change(const crdt::RequestId& request,
                   const std::vector<slack::incident::Detail>& details,
                   const OnChange& visit) const;
  [[nodiscard]] Values values_of(const crdt::RequestId& request,
                                 const std::vector<slack::incident::Detail>& details) const;
  [[nodiscard]] Values replaced_by(const crdt::RequestId& request,
                                   const std::vector<slack::incident::Detail>& details) const;
  [[nodiscard]] Said said_in(const History::Details& details) const;
  void compare_answers(std::size_t command, NodeIndex node, std::uint64_t incarnation,
                       std::string_view body);
  void check_answer(Time at, std::size_t command, NodeIndex node, const Promise& promise,
                    const Kept& kept);
  void check_tasks(Time at, const std::string& where, const DocumentView& document);
  using Labels = std::map<std::pair<std::uint32_t, char>, std::string_view>;
  void check_label(Time at, const std::string& where, std::string_view id, std::string_view core,
                   Labels& labels);
  void check_labels(Time at, const StoreView& core, const std::vector<StoreView>& rest);
  void check_dots(Time at, const std::string& key, const DocumentView& document);
  void check_timeline(Time at, const std::string& where, const StoreView& view);
  void check_acknowledged(Time at, const StoreView& core, const History::Details& details,
                          const std::vector<StoreView>& rest);
  void check_effect(Time at, std::size_t command,
                    const std::vector<slack::incident::Detail>& details);
  void check_all_done(Time at, std::size_t command,
                      const std::vector<slack::incident::Detail>& details, const Said& said);
  void check_model(Time at, const StoreView& core, const History& history);
  void check_shown(Time at, const StoreView& core, const Shown& shown, const History& history,
                   const History::Details& details);
  void check_history(Time at, const History& history);
  void check_tasks_kept(Time at, const StoreView& core, const std::vector<StoreView>& rest);
  void fail(Time at, std::string property, std::string detail);

  const Plan& plan_;
  Coverage& coverage_;
  Verdict& verdict_;
  std::map<crdt::RequestId, std::size_t> by_request_;
  std::set<std::string, std::less<>> created_;  // Texts that just one command adds.
  std::map<crdt::RequestId, std::set<std::int64_t>> stamps_;
  std::map<std::pair<NodeIndex, std::string>, ShownTasks> shown_;
  std::map<std::size_t, std::pair<Time, NodeIndex>> acknowledged_;  // By command: first by whom.
  using Given = std::pair<std::uint64_t, std::string>;  // In which incarnation, and what.
  // The first answer in the last incarnation, by command and node.
  std::map<std::pair<std::size_t, NodeIndex>, Given> given_;
  std::map<std::size_t, std::string> answered_otherwise_;                  // By command: how.
  std::map<std::pair<std::string, std::uint32_t>, std::size_t> numbered_;  // Adds, by number.
  std::map<std::size_t, std::string> labels_;  // Of adds, by command: as first shown.

  // What lost disks alone had: requests, request records, the values that those name, and dots, or
  // alone knew to be replaced.
  std::set<crdt::RequestId> excused_;
  std::set<crdt::RequestId> unrecorded_;
  Values unwritten_;
  Values unshared_;
  std::map<std::pair<std::string, crdt::Dot>, crdt::Leaf> dots_;
  bool reminted_ = false;
  bool any_loss_ = false;  // A store forgot which numbers it had minted.
};

}  // namespace simulation
