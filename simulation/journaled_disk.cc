#include "simulation/journaled_disk.h"

#include <stdexcept>

#include "simulation/dice.h"

namespace simulation {

JournaledDisk::JournaledDisk(MemoryDisk& disk, const node::WriteBehind::Limits& limits)
    : journal_(disk, limits.journal_pages), behind_(disk, journal_, limits) {
  if (const auto opened = behind_.open(); !opened) {
    throw std::runtime_error(opened.error().message);
  }
}

node::WriteBehind::Limits journal_limits(std::uint64_t seed) {
  Dice dice(seed, "journal");
  node::WriteBehind::Limits limits;
  limits.waiting_bytes = dice.pick(std::vector<std::size_t>{2'000, 20'000, 200'000});
  limits.journal_pages = dice.pick(std::vector<std::uint64_t>{8, 64, 512});
  return limits;
}

Storage journaled_storage(std::uint64_t seed) {
  return memory_storage([limits = journal_limits(seed)](MemoryDisk& disk) {
    return std::make_unique<JournaledDisk>(disk, limits);
  });
}

}  // namespace simulation
