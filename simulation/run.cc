#include "simulation/run.h"

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "crdt/check.h"
#include "gossip/membership.h"
#include "simulation/archive.h"
#include "simulation/beliefs.h"
#include "simulation/diagram_watch.h"
#include "simulation/journaled_disk.h"
#include "simulation/lmdb_disk.h"
#include "simulation/nemesis.h"
#include "simulation/oracle.h"
#include "simulation/traffic.h"

namespace simulation {
namespace {

constexpr Duration kLookEvery = 100s;  // A checker at one node while the run goes on.
constexpr Duration kErased = 15s;      // After a move: 256 rows each quarter of a second.
constexpr Duration kPoll = 100ms;      // For convergence.
// From equal stores to quiet ones: acknowledgements; and a link that was silent when all was healed
// is missed when its peer is probed over it, whose turn comes every second period, and 4 s later,
// takes 2 s to be dialled again, and the new one is talked over. Periods are longer for a while
// where a peer found itself slow (Lifeguard): seed 316 took 18 s.
constexpr Duration kSettle = 25s;
constexpr Duration kProbedEvery = 2 * gossip::Membership::kPeriod;  // Times the other peers.
constexpr Duration kQuiet = 10s;    // Watched for stores that still change.
constexpr Duration kAsked = 100ms;  // For a node's status.
// After the quiet every link was probed. Where a remainder stays broken, a peer may be doubted on
// its word at any time; refuting takes a round of news or two.
constexpr Duration kBelieveMax = 10s;
// Where dots were minted twice: two comparisons, a minute apart at most, and two new runs.
constexpr Duration kHealMax = 5min;
constexpr Duration kTrafficMax = 60s;  // For the last commands to be answered after healing.
// A link's end and second: where there are two peers, 1.25 probes and as many answers, sealed.
constexpr std::uint64_t kQuietBytesMax = 150;
constexpr std::uint64_t kQueueMax = 8'192;  // Of events: far above what a second brings.
constexpr std::uint64_t kBytesFixed = 256 << 10;
constexpr std::uint64_t kBytesPerChange = 24 << 10;  // Stored: document, log, records, marks.

class Runner {
 public:
  Runner(const Plan& plan, const RunSettings& settings)
      : plan_(plan),
        trace_(trace_of(settings)),
        archive_(scheduler_, coverage_, verdict_),
        cluster_(plan.options, scheduler_, trace_, coverage_, storage_of(settings)),
        oracle_(plan_, coverage_, verdict_),
        traffic_(plan_, cluster_, scheduler_, coverage_, oracle_,
                 [this] { return nemesis_.calm(); }),
        nemesis_(plan.options, cluster_, scheduler_, coverage_,
                 [this](NodeIndex node) { on_loss(node); }),
        looks_(plan.options.seed, "looks") {
    for (NodeIndex node = 0; node < cluster_.size(); ++node) {
      archive_.add_node(cluster_.disk(node));
    }
    if (settings.diagram != nullptr) watch_.emplace(*settings.diagram, cluster_);
  }

  Report run() {
    try {
      play();
    } catch (const std::runtime_error& error) {  // Of a store that nobody can read.
      fail("safety", "stores stay readable", error.what());
    }
    if (watch_) watch_->finish(scheduler_.now());
    return report();
  }

 private:
  void play() {
    traffic_.schedule();
    nemesis_.schedule(plan_.faults);
    for (Time at = kLookEvery; at < plan_.options.length; at += kLookEvery) {
      scheduler_.at(at, [this] { look(looks_.below(cluster_.size())); });
    }
    pass(plan_.options.length);
    nemesis_.heal();
    traffic_.hurry();
    if (good()) finish_traffic();
    if (good()) converge();
    if (good()) be_quiet();
    if (good()) check_beliefs();
    if (good()) rest_from_moves();
    if (good()) check_all();
  }

  static Trace trace_of(const RunSettings& settings) {
    Trace trace;
    if (settings.keep_digests) trace.keep();
    if (settings.describe) trace.describe(*settings.describe);
    trace.draw(settings.diagram);
    return trace;
  }

