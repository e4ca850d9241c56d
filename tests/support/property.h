// Property: a RapidCheck property with a count of its own and a fixed seed, as one string to
// expect.
#pragma once

#include <rapidcheck.h>

#include <sstream>
#include <string>
#include <utility>

namespace tests {

// Empty where `testable` holds in `cases` cases; otherwise the shrunk counterexample. The seed is
// fixed, so that a failure repeats.
template <class Testable>
std::string counterexample(int cases, Testable&& testable) {
  rc::detail::TestParams params;
  params.maxSuccess = cases;
  const auto result = rc::detail::checkProperty(
      rc::detail::toProperty(std::forward<Testable>(testable)), rc::detail::TestMetadata{}, params);
  if (result.template is<rc::detail::SuccessResult>()) return {};
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  return message.str();
}

}  // namespace tests
