// Command: how a subcommand of `muster` presents itself to node/main.cc.
//
// Shape    add_<name>(app, action) adds the subcommand and its options to `app`. When its line is
//          parsed, it puts into `action` what is to be run; main runs it. Exit codes: 0 done, 1 it
//          was tried and failed, 2 it cannot be tried (usage, configuration, store), 3 done, but
//          not on as many peers as --wait asks for.
#pragma once

#include <functional>

namespace node::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUnusable = 2;
inline constexpr int kTooFew = 3;

using Action = std::function<int()>;

}  // namespace node::cli
