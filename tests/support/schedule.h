// Schedule: one random run of a few peers that hold one document, compared after every step with
// the reference model, which shares no code with it.
//
// Shape    events, deltas delivered late, twice, out of order or never; fragments answered late,
//          merged twice, or handed to somebody else; what a fragment brought forwarded as an
//          interval; peers restored from a backup under a new id. Everything travels encoded.
// Laws     checked in each run: the verdict of every apply and merge, the state after every step,
//          and at the end that joining commutes, associates, is idempotent and converges.
#pragma once

#include <cstdint>

#include "tests/support/choices.h"
#include "tests/support/crdt_subjects.h"

namespace tests {

// Throws Broken where a law does not hold.
void run_schedule(const Subject& subject, Choices& choices);

// Runs kLawCases seeds. Returns an empty string, or which seed broke what.
[[nodiscard]] std::string run_law_cases(const Subject& subject);

}  // namespace tests
