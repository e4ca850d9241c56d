#include "node/server.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <tuple>
#include <utility>

#include "crdt/repository.h"
#include "gossip/roster_entry.h"
#include "node/clock.h"
#include "node/entropy.h"
#include "node/local_access.h"
#include "node/replica_version.h"
#include "node/system_facts.h"

namespace node {

using boost::system::error_code;

namespace {

// A line of an export is a whole document: twice the largest as a message.
constexpr std::size_t kAdminBodyBytesMax = 32 << 20;
// For whoever has not shown a token of this peer's folder, as an import does: the longest
// configured value, however it is escaped.
constexpr std::size_t kUnknownBodyBytesMax = 128 << 10;
constexpr std::size_t kAdminConnectionsMax = 256;  // People, a scraper, and their mistakes.

// Whether there is anybody who could fill an empty store.
bool knows_others(const gossip::Config& config) {
  const gossip::PublicKey own = public_key_of(config.identity);
  const auto is_other = [&](const crdt::Record& record) {
    const auto entry = gossip::read_entry(config.cluster, record);
    return entry && entry->member.node_key != own;
  };
  return !config.peers.empty() || std::any_of(config.roster.begin(), config.roster.end(), is_other);
}

}  // namespace

Server::Server(Log& log)
    : log_(log),
      rng_(seed_from_system()),
      signals_(io_, SIGTERM, SIGINT),
      wake_timer_(io_.get_executor()),
      stop_timer_(io_.get_executor()),
      watchdog_timer_(io_.get_executor()),
      service_manager_(ServiceManager::from_environment()) {}

Server::~Server() = default;

crdt::Result<std::unique_ptr<Server>> Server::open(const Config& config, Log& log) {
  std::unique_ptr<Server> server(new Server(log));
  if (const auto stored = server->open_store(config); !stored) return stored.error();
  if (const auto judged = server->judge_standing(config); !judged) return judged.error();
  if (const auto listening = server->listen(config); !listening) return listening.error();
  server->drain_ = config.drain;
  server->data_dir_ = config.data_dir;
  server->disk_reserve_bytes_ = config.disk_reserve_bytes;
  crdt::Rng::Seed seed{};
  server->rng_.fill(seed);
  Performer& performer = *server;
  ReplicaConfig replica = config.replica;
  replica.gossip.software = "muster " + std::string(kVersion);
  replica.admin_tokens = server->tokens_ = server->open_access(config.data_dir);
  replica.debug_notices = log.writes(Level::kDebug);
  server->driver_ =
      std::make_unique<Driver>(*server->store_, performer, std::move(replica), seed, read_clock());
  return server;
}

crdt::Result<void> Server::open_store(const Config& config) {
  LmdbStore::Options store;
  store.dir = config.data_dir;
  store.cluster = config.replica.gossip.cluster;
  store.node = config.replica.name;
  store.map_bytes = config.map_bytes;
  store.disk_reserve_bytes = config.disk_reserve_bytes;
  const bool refillable = knows_others(config.replica.gossip);
  if (refillable) {
    store.on_put_aside = [this](const std::string& text) { log_.write(Level::kError, text); };
  }
  auto opened = LmdbStore::open(store);
  if (!opened) return opened.error();
  lmdb_ = std::move(*opened);
  journal_ = std::make_unique<JournalFile>(config.data_dir);
  store_ = std::make_unique<WriteBehind>(*lmdb_, *journal_, WriteBehind::Limits{});
  auto replayed = store_->open();
  if (!replayed && refillable) {
    if (const auto anew = lmdb_->put_aside(replayed.error().message); !anew) return anew;
    replayed = store_->open();
  }
  if (replayed) return {};
  return crdt::Error(replayed.error().message + " in " + config.data_dir + "; " +
                     LmdbStore::way_out(config.data_dir));
}

// A copy must not pass for the store it was made of: it may lack what that one has acknowledged.
crdt::Result<void> Server::judge_standing(const Config& config) {
  crdt::Repository repository;
  repository.use(store_->begin());
  std::ignore = repository.open();  // A damaged log is the Replica's to repair.
  std::string why = repository.catching_up();
  if (lmdb_->copied()) why = "its file is a copy of the one that was last served";
  if (config.accept_restored && !why.empty()) {
    log_.write(Level::kWarning, "serving at once, as --accept-restored says, although " + why);
    why.clear();
  }
  if (why == repository.catching_up()) {
    store_->abort();
  } else {
    repository.set_catching_up(why);
    if (const auto marked = store_->commit(); !marked) {
      return crdt::Error("cannot mark the store in " + config.data_dir +
                         " as a copy: " + marked.error().message);
    }
  }
  if (!why.empty()) {
    log_.write(Level::kWarning,
               "this peer serves nothing before it has caught up with another one: " + why +
                   "; if this copy is all there is, start it once with --accept-restored");
  }
  return lmdb_->copied() ? lmdb_->adopt_file() : crdt::Result<void>();
}

// A peer that operators cannot ask still serves: a full disk is the likely reason.
std::vector<AdminToken> Server::open_access(const std::string& data_dir) {
  std::vector<std::string> warnings;
  const auto warn = [&warnings](const crdt::Error& error) {
    warnings.push_back("the admin API of this start cannot be used: " + error.message);
  };
  auto tokens = open_local_tokens(data_dir, rng_, warnings);
  if (!tokens) warn(tokens.error());
  const auto published = publish_admin_address(data_dir, admin_->address());
  if (!published) warn(published.error());
  for (const std::string& warning : warnings) log_.write(Level::kWarning, warning);
  return tokens ? std::move(*tokens) : std::vector<AdminToken>{};
}

crdt::Result<void> Server::listen(const Config& config) {
  HttpServer::Options options;
  options.body_bytes_max = config.body_bytes_max;
  options.log_requests = log_.writes(Level::kDebug);

  options.address = config.slack_listen;
  options.listener = Listener::kPublic;
  options.connections_max = config.connections_max;
  auto slack = HttpServer::listen(io_, options, *this);
  if (!slack) return slack.error();
  slack_ = std::move(*slack);

  options.address = config.admin_listen;
  options.listener = Listener::kAdmin;
  options.body_bytes_max = kUnknownBodyBytesMax;
  const auto may_import = [this](std::string_view shown) {
    const AdminToken* token = find_token(shown, tokens_);
    return token != nullptr && token->role == AdminRole::kOperator;
  };
  options.trust = {may_import, std::max(config.body_bytes_max, kAdminBodyBytesMax)};
  options.connections_max = kAdminConnectionsMax;
  auto admin = HttpServer::listen(io_, options, *this);
  if (!admin) return admin.error();
  admin_ = std::move(*admin);

  auto peers = PeerTransport::listen(io_, config.peers_listen, *this);
  if (!peers) return peers.error();
  peers_ = std::move(*peers);
  return {};
}

void Server::run() {
  service_manager_.tell("READY=1");
  keep_watchdog_calm();
  wait_for_signal();
  arm_wake();
  io_.run();
}

SystemFacts Server::measure() const {
  const DiskSpace disk = disk_space_of(data_dir_);
  SystemFacts facts;
  facts.store_bytes = store_->size().used_bytes;
  facts.disk_free_bytes = disk.free_bytes;
  facts.disk_bytes = disk.bytes;
  facts.disk_reserve_bytes = disk_reserve_bytes_;
  facts.journal_pages = store_->journal_pages();
  facts.commits = store_->commits();
  facts.descriptors = open_descriptors();
  facts.descriptors_max = descriptors_allowed();
  facts.memory_bytes = resident_anonymous_bytes();
  facts.link_bytes_sent = peers_->bytes_sent();
  facts.link_bytes_received = peers_->bytes_received();
  return facts;
}

bool Server::submit(Event event) {
  const auto* request = std::get_if<HttpRequest>(&event);
  const bool asked = request != nullptr && request->listener == Listener::kAdmin;
  if (asked) static_cast<void>(driver_->submit(measure()));  // Never refused: it is no work.
  if (!driver_->submit(std::move(event))) return false;
  schedule_turn();
  return true;
}

void Server::schedule_turn() {
  if (std::exchange(turn_posted_, true)) return;
  boost::asio::post(io_, [this] { turn(); });
}

void Server::turn() {
  // What has come in the meantime joins the batch: a commit costs nearly the same for more.
  if (driver_->queued() > looked_at_) {
    looked_at_ = driver_->queued();
    return boost::asio::post(io_, [this] { turn(); });
  }
  looked_at_ = 0;
  turn_posted_ = false;
  driver_->run_batch(read_clock());
  if (!driver_->idle()) schedule_turn();
  arm_wake();
}

// Setting a timer costs a system call, and deadlines move with every batch: a timer that is early
// looks again, and only an earlier deadline sets it anew.
void Server::arm_wake() {
  const std::optional<crdt::Instant> wanted = driver_->wake_at();
  if (!wanted || (armed_for_ && *armed_for_ <= *wanted)) return;
  armed_for_ = wanted;
  wake_timer_.expires_at(timer_time(*wanted));
  wake_timer_.async_wait([this](error_code error) {
    if (!error) on_wake();
  });
}

void Server::on_wake() {
  armed_for_.reset();
  const std::optional<crdt::Instant> wanted = driver_->wake_at();
  if (wanted && *wanted <= read_clock().steady) {
    static_cast<void>(submit(Wake{}));  // The turn arms the timer again.
  } else {
    arm_wake();
  }
}

Uuid Server::next_uuid() {
  // Version 4, variant 1: random.
  return {(rng_.next() & ~std::uint64_t{0xf000}) | 0x4000,
          rng_.next() >> 2 | std::uint64_t{1} << 63};
}

void Server::perform(Effects&& effects) {
  for (HttpReply& reply : effects.replies) {
    if (!slack_->reply(reply)) admin_->reply(reply);
  }
  for (const StreamPart& part : effects.parts) {
    if (!slack_->part(part)) admin_->part(part);
  }
  for (LinkSend& send : effects.sends) peers_->send(std::move(send));
  for (const LinkClose& close : effects.closes) peers_->close(close.link);
  for (const Dial& dial : effects.dials) peers_->dial(dial.address);
  for (const Notice& notice : effects.notices) log_.write(notice);
}

void Server::drop_links() { peers_->drop_links(); }

void Server::drop_exchanges(ExchangeId first_kept) {
  slack_->drop_exchanges(first_kept);
  admin_->drop_exchanges(first_kept);
}

// From the event loop, so that a loop that hangs is noticed.
void Server::keep_watchdog_calm() {
  if (!service_manager_.watchdog_every()) return;
  service_manager_.tell("WATCHDOG=1");
  watchdog_timer_.expires_after(*service_manager_.watchdog_every());
  watchdog_timer_.async_wait([this](error_code error) {
    if (!error) keep_watchdog_calm();
  });
}

void Server::wait_for_signal() {
  signals_.async_wait([this](error_code error, int number) {
    if (!error) on_signal(number);
  });
}

void Server::on_signal(int number) {
  wait_for_signal();
  switch (stage_) {
    case Stage::kServing:
      service_manager_.tell("STOPPING=1");
      if (number == SIGTERM && drain_.count() > 0) return begin_drain();
      return begin_stop();
    case Stage::kDraining:
      return begin_stop();
    case Stage::kStopping:
      return io_.stop();
  }
}

void Server::begin_drain() {
  stage_ = Stage::kDraining;
  log_.write(Level::kInfo, "draining: /readyz says so; everything is served for another " +
                               std::to_string(drain_.count()) + " ms");
  static_cast<void>(submit(Draining{}));  // Never refused: it is no work.
  slack_->drain();
  wait_then(drain_, [this] { begin_stop(); });
}

void Server::begin_stop() {
  stage_ = Stage::kStopping;
  log_.write(Level::kInfo, "stopping: open exchanges are answered first");
  wait_then(kGracePeriod, [this] {
    log_.write(Level::kWarning, "some exchanges were not answered in time");
    io_.stop();
  });
  still_open_ = 2;
  const auto closed = [this] {
    if (--still_open_ == 0) io_.stop();
  };
  slack_->stop(closed);
  admin_->stop(closed);
}

void Server::wait_then(std::chrono::milliseconds time, std::function<void()> go_on) {
  stop_timer_.expires_after(time);
  stop_timer_.async_wait([go_on = std::move(go_on)](error_code error) {
    if (!error) go_on();
  });
}

}  // namespace node
