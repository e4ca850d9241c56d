#include "node/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "crdt/check.h"

namespace node {

crdt::Rng::Seed seed_from_system() {
  crdt::Rng::Seed seed{};
  ssize_t drawn = -1;
  do {
    drawn = getrandom(seed.data(), seed.size(), 0);
  } while (drawn < 0 && errno == EINTR);
  // Up to 256 octets getrandom gives all or nothing; a kernel without it cannot run Muster.
  CHECK(drawn == static_cast<ssize_t>(seed.size()));
  return seed;
}

}  // namespace node