  [[nodiscard]] Storage storage_of(const RunSettings& settings) {
    const Options& options = plan_.options;
    Storage storage = settings.wrap                       ? memory_storage(settings.wrap)
                      : options.store == StoreKind::kLmdb ? lmdb_storage(options.seed)
                                                          : journaled_storage(options.seed);
    if (options.keep == 0us) return storage;
    storage.watch = [this](std::unique_ptr<node::Store> store, const Disk& disk) {
      return archive_.watch(std::move(store), disk);
    };
    return storage;
  }

  [[nodiscard]] bool good() const { return !verdict_.failure(); }

  void fail(std::string kind, std::string property, std::string detail) {
    verdict_.fail({std::move(kind), std::move(property), std::move(detail), scheduler_.now()});
  }

  void pass(Duration time) {
    const Time until = scheduler_.now() + time;
    while (good() && scheduler_.step(until)) {
      if (watch_) watch_->look(scheduler_.now());
      if (cluster_.queue_max() > kQueueMax) {
        fail("bounds", "a node's queue stays short", std::to_string(cluster_.queue_max()));
      }
      // A comparison heals it, and so hides whatever made it.
      const bool sound = nemesis_.damaged().empty() && nemesis_.put_back() == 0;
      if (!cluster_.united().empty() && sound) {
        fail("safety", "two states have two vectors", cluster_.united());
      }
    }
  }

  // Who must agree in the end. A store with altered values is left out: peers heal it as soon as it
  // is read or walked over, which may be after the run, and what it held alone nobody can heal.
  [[nodiscard]] std::vector<NodeIndex> core() const {
    std::vector<NodeIndex> nodes;
    for (NodeIndex node = 0; node < cluster_.size(); ++node) {
      if (nemesis_.broken().contains(node) || nemesis_.damaged().contains(node)) continue;
      nodes.push_back(node);
    }
    CHECK(!nodes.empty());  // Else anything would pass.
    return nodes;
  }

  void finish_traffic() {
    const Time until = scheduler_.now() + kTrafficMax;
    while (good() && !traffic_.idle() && scheduler_.now() < until) pass(kPoll);
    if (good() && !traffic_.idle()) fail("liveness", "every command ends", "some are still open");
  }

  [[nodiscard]] bool equal() {
    std::optional<crdt::StoreDigest> first;
    for (const NodeIndex node : core()) {
      const auto digest = digest_of(cluster_.store(node));
      if (!digest || (first && *first != *digest)) return false;
      first = digest;
    }
    return true;
  }

  [[nodiscard]] bool linked() const { return unlinked().empty(); }

  // Who should be and is not.
  [[nodiscard]] std::string unlinked() const {
    std::string text;
    const std::vector<NodeIndex> nodes = core();
    for (const NodeIndex a : nodes) {
      for (const NodeIndex b : nodes) {
        if (a >= b || cluster_.network().linked(a, b)) continue;
        text.append(text.empty() ? "not linked:" : ",").append(" ");
        text.append(1, letter_of(a)).append(" and ").append(1, letter_of(b));
      }
    }
    return text.empty() ? text : text + ";";
  }

  void converge() {
    const Time begin = scheduler_.now();
    while (good() && !(linked() && equal())) {
      if (scheduler_.now() - begin > (nemesis_.put_back() > 0 ? kHealMax : kConvergeMax)) {
        return fail("liveness", "after healing all peers become equal", differences());
      }
      pass(kPoll);
    }
    converged_after_ = scheduler_.now() - begin;
  }

