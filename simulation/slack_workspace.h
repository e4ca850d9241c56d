// SlackWorkspace: the pretend Slack. Signs slash commands as Slack does, and says what becomes of
// an answer.
//
// Shape    pure: the time is handed in. A retry carries the body of the first delivery; unless it
//          is signed anew, its timestamp and signature too.
// Units    timestamps are whole seconds since the Unix epoch.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crdt/instant.h"
#include "crdt/request_id.h"

namespace simulation {

// When Slack tries again after a delivery failed, and how often: at once, after a minute, after
// five more.
inline constexpr std::size_t kAttemptsMax = 4;
[[nodiscard]] std::chrono::seconds pause_before(std::size_t attempt);

// Slack waits this long for an answer.
inline constexpr std::chrono::seconds kAnswerMax{3};

struct Typed {
  std::string user;
  std::string channel;
  std::string text;
  std::uint64_t trigger = 0;
};

struct SignedRequest {
  std::string body;
  std::string timestamp;
  std::string signature;
};

// What an answer means to the one who typed.
enum class Answer {
  kChanged,    // It says that it changed something.
  kUnchanged,  // A list, a question, or nothing to change.
  kRefused,    // Try again, on another peer.
};

class SlackWorkspace {
 public:
  explicit SlackWorkspace(std::string signing_secret) : secret_(std::move(signing_secret)) {}

  [[nodiscard]] SignedRequest sign(const Typed& typed, crdt::WallTime now) const;

  [[nodiscard]] static crdt::RequestId request_id(std::uint64_t trigger);
  [[nodiscard]] static std::string document_key(std::string_view channel);

  [[nodiscard]] static Answer judge(int status, std::string_view body);

  // "#7b" of "Added *#7b*".
  [[nodiscard]] static std::optional<std::string> added_label(std::string_view body);

 private:
  std::string secret_;
};

}  // namespace simulation
