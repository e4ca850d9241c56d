#include "node/cli/bench_raw_store.h"

#include <lmdb.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>

#include "crdt/check.h"
#include "node/cli/bench_system.h"
#include "node/clock.h"
#include "node/entropy.h"
#include "node/memory_store.h"
#include "node/replica.h"
#include "slack/request.h"
#include "slack/signature.h"

namespace node::cli {
namespace {

constexpr const char* kSecret = "a secret of this process only";
constexpr std::size_t kMapBytes = std::size_t{64} << 30;  // As the node's own.

// Passes everything on and keeps what was written.
class Recorder final : public crdt::Transaction {
 public:
  void use(crdt::Transaction& txn) { txn_ = &txn; }
  RecordedWrites take() { return std::exchange(writes_, {}); }

  std::optional<crdt::BytesView> get(crdt::BytesView key) override { return txn_->get(key); }
  void put(crdt::BytesView key, crdt::BytesView value) override {
    writes_.emplace_back(key, value);
    txn_->put(key, value);
  }
  void erase(crdt::BytesView key) override {
    writes_.emplace_back(key, std::nullopt);
    txn_->erase(key);
  }
  void scan(crdt::BytesView from, crdt::BytesView to,
            const std::function<bool(crdt::BytesView, crdt::BytesView)>& visit) override {
    txn_->scan(from, to, visit);
  }
  std::optional<crdt::Bytes> last_key(crdt::BytesView from, crdt::BytesView to) override {
    return txn_->last_key(from, to);
  }

 private:
  crdt::Transaction* txn_ = nullptr;
  RecordedWrites writes_;
};

// A node without I/O: each request is a transaction of its own.
class Node {
 public:
  Node() : signer_(kSecret) {
    ReplicaConfig config;
    config.name = "raw";
    config.signing_secret = kSecret;
    crdt::Rng rng(seed_from_system());
    config.gossip.cluster = "raw";
    config.gossip.identity = gossip::draw_private_key(rng);
    recorder_.use(store_.begin());
    replica_ = std::make_unique<Replica>(config, seed_from_system(), read_clock(), recorder_,
                                         Replica::Mode::kReadWrite);
    static_cast<void>(store_.commit());
  }

  // What it wrote; nothing where the command changed nothing.
  RecordedWrites serve(const SlashCommand& command) {
    const crdt::Now now = read_clock();
    HttpRequest request;
    request.exchange = ExchangeId{++exchange_};
    request.method = "POST";
    request.target = slack::kCommandsPath;
    request.content_type = "application/x-www-form-urlencoded";
    request.body = form_of(command);
    request.timestamps = {std::to_string(
        std::chrono::floor<std::chrono::seconds>(now.wall.time_since_epoch()).count())};
    request.signatures = {signer_.sign(request.timestamps.front(), request.body)};
    recorder_.use(store_.begin());
    static_cast<void>(replica_->step(now, recorder_, request));
    static_cast<void>(replica_->step(now, recorder_, BatchEnd{}));
    static_cast<void>(store_.commit());
    return recorder_.take();
  }

