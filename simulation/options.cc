#include "simulation/options.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>

#include "simulation/dice.h"

namespace simulation {
namespace {

const std::vector<FaultInfo> kAll{
    {FaultKind::kPartition, "partition", "{nodes} and the others cannot reach each other", true},
    {FaultKind::kOneWay, "one-way", "{nodes} hear the others and are not heard", true},
    {FaultKind::kBridge, "bridge", "{nodes} reach the others only through one node", true},
    {FaultKind::kRing, "ring", "every node reaches a majority, and no two the same", true},
    {FaultKind::kFlapping, "flapping", "{nodes} and the others are cut apart on and off", true},
    {FaultKind::kSwizzle, "swizzle", "{nodes} are cut off one by one and come back shuffled", true},
    {FaultKind::kResets, "resets", "connections of {nodes} break, often within a frame", true},
    {FaultKind::kFlips, "flips", "bits turn on the way to and from {nodes}", true},
    {FaultKind::kDrips, "drips", "what {nodes} get arrives octet by octet", true},
    {FaultKind::kSlowLink, "slow-link", "links of {nodes} take seconds", true},
    {FaultKind::kHalfOpen, "half-open", "{nodes} forget their connections; nobody is told", true},
    {FaultKind::kReplay, "replay", "recorded bytes are sent to {nodes} again", true},
    {FaultKind::kCrash, "crash", "{nodes} crash and start again", true},
    {FaultKind::kPowerLoss, "power-loss", "{nodes} lose power and come back", true},
    {FaultKind::kAllDown, "all-down", "all nodes lose power at once", true},
    {FaultKind::kPause, "pause", "{nodes} stop for a while and go on", true},
    {FaultKind::kWipe, "wipe", "{nodes} come back with an empty disk", true},
    {FaultKind::kRollback, "rollback", "{nodes} come back with an old copy of their store", true},
    {FaultKind::kClone, "clone", "{nodes} come back with a copy of another's store", true},
    {FaultKind::kPutBack, "put-back", "{nodes} go on as they were some time before", false},
    {FaultKind::kDiskError, "disk-error", "commits of {nodes} fail", true},
    {FaultKind::kDiskFull, "disk-full", "the disks of {nodes} are full", true},
    {FaultKind::kSlowDisk, "slow-disk", "commits of {nodes} take up to a second", true},
    {FaultKind::kFlipStored, "flip-stored", "a bit turns in the store of {nodes}", false},
    {FaultKind::kLyingDisk, "lying-disk", "{nodes} lose what their disks said was stored", true},
    {FaultKind::kClockStep, "clock-step", "the clocks of {nodes} jump by minutes", true},
    {FaultKind::kFarClock, "far-clock", "the clocks of {nodes} jump ten years ahead", true},
    {FaultKind::kBroken, "broken", "{nodes} never come back right", true},
};

std::set<FaultKind> default_faults() {
  std::set<FaultKind> kinds;
  for (const FaultInfo& info : kAll) {
    if (info.by_default) kinds.insert(info.kind);
  }
  return kinds;
}

std::set<FaultKind> every_fault() {
  std::set<FaultKind> kinds;
  for (const FaultInfo& info : kAll) kinds.insert(info.kind);
  return kinds;
}

std::string names_of_faults() {
  std::string names;
  for (const FaultInfo& info : kAll) names.append(names.empty() ? "" : " ").append(info.name);
  return names;
}

// Calls `field(name, number)` for every number of `options`; durations are in microseconds.
template <class Subject, class Field>
void for_each_number(Subject& options, Field field) {
  const auto duration = [&](std::string_view name, auto& value) {
    auto micros = static_cast<std::uint64_t>(value.count());
    field(name, micros);
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(value)>>) {
      value = Duration(micros);
    }
  };
  field("seed", options.seed);
  field("nodes", options.nodes);
  duration("length_us", options.length);
  duration("command_every_us", options.command_every);
  duration("fault_every_us", options.fault_every);
  field("people", options.people);
  field("channels", options.channels);
  duration("delay_min_us", options.delay_min);
  duration("delay_mean_us", options.delay_mean);
  duration("commit_mean_us", options.commit_mean);
  field("drift_ppm", options.drift_ppm);
  field("resigned_percent", options.resigned_percent);
  field("doubled_percent", options.doubled_percent);
  duration("offer_after_us", options.offer_after);
  field("offer_rows", options.offer_rows);
  duration("walk_after_us", options.walk_after);
  duration("compare_every_us", options.compare_every);
  field("late_percent", options.late_percent);
  field("burst_percent", options.burst_percent);
  duration("keep_us", options.keep);
}

bool in_range(const Options& options) {
  return options.nodes >= 1 && options.nodes <= kNodesMax && options.length <= kLengthMax &&
         options.command_every > 0us && options.fault_every > 0us && options.people > 0 &&
         options.channels > 0 && options.offer_after > 0us && options.offer_rows > 0 &&
         options.walk_after > 0us && options.compare_every > 0us &&
         (options.keep == 0us || options.keep >= 3min);
}

}  // namespace

Duration delivered_within(const Options& options) {
  constexpr Duration kSlackGivesUp = 6min;
  constexpr Duration kStandsStill = 2min;  // A node that gets it may be paused for 40 s.
  if (options.keep == 0us) return kSlackGivesUp;
  return std::min(kSlackGivesUp, options.keep - kStandsStill);
}

