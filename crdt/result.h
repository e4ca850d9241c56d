// Result<T>: a value, or an Error that says in one sentence what was wrong with the input.
//
// Errors   an Error is about input (a peer, Slack, a file, an operator), never about a bug: bugs
//          CHECK. A function that returns an Error has changed nothing unless its comment says so.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace crdt {

// Has a constructor on purpose: as an aggregate, g++ 12 lets any value become an Error.
struct Error {
  Error() = default;
  explicit Error(std::string what) : message(std::move(what)) {}

  std::string message;  // One sentence for people, without a full stop.

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = boost::system::result<T, Error>;

// What Result::value() does where nobody asked first; only tests and main rely on it.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.message);
}

}  // namespace crdt
