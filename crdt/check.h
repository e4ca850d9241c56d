// CHECK: a broken invariant is a bug, and a bug stops the process in every build.
//
// Bad input is never a CHECK: it is a Result (crdt/result.h). The simulator finds a failed CHECK by
// seed; a production process stops before it can write what it no longer understands.
#pragma once

namespace crdt {

// Prints the condition and its place to standard error, then aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace crdt

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::crdt::check_failed(#condition, __FILE__, __LINE__))
