#include "simulation/cluster.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "crdt/check.h"

namespace simulation {
namespace {

constexpr Duration kReadOnlyBatch = 20us;  // A batch that stored nothing.
constexpr Duration kTurnMin = 1us;         // So that time goes on whatever a node asks for.
constexpr std::size_t kNoticesMax = 40;
constexpr Duration kStartedAgain = 5s;  // A process that ended, by whoever looks after it.
// Where records are kept for minutes: between two moves nodes erase what is hidden, and are quiet.
constexpr std::chrono::seconds kHorizonStep{60};
constexpr std::chrono::seconds kHorizonLook{5};

std::string_view kind_of(const node::Event& event) {
  static constexpr std::array<std::string_view, std::variant_size_v<node::Event>> kNames{
      "is asked",        "loses a client", "gets a link", "gets bytes",  "loses a link",
      "dialled in vain", "wakes",          "drains",      "ends a batch"};
  return kNames[event.index()];
}

// What tells this event from another of its kind. Bytes of a link were traced when they were sent;
// their end is a seal over all of them.
constexpr std::size_t kSealBytes = 16;

std::string_view bytes_of(const node::Event& event) {
  if (const auto* request = std::get_if<node::HttpRequest>(&event)) return request->body;
  if (const auto* got = std::get_if<node::LinkBytes>(&event)) {
    const std::string_view all = got->bytes;
    return all.substr(all.size() - std::min(all.size(), kSealBytes));
  }
  if (const auto* opened = std::get_if<node::LinkOpened>(&event)) return opened->address;
  if (const auto* closed = std::get_if<node::LinkClosed>(&event)) return closed->reason;
  if (const auto* failed = std::get_if<node::DialFailed>(&event)) return failed->address;
  return {};
}

}  // namespace

Storage memory_storage(WrapStore wrap) {
  return {[wrap = std::move(wrap)](NodeIndex, bool) { return std::make_unique<MemoryDisk>(wrap); },
          {}};
}

struct Cluster::Node final : node::Performer {
  // Called from within a batch: the work leaves when the commit is over.
  void perform(node::Effects&& effects) override { work.emplace_back(std::move(effects)); }
  void drop_links() override {
    ++rebuilds;
    work.emplace_back(DropLinks{});
  }
  void drop_exchanges(node::ExchangeId first_kept) override {
    work.emplace_back(DropExchanges{first_kept});
  }

  NodeIndex index = 0;
  node::ReplicaConfig config;
  std::unique_ptr<Disk> disk;
  std::unique_ptr<Disk> copy;  // Made when it is first read while the node is down.
  NodeClock clock;
  Dice dice;
  std::unique_ptr<node::Store> store;  // Of its process; over the copy where there is none.
  std::unique_ptr<node::Driver> driver;
  std::vector<Work> work;
  std::map<node::ExchangeId, OnReply> waiting;
  Duration commit_mean{};
  std::uint64_t starts = 0;
  std::uint64_t rebuilds = 0;         // Of its Replica, by its driver.
  std::uint64_t started_as = 0;       // Which of its starts draws what this life draws.
  std::uint64_t rebuilds_before = 0;  // This life.
  std::uint64_t losses = 0;
  std::uint64_t life = 0;  // Tells what an earlier life scheduled from what this one did.
  bool host_up = true;
  bool retired = false;
  bool retires = false;  // With the next death within a batch.
  bool turn_due = false;
  Time busy_until{};
  Time paused_until{};
  std::optional<Time> wake_due;
  std::size_t queued = 0;
  bool dies_before_effects = false;
  Duration down_for{};  // After a planned death.

