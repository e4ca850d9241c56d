#include "simulation/journaled_disk.h"

#include <stdexcept>

#include "simulation/dice.h"

namespace simulation {

JournaledDisk::JournaledDisk(Disk& disk, const node::WriteBehind::Limits& limits)
    : journal_(disk, limits.journal_pages), behind_(disk, journal_, limits) {
  if (const auto opened = behind_.open(); !opened) {
    throw std::runtime_error(opened.error().message);
  }
}

WrapStore JournaledDisk::wrap(std::uint64_t seed) {
  Dice dice(seed, "journal");
  node::WriteBehind::Limits limits;
  limits.waiting_bytes = dice.pick(std::vector<std::size_t>{2'000, 20'000, 200'000});
  limits.journal_pages = dice.pick(std::vector<std::uint64_t>{8, 64, 512});
  return [limits](Disk& disk) { return std::make_unique<JournaledDisk>(disk, limits); };
}

}  // namespace simulation