  [[nodiscard]] std::string differences() {
    std::string text = unlinked();
    if (text.empty()) text = "all linked;";
    const std::vector<NodeIndex> nodes = core();
    for (const NodeIndex node : nodes) {
      const auto digest = digest_of(cluster_.store(node));
      text += std::string(" ") + letter_of(node) + " holds ";
      text += !digest ? "a damaged log"
                      : std::to_string(digest->documents) + " documents and " +
                            std::to_string(digest->records) + " records, hash " +
                            std::to_string(digest->hash % 10'000);
      text += ";";
    }
    const StoreView first = readable(nodes.front(), view_of);
    for (const NodeIndex node : nodes) {
      const std::string differs = first_difference(first, readable(node, view_of));
      if (differs.empty()) continue;
      text.append(" ").append(1, letter_of(nodes.front())).append(" and ");
      text.append(1, letter_of(node)).append(" differ in ").append(differs);
      return text;
    }
    return text;
  }

  [[nodiscard]] std::uint64_t writes() {
    std::uint64_t sum = 0;
    for (const NodeIndex node : core()) sum += cluster_.disk(node).writes();
    return sum;
  }

  // Nothing is left to say: stores rest, and links carry no more than that they live.
  void be_quiet() {
    pass(kSettle + cluster_.size() * kProbedEvery);
    if (!nemesis_.broken().empty() || !nemesis_.damaged().empty()) return;  // Those go on trying.
    std::uint64_t written = 0;
    std::uint64_t sent = 0;
    Time begin{};
    // Minutes after its start a node walks its store and sweeps the log: once each.
    std::size_t sweeps = cluster_.size();
    const auto changed = [&] { return writes() != written && sweeps-- > 0; };
    do {
      rest_from_moves();
      begin = scheduler_.now();
      written = writes();
      sent = cluster_.network().bytes_sent();
      pass(kQuiet);
    } while (good() && (archive_.moved_at() >= begin || changed()));
    if (writes() != written) fail("liveness", "equal peers are quiet", "stores still change");
    const std::uint64_t ends = cluster_.size() * (cluster_.size() - 1);
    const std::uint64_t seconds =
        static_cast<std::uint64_t>(kQuiet / 1s) * std::max<std::uint64_t>(ends, 1);
    const std::uint64_t rate = (cluster_.network().bytes_sent() - sent) / seconds;
    if (rate > kQuietBytesMax) {
      fail("liveness", "equal peers are quiet",
           std::to_string(rate) + " octets a link's end and second");
    }
  }

  // Until all have erased what the horizon hid when it last moved. It moves once a minute.
  void rest_from_moves() {
    while (good() && scheduler_.now() - archive_.moved_at() < kErased) pass(kPoll);
  }

  // Everybody in the core knows of everybody in it that it is alive, and tells operators so.
  void check_beliefs() {
    const Time until = scheduler_.now() + kBelieveMax;
    std::optional<std::string> wrong;
    do {
      wrong.reset();
      for (const NodeIndex node : core()) {
        if (good() && !wrong) wrong = belief_of(node);
      }
    } while (good() && wrong && scheduler_.now() < until);
    if (wrong && good())
      fail("liveness", "after healing everybody believes everybody alive", *wrong);
  }

  [[nodiscard]] std::optional<std::string> belief_of(NodeIndex node) {
    node::HttpRequest request;
    request.listener = node::Listener::kAdmin;
    request.method = "GET";
    request.target = "/status";
    request.authorization = std::string("Bearer ") + kReaderToken;
    const auto said = std::make_shared<std::string>();
    cluster_.request(node, std::move(request), [said](const auto& reply) {
      if (reply) *said = reply->body;
    });
    pass(kAsked);
    std::set<std::string> names;
    for (const NodeIndex other : core()) names.insert(std::string(1, letter_of(other)));
    return wrong_belief(*said, names);
  }

  void look(NodeIndex node) {
    if (nemesis_.damaged().contains(node)) return;
    oracle_.check_store(scheduler_.now(), node, view_of(cluster_.store(node)), cluster_.replicas());
  }

  // Nothing, where a damaged store cannot even be opened.
  template <class Seen>
  [[nodiscard]] Seen readable(NodeIndex node, Seen (*read)(node::Store& store)) {
    try {
      return read(cluster_.store(node));
    } catch (const std::runtime_error&) {
      if (good() && !nemesis_.damaged().contains(node)) throw;
      return {};
    }
  }

  void on_loss(NodeIndex node) {
    if (nemesis_.put_back() > 0) oracle_.reminted();
    std::vector<Outline> others;
    for (NodeIndex other = 0; other < cluster_.size(); ++other) {
      if (other != node) others.push_back(readable(other, outline_of));
    }
    oracle_.lost(readable(node, records_of), others);
  }

  void check_all() {
    std::optional<StoreView> first;
    std::optional<std::uint64_t> first_rows;
    Shown shown;
    std::vector<StoreView> rest;
    for (NodeIndex node = 0; node < cluster_.size() && good(); ++node) {
      check_bytes(node);
      if (nemesis_.damaged().contains(node)) continue;
      const bool broken = nemesis_.broken().contains(node);
      const auto rows = rows_hash(cluster_.store(node));
      if (!broken && first && rows && rows == first_rows) continue;  // What was checked already.
      StoreView view = view_of(cluster_.store(node));
      if (!view.damage.empty()) fail("safety", "stores stay sound", view.damage);
      if (!broken && first) {
        if (!(view == *first)) {
          fail("safety", "equal digests mean equal stores", std::string(1, letter_of(node)));
        }
        continue;
      }
      oracle_.check_store(scheduler_.now(), node, view, cluster_.replicas());
      if (broken) {
        rest.push_back(std::move(view));
      } else {
        first = std::move(view);
        first_rows = rows;
        shown = shown_in(cluster_.store(node));
      }
    }
    if (first && good()) check_kept(*first);
    if (first && good()) {
      const StoreView known = archive_.with_forgotten(std::move(*first));
      oracle_.check_converged(scheduler_.now(), known, shown, rest);
    }
  }

  // All that is above the horizon is there, and nothing of what is below it.
  void check_kept(const StoreView& view) {
    if (plan_.options.keep == 0us) return;
    const NodeIndex any = core().front();
    const auto lacks = archive_.lacking(view, horizon_of(cluster_.store(any)));
    if (lacks && nothing_lost()) fail("safety", "nothing young is forgotten", *lacks);
    for (const NodeIndex node : core()) {
      const std::size_t hidden = hidden_rows(cluster_.store(node));
      if (hidden == 0) continue;
      fail("liveness", "what is forgotten is erased",
           std::to_string(hidden) + " records are left on " + letter_of(node));
    }
  }

  // No disk was lost, and nobody has for ever what others lack.
  [[nodiscard]] bool nothing_lost() const {
    if (!nemesis_.broken().empty() || !nemesis_.damaged().empty()) return false;
    for (NodeIndex node = 0; node < cluster_.size(); ++node) {
      if (cluster_.incarnation(node) > 0) return false;
    }
    return true;
  }

  void check_bytes(NodeIndex node) {
    const std::uint64_t most = kBytesFixed + kBytesPerChange * plan_.commands.size();
    if (cluster_.disk(node).bytes() <= most) return;
    fail("bounds", "stores grow with what they hold",
         std::to_string(cluster_.disk(node).bytes()) + " octets on " + letter_of(node));
  }

  void add_contents() {
    trace_.draw(nullptr);  // Rows of stores are no steps.
    for (NodeIndex node = 0; node < cluster_.size(); ++node) {
      const auto rows = readable(node, rows_of);
      for (const auto& [key, value] : rows) trace_.add(scheduler_.now(), node, key, value);
    }
  }

  Report report() {
    add_contents();
    Report report;
    report.seed = plan_.options.seed;
    report.failure = verdict_.failure();
    report.digest = trace_.digest();
    report.steps = trace_.steps();
    report.digests = trace_.kept();
    report.description = trace_.description();
    report.length = scheduler_.now();
    report.nodes = cluster_.size();
    report.commands = plan_.commands.size();
    report.answered = traffic_.answered();
    report.unanswered = traffic_.unanswered();
    report.acknowledged = oracle_.acknowledged();
    report.faults = nemesis_.injected();
    report.events = scheduler_.ran();
    report.batches = cluster_.batches();
    report.bytes_sent = cluster_.network().bytes_sent();
    report.queue_max = cluster_.queue_max();
    report.converged_after = converged_after_;
    report.coverage = coverage_;
    if (report.failure) report.notices.assign(cluster_.notices().begin(), cluster_.notices().end());
    return report;
  }

  const Plan& plan_;
  Scheduler scheduler_;
  Trace trace_;
  Coverage coverage_;
  Verdict verdict_;
  Archive archive_;
  Cluster cluster_;
  Oracle oracle_;
  Traffic traffic_;
  Nemesis nemesis_;
  Dice looks_;
  std::optional<DiagramWatch> watch_;
  Duration converged_after_{};
};

}  // namespace

Report run(const Plan& plan, const RunSettings& settings) { return Runner(plan, settings).run(); }

}  // namespace simulation