  explicit Node(const Options& options, NodeIndex i) : index(i), dice(options.seed, "node", i) {}
};

Cluster::Cluster(const Options& options, Scheduler& scheduler, Trace& trace, Coverage& coverage,
                 Storage storage)
    : options_(options),
      scheduler_(scheduler),
      trace_(trace),
      coverage_(coverage),
      storage_(std::move(storage)),
      network_(scheduler, *this, coverage, options) {
  if (trace.diagram() != nullptr) network_.draw(*trace.diagram());
  std::vector<gossip::PrivateKey> keys;
  for (NodeIndex i = 0; i < options.nodes; ++i) {
    Dice dice(options.seed, "keys", i);
    keys.push_back(gossip::draw_private_key(dice.rng()));
  }
  for (NodeIndex i = 0; i < options.nodes; ++i) {
    nodes_.push_back(std::make_unique<Node>(options, i));
    nodes_.back()->disk = storage_.make_disk(i, false);
    configure(*nodes_.back(), keys);
  }
  for (NodeIndex i = 0; i < options.nodes; ++i) start(i);
}

Cluster::~Cluster() = default;

void Cluster::configure(Node& node, const std::vector<gossip::PrivateKey>& keys) {
  node.config.letter = letter_of(node.index);
  node.config.name = std::string(1, node.config.letter);
  node.config.signing_secret = kSigningSecret;
  node.config.admin_tokens = {
      {"checker", node::AdminRole::kReader, node::hash_token(kReaderToken)}};
  node.config.gossip.cluster = "simulation";
  node.config.gossip.identity = keys[node.index];
  node.config.gossip.offer_after =
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.offer_after);
  node.config.gossip.offer_rows_max = options_.offer_rows;
  node.config.gossip.walk_after =
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.walk_after);
  node.config.gossip.compare_every =
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.compare_every);
  for (NodeIndex peer = 0; peer < keys.size(); ++peer) {
    if (peer == node.index) continue;
    const std::string name(1, letter_of(peer));
    node.config.gossip.peers.push_back({name, name, public_key_of(keys[peer])});
  }
  const auto drift = static_cast<std::int64_t>(node.dice.between(0, 2 * options_.drift_ppm));
  node.clock = NodeClock(drift - static_cast<std::int64_t>(options_.drift_ppm));
  node.commit_mean = options_.commit_mean;
  if (options_.keep == 0us) return;
  node::RetentionConfig& retention = node.config.retention;
  retention.keep = std::chrono::duration_cast<std::chrono::seconds>(options_.keep);
  retention.step = kHorizonStep;
  retention.look_every = kHorizonLook;
}

Disk& Cluster::disk(NodeIndex node) { return *nodes_[node]->disk; }
NodeClock& Cluster::clock(NodeIndex node) { return nodes_[node]->clock; }

node::Store& Cluster::store(NodeIndex index) {
  Node& node = *nodes_[index];
  if (node.store != nullptr) return *node.store;
  if (node.copy == nullptr) node.copy = storage_.make_disk(index, true);
  node.copy->replace(node.disk->contents());
  node.store = node.copy->open();
  return *node.store;
}

bool Cluster::running(NodeIndex node) const { return nodes_[node]->driver != nullptr; }
bool Cluster::powered(NodeIndex node) { return nodes_[node]->host_up; }

bool Cluster::paused(NodeIndex node) const { return nodes_[node]->paused_until > scheduler_.now(); }

std::uint64_t Cluster::incarnation(NodeIndex node) const { return nodes_[node]->losses; }

std::uint64_t Cluster::replicas() const {
  std::uint64_t sum = 0;
  for (const auto& node : nodes_) sum += node->starts + node->rebuilds;
  return sum;
}

void Cluster::note(Node& node, std::string_view what, std::string_view bytes) {
  trace_.add(scheduler_.now(), node.index, what, bytes);
}

// --- the life of a node ---

void Cluster::start(NodeIndex index) {
  Node& node = *nodes_[index];
  if (node.driver != nullptr || node.retired) return;
  node.config.gossip.run_min = gossip::Config{}.run_min;
  start(index, ++node.starts);
}