const std::vector<FaultInfo>& all_faults() { return kAll; }

const FaultInfo& info_of(FaultKind kind) {
  const FaultInfo& info = kAll.at(static_cast<std::size_t>(kind));
  CHECK(info.kind == kind);
  return info;
}

crdt::Result<std::set<FaultKind>> parse_faults(std::string_view list) {
  std::set<FaultKind> kinds;
  bool first = true;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    std::string_view name = list.substr(at, end - at);
    at = end + 1;
    const bool out = name.starts_with('-');
    if (out) name.remove_prefix(1);
    if (std::exchange(first, false) && out) kinds = default_faults();
    std::set<FaultKind> named;
    if (name == "all") named = every_fault();
    if (name == "default") named = default_faults();
    for (const FaultInfo& info : kAll) {
      if (info.name == name) named.insert(info.kind);
    }
    if (named.empty() && name != "none") {
      return crdt::Error("there is no fault called \"" + std::string(name) +
                         "\"; there are: default all none " + names_of_faults());
    }
    for (const FaultKind kind : named) {
      if (out) {
        kinds.erase(kind);
      } else {
        kinds.insert(kind);
      }
    }
  }
  return kinds;
}

crdt::Result<StoreKind> parse_store(std::string_view name) {
  if (name == "memory") return StoreKind::kMemory;
  if (name == "lmdb") return StoreKind::kLmdb;
  return crdt::Error("there is no store called \"" + std::string(name) +
                     "\"; there are: memory lmdb");
}

std::string to_text(const std::set<FaultKind>& faults) {
  std::string text;
  for (const FaultKind kind : faults) {
    text.append(text.empty() ? "" : ",").append(info_of(kind).name);
  }
  return text.empty() ? "none" : text;
}

Options draw_options(const Options& asked, bool exactly) {
  Dice dice(asked.seed, "options");
  Options options = asked;
  options.delay_min = dice.between(50us, 2ms);
  options.delay_mean = dice.chance(1, 4) ? dice.between(20ms, 80ms) : dice.between(200us, 10ms);
  options.commit_mean = dice.between(50us, 2ms);
  options.drift_ppm = dice.chance(1, 3) ? 10'000 : 100;
  options.resigned_percent = dice.pick(std::vector<std::uint64_t>{0, 10, 50});
  options.doubled_percent = dice.pick(std::vector<std::uint64_t>{0, 5, 20});
  // Calm runs, too: some promises hold only where nothing is broken.
  options.fault_every = dice.pick(std::vector<Duration>{12s, 25s, 25s, 30s, 10min});
  options.people = dice.between(2, 12);
  // Where most documents are written a few times, nothing later covers up what one of them missed.
  options.channels = dice.chance(1, 3) ? dice.between(40, 200) : dice.between(6, 18);
  // Short logs and few changes then reach what takes production long ones and many.
  options.offer_after = dice.pick(std::vector<Duration>{100ms, 600ms, 2s});
  options.offer_rows = dice.pick(std::vector<std::uint64_t>{3, 30, 512});
  // Where whole stores are not compared, nothing hides what the log left out.
  options.walk_after = dice.pick(std::vector<Duration>{30s, 5min, 24h});
  options.compare_every = dice.pick(std::vector<Duration>{1min, 1h});
  options.late_percent = dice.pick(std::vector<std::uint64_t>{0, 5, 20});
  options.burst_percent = dice.pick(std::vector<std::uint64_t>{12, 12, 60});
  options.keep = Dice(asked.seed, "retention").pick(std::vector<Duration>{0us, 0us, 4min, 8min});
  // What a node forgot before it stopped it counts out when it first reads all that it stores.
  if (options.keep > 0us) options.walk_after = 30s;
  for (const FaultKind kind : asked.faults) {
    if (!exactly && dice.chance(1, 2)) options.faults.erase(kind);
  }
  // Nothing but a comparison finds what was minted twice.
  if (options.faults.contains(FaultKind::kPutBack)) {
    options.walk_after = 30s;
    options.compare_every = 1min;
  }
  return options;
}

std::string to_text(const Options& options) {
  std::string text;
  for_each_number(options, [&](std::string_view name, const std::uint64_t& value) {
    text.append(name).append("=").append(std::to_string(value)).append(" ");
  });
  if (options.store == StoreKind::kLmdb) text += "store=lmdb ";
  return text + "faults=" + to_text(options.faults);
}

crdt::Result<Options> parse_options(std::string_view line) {
  Options options;
  std::istringstream words{std::string(line)};
  for (std::string word; words >> word;) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    const std::string text = equals < word.size() ? word.substr(equals + 1) : "";
    if (name == "faults") {
      auto faults = parse_faults(text);
      if (!faults) return faults.error();
      options.faults = std::move(*faults);
      continue;
    }
    if (name == "store") {
      const auto store = parse_store(text);
      if (!store) return store.error();
      options.store = *store;
      continue;
    }
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool known = false;
    if (error == std::errc{} && end == text.data() + text.size()) {
      for_each_number(options, [&](std::string_view field, std::uint64_t& value) {
        if (field == name) value = number;
        known = known || field == name;
      });
    }
    if (!known) return crdt::Error("\"" + word + "\" is no option of a run");
  }
  if (!in_range(options)) return crdt::Error("an option of the run is out of range");
  return options;
}

}  // namespace simulation
