// Server: a node with its I/O: store, listeners, links, timer and driver on one event loop.
//
// Shape    one thread. The first event of a turn posts run_batch behind everything that is already
//          ready, so whatever arrives together is committed together.
// Errors   open() says in one sentence what keeps the node from starting. run() throws what the
//          store throws when it is lost.
// Thread   one: the caller of run().
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crdt/result.h"
#include "crdt/rng.h"
#include "node/config.h"
#include "node/driver.h"
#include "node/http_server.h"
#include "node/intake.h"
#include "node/journal_file.h"
#include "node/lmdb_store.h"
#include "node/log.h"
#include "node/peer_transport.h"
#include "node/service_manager.h"
#include "node/tcp.h"
#include "node/write_behind.h"

namespace node {

class Server final : private Performer, private Intake {
 public:
  // Open exchanges are answered within milliseconds; whoever sent SIGTERM often waits only 5 s.
  static constexpr std::chrono::seconds kGracePeriod{4};

  // Opens the store, binds all listeners and builds the Replica. `log` outlives the server.
  [[nodiscard]] static crdt::Result<std::unique_ptr<Server>> open(const Config& config, Log& log);
  ~Server() override;

  [[nodiscard]] std::string slack_address() const { return slack_->address(); }
  [[nodiscard]] std::string admin_address() const { return admin_->address(); }
  [[nodiscard]] std::string peers_address() const { return peers_->address(); }

  // Serves until it is told to stop, and returns. SIGTERM: for Config::drain all is served as
  // before while /readyz says 503; then nothing more is accepted, and what is open is answered for
  // at most kGracePeriod. SIGINT, from somebody who waits, does without the draining. Each further
  // signal ends the wait at hand.
  void run();

 private:
  explicit Server(Log& log);

  // Performer
  void perform(Effects&& effects) override;
  void drop_links() override;
  void drop_exchanges(ExchangeId first_kept) override;

  // Intake
  bool submit(Event event) override;
  ExchangeId next_exchange() override { return {++exchanges_}; }
  gossip::LinkId next_link() override { return {++links_}; }
  Uuid next_uuid() override;
  void note(Notice notice) override { log_.write(notice); }

  [[nodiscard]] crdt::Result<void> open_store(const Config& config);
  [[nodiscard]] crdt::Result<void> judge_standing(const Config& config);
  [[nodiscard]] crdt::Result<void> listen(const Config& config);
  [[nodiscard]] SystemFacts measure() const;
  // REQUIRES the store is open and all listen.
  [[nodiscard]] std::vector<AdminToken> open_access(const std::string& data_dir);
  void schedule_turn();
  void turn();
  void arm_wake();
  void on_wake();
  void wait_for_signal();
  void on_signal(int number);
  void begin_drain();
  void begin_stop();
  void wait_then(std::chrono::milliseconds time, std::function<void()> go_on);
  void keep_watchdog_calm();

  Log& log_;
  boost::asio::io_context io_{1};  // One thread: no need to wake others.
  crdt::Rng rng_;
  std::unique_ptr<LmdbStore> lmdb_;
  std::unique_ptr<JournalFile> journal_;
  std::unique_ptr<WriteBehind> store_;  // In front of both: what the driver sees.
  std::unique_ptr<HttpServer> slack_;
  std::unique_ptr<HttpServer> admin_;
  std::unique_ptr<PeerTransport> peers_;
  std::unique_ptr<Driver> driver_;
  boost::asio::signal_set signals_;
  std::string data_dir_;
  std::vector<AdminToken> tokens_;  // Those beside the store.
  std::uint64_t disk_reserve_bytes_ = 0;
  Timer wake_timer_;
  Timer stop_timer_;
  Timer watchdog_timer_;
  std::optional<crdt::Instant> armed_for_;  // Never later than the driver's wake_at.
  std::uint64_t exchanges_ = 0;
  std::uint64_t links_ = 0;
  bool turn_posted_ = false;
  std::size_t looked_at_ = 0;  // How much was queued when the turn at hand last looked.
  enum class Stage { kServing, kDraining, kStopping };
  Stage stage_ = Stage::kServing;
  std::chrono::milliseconds drain_{0};
  ServiceManager service_manager_;
  int still_open_ = 0;  // HTTP servers with connections, while stopping.
};

}  // namespace node