std::optional<std::uint64_t> Cluster::life(NodeIndex index) const {
  const Node& node = *nodes_[index];
  if (node.driver == nullptr || node.rebuilds != node.rebuilds_before) return std::nullopt;
  return node.started_as;
}

void Cluster::start_again(NodeIndex index, std::uint64_t life) {
  Node& node = *nodes_[index];
  if (node.retired) return;
  node.config.gossip.run_min = {};  // It runs since before.
  start(index, life);
}

void Cluster::start(NodeIndex index, std::uint64_t life) {
  Node& node = *nodes_[index];
  CHECK(node.driver == nullptr);
  node.started_as = life;
  node.rebuilds_before = node.rebuilds;
  ++node.life;
  node.host_up = true;
  node.turn_due = false;
  node.wake_due.reset();
  node.queued = 0;
  node.paused_until = Time{};
  note(node, "starts", "");
  const crdt::Rng::Seed seed = Dice(options_.seed, "process", index << 32 | life).seed();
  node.store.reset();
  node.disk->live(true);
  try {
    node.store = node.disk->open();
    if (storage_.watch) node.store = storage_.watch(std::move(node.store), *node.disk);
    const crdt::Now now = node.clock.at(scheduler_.now());
    node.driver = std::make_unique<node::Driver>(*node.store, node, node.config, seed, now);
  } catch (const Disk::PowerLoss&) {
    coverage_.reach(Mark::kCrashWhileStarting);
    return died_within(node);
  } catch (const std::runtime_error& error) {
    return cannot_read(node, error.what());
  }
  node.disk->live(false);
  perform(node, std::exchange(node.work, {}));
  arm_wake(node);
}

void Cluster::crash(NodeIndex index, Death death) {
  Node& node = *nodes_[index];
  node.driver.reset();
  node.store.reset();
  death == Death::kProcess ? node.disk->end_process() : node.disk->recover();
  node.work.clear();
  ++node.life;
  node.dies_before_effects = false;
  node.host_up = death == Death::kProcess;
  note(node, "dies", "");
  if (death == Death::kProcess) {
    network_.drop_links(index);
  } else {
    network_.forget_links(index);
  }
  for (const auto& [exchange, on_reply] : std::exchange(node.waiting, {})) {
    if (death == Death::kProcess) on_reply(std::nullopt);
  }
}

void Cluster::crash_at(NodeIndex node, Disk::Moment moment, std::uint64_t count, Duration down) {
  nodes_[node]->down_for = down;
  nodes_[node]->disk->lose_power_at(moment, count);
}

void Cluster::crash_before_effects(NodeIndex node, Duration down) {
  nodes_[node]->down_for = down;
  nodes_[node]->dies_before_effects = true;
}

void Cluster::cancel_crash(NodeIndex node) {
  nodes_[node]->disk->keep_power();
  nodes_[node]->dies_before_effects = false;
}

void Cluster::retire(NodeIndex node) {
  nodes_[node]->retired = true;
  if (running(node)) crash(node, Death::kHost);
}

void Cluster::retire_at(NodeIndex node, std::uint64_t count) {
  nodes_[node]->retires = true;
  nodes_[node]->disk->lose_power_at(Disk::Moment::kOperation, count);
}

// The power went inside a batch or a start.
void Cluster::died_within(Node& node) {
  if (node.retires) return retire(node.index);
  crash(node.index, Death::kProcess);
  scheduler_.after(node.down_for, [this, index = node.index] { start(index); });
}

// Its store cannot be read: the process ends with a word. Whoever starts it again meets the same,
// unless it was the disk's mistake.
void Cluster::cannot_read(Node& node, std::string_view why) {
  note(node, "cannot read its store", why);
  crash(node.index, Death::kProcess);
  scheduler_.after(kStartedAgain, [this, index = node.index] { start(index); });
}

void Cluster::pause(NodeIndex node, Time until) {
  nodes_[node]->paused_until = std::max(nodes_[node]->paused_until, until);
}

