// Options: everything about a run that its seed decides beforehand, and what may go wrong in it.
//
// Shape    a value. draw_options() takes what the caller fixed and draws the rest; swarm: every run
//          switches a random subset of the faults off, because faults hide each other.
// Source   Groce et al., "Swarm Testing", ISSTA 2012.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"
#include "simulation/virtual_time.h"

namespace simulation {

enum class FaultKind {
  // Partitions: what is sent waits, as TCP would send it again, or connections break.
  kPartition,  // Two sides.
  kOneWay,     // One side hears the other, and is not heard.
  kBridge,     // Two sides, and one node that both can reach.
  kRing,       // Every node reaches a majority, and no two the same.
  kFlapping,   // Two sides, on and off.
  kSwizzle,    // Nodes are cut off one by one, and come back in another order.
  // Links.
  kResets,    // Connections break, often in the middle of a frame.
  kFlips,     // Bits turn on the way.
  kDrips,     // Everything arrives octet by octet.
  kSlowLink,  // Seconds, not milliseconds.
  kHalfOpen,  // One end forgets its connections; the other does not know.
  kReplay,    // Recorded bytes are sent again, in the same connection and in a new one.
  // Nodes.
  kCrash,      // The process dies at some store operation; its host says so to the others.
  kPowerLoss,  // The whole host goes: nobody is told.
  kAllDown,    // All at once.
  kPause,      // It stops, and goes on as if nothing had been.
  kWipe,       // It comes back under its name with an empty disk.
  kRollback,   // It comes back with an older copy of its store.
  kClone,      // It comes back with a copy of another node's store.
  kPutBack,    // Its machine's memory and disk are put back, and it never knows.
  // Disks.
  kDiskError,  // Commits fail, and do not say what they left.
  kDiskFull,
  kSlowDisk,    // A commit takes up to a second.
  kFlipStored,  // One bit of one stored value.
  kLyingDisk,   // Says that it stored what it did not.
  // Clocks.
  kClockStep,  // Some minutes, either way.
  kFarClock,   // Ten years ahead.
  // At the end, for ever.
  kBroken,  // A minority never comes back right; the others must converge without it.
};

inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(FaultKind::kBroken) + 1;

struct FaultInfo {
  FaultKind kind;
  std::string_view name;   // On the command line and in plans.
  std::string_view words;  // "{nodes}" stands for the nodes it hits.
  bool by_default;         // Whether a run may draw it without being asked to.
};

[[nodiscard]] const FaultInfo& info_of(FaultKind kind);
[[nodiscard]] const std::vector<FaultInfo>& all_faults();
// "partition,crash", "all", "none", "default"; names with a '-' before them are taken out.
[[nodiscard]] crdt::Result<std::set<FaultKind>> parse_faults(std::string_view list);
[[nodiscard]] std::string to_text(const std::set<FaultKind>& faults);

// What nodes keep their state in.
enum class StoreKind {
  kMemory,  // Rows in memory, behind production's journal and write-behind.
  kLmdb,    // Production's own: LMDB and a journal in files (simulation/lmdb_disk.h).
};

// "memory", "lmdb".
[[nodiscard]] crdt::Result<StoreKind> parse_store(std::string_view name);

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t nodes = 5;
  Duration length = 10min;  // Of commands and faults; healing comes after.
  Duration command_every = 460ms;
  Duration fault_every = 25s;
  std::uint64_t people = 8;
  std::uint64_t channels = 12;
  Duration delay_min = 1ms;             // Of one way of a link.
  Duration delay_mean = 2ms;            // On top, exponential.
  Duration commit_mean = 300us;         // How long a disk takes to store for good.
  std::uint64_t drift_ppm = 100;        // Clocks run up to this much too fast or too slow.
  std::uint64_t resigned_percent = 10;  // Of retries: with a signature of their own.
  std::uint64_t doubled_percent = 5;    // Of commands: delivered twice whatever the answer.
  Duration offer_after = 2s;            // Of changes of third peers (gossip/config.h).
  std::uint64_t offer_rows = 512;       // Of a log, in one offer.
  Duration walk_after = 5min;           // A node first reads all that it stores, and compares it:
  Duration compare_every = 1h;       // what bugs leave differing is then healed (gossip/config.h).
  std::uint64_t late_percent = 5;    // Of commands: delivered later than they were signed.
  std::uint64_t burst_percent = 12;  // Of moments: several people at one task.
  // For how long records are kept (node/replica_retention.h); zero: as long as production does.
  Duration keep{};
  StoreKind store = StoreKind::kMemory;
  std::set<FaultKind> faults;

  bool operator==(const Options&) const = default;
};

inline constexpr std::uint64_t kNodesMax = 26;  // A letter each, and gossip's own limit is 33.
inline constexpr Duration kLengthMax = 24h;

// Where records are kept for minutes, nobody may send anything again after more than this: in
// production records are kept for a day at least, and Slack gives up within the hour.
[[nodiscard]] Duration delivered_within(const Options& options);

// `asked` with everything drawn that a run of this seed varies. Faults that `asked` allows are
// switched off at random, each with one chance in two, unless `exactly`.
[[nodiscard]] Options draw_options(const Options& asked, bool exactly);

// One line "name=value ..." and its inverse.
[[nodiscard]] std::string to_text(const Options& options);
[[nodiscard]] crdt::Result<Options> parse_options(std::string_view line);

}  // namespace simulation