 private:
  slack::Verifier signer_;
  MemoryStore store_;
  Recorder recorder_;
  std::unique_ptr<Replica> replica_;
  std::uint64_t exchange_ = 0;
};

// A bare environment; each failure is kept and ends the loop.
class Environment {
 public:
  explicit Environment(const std::filesystem::path& folder) {
    keep(::mdb_env_create(&environment_));
    if (code_ == 0) keep(::mdb_env_set_mapsize(environment_, kMapBytes));
    if (code_ == 0) keep(::mdb_env_open(environment_, folder.c_str(), MDB_NOTLS, 0600));
  }
  ~Environment() {
    if (environment_ != nullptr) ::mdb_env_close(environment_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  [[nodiscard]] bool good() const { return code_ == 0; }
  [[nodiscard]] crdt::Error error() const {
    return crdt::Error("the bare LMDB loop: " + std::string(::mdb_strerror(code_)));
  }

  // One transaction, durable when this returns.
  void commit(std::span<const RecordedWrites* const> batch) {
    MDB_txn* transaction = nullptr;
    MDB_dbi database = 0;
    keep(::mdb_txn_begin(environment_, nullptr, 0, &transaction));
    if (code_ != 0) return;
    keep(::mdb_dbi_open(transaction, nullptr, 0, &database));
    for (const RecordedWrites* writes : batch) {
      for (const auto& [key, value] : *writes) write(transaction, database, key, value);
    }
    keep(::mdb_txn_commit(transaction));
  }

 private:
  void write(MDB_txn* transaction, MDB_dbi database, const crdt::Bytes& key,
             const std::optional<crdt::Bytes>& value) {
    MDB_val name{key.size(), const_cast<char*>(key.data())};
    if (!value) {
      ::mdb_del(transaction, database, &name, nullptr);  // It may be gone since the last round.
      return;
    }
    MDB_val held{value->size(), const_cast<char*>(value->data())};
    keep(::mdb_put(transaction, database, &name, &held, 0));
  }

  void keep(int code) {
    if (code_ == 0) code_ = code;
  }

  MDB_env* environment_ = nullptr;
  int code_ = 0;
};

}  // namespace

crdt::Result<Recording> record_writes(const Workload& workload, std::size_t requests) {
  Recording recording;
  Node node;
  for (std::uint64_t i = 0; i < workload.fill_size(); ++i) {
    RecordedWrites writes = node.serve(workload.fill(i));
    if (writes.empty()) return crdt::Error("a command that should add a task changed nothing");
    std::move(writes.begin(), writes.end(), std::back_inserter(recording.base));
  }
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < std::min(requests, kRecordedMax); ++i) {
    recording.requests.push_back(node.serve(workload.command(i)));
    const RecordedWrites& writes = recording.requests.back();
    if (writes.empty()) {
      return crdt::Error("the command \"" + workload.command(i).text + "\" changed nothing");
    }
    rows += writes.size();
    for (const auto& [key, value] : writes) bytes += key.size() + (value ? value->size() : 0);
  }
  const double count = static_cast<double>(recording.requests.size());
  recording.rows_per_request = static_cast<double>(rows) / count;
  recording.bytes_per_request = static_cast<double>(bytes) / count;
  return recording;
}

crdt::Result<RawRate> raw_commit_rate(const std::filesystem::path& folder,
                                      const Recording& recording, std::size_t batch,
                                      std::chrono::milliseconds duration) {
  CHECK(batch > 0 && !recording.requests.empty());
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  std::filesystem::create_directories(folder, error);
  if (error) return crdt::Error("cannot make " + folder.string() + ": " + error.message());
  Environment environment(folder);
  const RecordedWrites* base = &recording.base;
  if (environment.good()) environment.commit({&base, 1});
  const auto cpu_began = cpu_time_of(::getpid());
  const auto began = read_clock().steady;
  auto now = began;
  std::size_t written = 0;
  std::vector<const RecordedWrites*> group;
  const auto goes_on = [&] {
    return environment.good() && written < recording.requests.size() && now < began + duration;
  };
  for (; goes_on(); now = read_clock().steady) {
    group.clear();
    while (group.size() < batch && written < recording.requests.size()) {
      group.push_back(&recording.requests[written++]);
    }
    environment.commit(group);
  }
  const auto cpu_ended = cpu_time_of(::getpid());
  if (!environment.good()) return environment.error();
  CHECK(cpu_began && cpu_ended);
  const double count = static_cast<double>(written);
  return RawRate{
      count / std::chrono::duration<double>(now - began).count(),
      std::chrono::duration<double, std::micro>(*cpu_ended - *cpu_began).count() / count};
}

}  // namespace node::cli