void Cluster::resume(NodeIndex index) {
  Node& node = *nodes_[index];
  node.paused_until = Time{};
  if (node.driver == nullptr) return;
  node.turn_due = false;
  if (!node.driver->idle()) schedule_turn(node);
  node.wake_due.reset();
  arm_wake(node);
}

void Cluster::set_commit_mean(NodeIndex node, Duration mean) { nodes_[node]->commit_mean = mean; }

void Cluster::lose_contents(NodeIndex index, Disk::Contents contents) {
  Node& node = *nodes_[index];
  CHECK(node.driver == nullptr);
  ++node.losses;
  node.store.reset();
  node.disk->replace(std::move(contents));
}

void Cluster::count_loss(NodeIndex node) { ++nodes_[node]->losses; }

// --- batches ---

bool Cluster::submit(Node& node, node::Event event) {
  if (node.driver == nullptr) return false;
  note(node, kind_of(event), bytes_of(event));
  if (!node.driver->submit(std::move(event))) return false;
  queue_max_ = std::max(queue_max_, ++node.queued);
  schedule_turn(node);
  return true;
}

void Cluster::schedule_turn(Node& node) {
  if (std::exchange(node.turn_due, true)) return;
  const Time at = std::max(node.busy_until, node.paused_until);
  scheduler_.at(at, [this, &node, life = node.life] {
    if (node.life == life && std::exchange(node.turn_due, false)) turn(node);
  });
}

void Cluster::turn(Node& node) {
  if (node.paused_until > scheduler_.now() || node.busy_until > scheduler_.now()) {
    return schedule_turn(node);
  }
  if (node.driver->idle()) return;
  const std::uint64_t writes = node.disk->writes();
  try {
    run_batch(node);
  } catch (const Disk::PowerLoss& loss) {
    coverage_.reach(loss.moment == Disk::Moment::kBeforeCommit  ? Mark::kCrashBeforeCommit
                    : loss.moment == Disk::Moment::kAfterCommit ? Mark::kCrashAfterCommit
                                                                : Mark::kCrashWithinBatch);
    return died_within(node);
  } catch (const std::runtime_error& error) {
    return cannot_read(node, error.what());
  }
  const bool wrote = node.disk->writes() != writes;
  if (wrote && node.dies_before_effects) {
    coverage_.reach(Mark::kCrashBeforeEffects);
    return died_within(node);
  }
  const Duration took = wrote ? node.dice.exponential(node.commit_mean) : kReadOnlyBatch;
  node.busy_until = scheduler_.now() + std::max(took, kTurnMin);
  scheduler_.at(node.busy_until,
                [this, &node, life = node.life, work = std::exchange(node.work, {})]() mutable {
                  if (node.life != life) return;  // Stored, and never said.
                  perform(node, std::move(work));
                  arm_wake(node);
                });
  if (!node.driver->idle()) schedule_turn(node);
}

void Cluster::run_batch(Node& node) {
  ++batches_;
  node.disk->live(true);
  node.driver->run_batch(node.clock.at(scheduler_.now()));
  node.disk->live(false);
  node.queued =
      node.driver->idle() ? 0 : node.queued - std::min(node.queued, node::Driver::kBatchEventsMax);
}

void Cluster::arm_wake(Node& node) {
  const std::optional<crdt::Instant> wanted = node.driver->wake_at();
  if (!wanted) return;
  const Time at = std::max(node.clock.when(*wanted), scheduler_.now());
  if (node.wake_due && *node.wake_due <= at) return;
  node.wake_due = at;
  scheduler_.at(at, [this, &node, at, life = node.life] {
    if (node.life == life && node.wake_due == at) on_wake(node);
  });
}

void Cluster::on_wake(Node& node) {
  node.wake_due.reset();
  const std::optional<crdt::Instant> wanted = node.driver->wake_at();
  if (wanted && *wanted <= node.clock.at(scheduler_.now()).steady) {
    submit(node, node::Wake{});  // Arms the wake again when it was performed.
  } else {
    arm_wake(node);
  }
}

