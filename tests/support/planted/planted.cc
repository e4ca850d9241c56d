// Planted: a program of the build with planted bugs (crdt/planted.h) runs with the one that
// MUSTER_PLANT names. Linked into no other build.
#include "simulation/planted.h"

#include <cstdio>
#include <cstdlib>

namespace {

[[maybe_unused]] const bool kPlanted = [] {
  const char* name = std::getenv("MUSTER_PLANT");
  const auto planted = simulation::plant(name == nullptr ? "" : name);
  if (planted) return true;
  std::fprintf(stderr, "MUSTER_PLANT: %s\n", planted.error().message.c_str());
  std::exit(2);
}();

}  // namespace
