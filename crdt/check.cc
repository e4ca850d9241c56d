#include "crdt/check.h"

#include <cstdio>
#include <cstdlib>

namespace crdt {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: bug: CHECK(%s) failed\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace crdt