// --- effects ---

void Cluster::perform(Node& node, std::vector<Work>&& all) {
  for (Work& work : all) {
    if (auto* effects = std::get_if<node::Effects>(&work)) {
      perform(node, std::move(*effects));
    } else if (const auto* dropped = std::get_if<DropExchanges>(&work)) {
      drop_exchanges(node, dropped->first_kept);
    } else {
      network_.drop_links(node.index);
    }
  }
}

void Cluster::perform(Node& node, node::Effects&& effects) {
  for (node::HttpReply& reply : effects.replies) answer(node, std::move(reply));
  for (node::LinkSend& send : effects.sends) {
    note(node, "sends", send.bytes);
    network_.send(node.index, send.link, std::move(send.bytes));
  }
  for (const node::LinkClose& close : effects.closes) {
    note(node, "closes a link", "");
    network_.close(node.index, close.link);
  }
  for (const node::Dial& dial : effects.dials) {
    note(node, "dials", dial.address);
    network_.dial(node.index, static_cast<NodeIndex>(dial.address.front() - 'a'), dial.address);
  }
  for (node::Notice& notice : effects.notices) {
    note(node, "notes", notice.text);
    if (notice.text.starts_with("caught up")) coverage_.reach(Mark::kCaughtUp);
    if (notice.text.find("under the same vector") != std::string::npos) {
      united_ = node.config.name + ": " + notice.text;
    }
    if (notice.level == node::Level::kDebug) continue;
    if (notices_.size() == kNoticesMax) notices_.pop_front();
    notices_.push_back(to_text(scheduler_.now()) + " " + node.config.name + ": " + notice.text);
  }
}

void Cluster::answer(Node& node, node::HttpReply&& reply) {
  note(node, "answers", reply.body);
  const auto found = node.waiting.find(reply.exchange);
  CHECK(found != node.waiting.end());  // One answer to each exchange.
  const OnReply on_reply = std::move(found->second);
  node.waiting.erase(found);
  scheduler_.after(options_.delay_min, [on_reply, reply = std::move(reply)] { on_reply(reply); });
}

void Cluster::drop_exchanges(Node& node, node::ExchangeId first_kept) {
  while (!node.waiting.empty() && node.waiting.begin()->first < first_kept) {
    const OnReply on_reply = std::move(node.waiting.begin()->second);
    node.waiting.erase(node.waiting.begin());
    scheduler_.after(options_.delay_min, [on_reply] { on_reply(std::nullopt); });
  }
}

// --- what reaches a node ---

void Cluster::request(NodeIndex index, node::HttpRequest request, OnReply on_reply) {
  Node& node = *nodes_[index];
  if (!node.host_up) return;  // Nobody there, nobody who says so.
  if (node.driver == nullptr)
    return scheduler_.after(options_.delay_min, [on_reply] { on_reply(std::nullopt); });
  request.exchange = {next_exchange_++};
  const node::ExchangeId exchange = request.exchange;
  node.waiting.emplace(exchange, std::move(on_reply));
  CHECK(submit(node, std::move(request)));
}

void Cluster::link_opened(NodeIndex node, gossip::LinkId link, const std::string& address) {
  submit(*nodes_[node], node::LinkOpened{link, address});
}

void Cluster::link_bytes(NodeIndex index, gossip::LinkId link, crdt::Bytes bytes) {
  if (submit(*nodes_[index], node::LinkBytes{link, std::move(bytes)})) return;
  network_.close(index, link);
  link_closed(index, link, "this node has too much to do");
}

void Cluster::link_closed(NodeIndex node, gossip::LinkId link, const std::string& reason) {
  submit(*nodes_[node], node::LinkClosed{link, reason});
}

void Cluster::dial_failed(NodeIndex node, const std::string& address, const std::string& reason) {
  submit(*nodes_[node], node::DialFailed{address, reason});
}

}  // namespace simulation
