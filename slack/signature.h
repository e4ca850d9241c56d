// Signature: whether Slack, and nobody else, sent these bytes, and lately.
//
// Shape    v0=<lower-case hex of HMAC-SHA256(secret, "v0:" + timestamp + ":" + raw body)>. One
//          secret signs events, slash commands and interactivity.
// Units    the timestamp is in whole seconds since the Unix epoch.
// Laws     the bytes are hashed as they came, never re-encoded; comparing takes the same time
//          wherever two signatures differ; a stamp from the future is as bad as an old one.
// Errors   a Verdict names what was wrong for the log; to the sender every one of them is a 401.
// Source   docs.slack.dev/authentication/verifying-requests-from-slack
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crdt/instant.h"

struct evp_mac_ctx_st;

namespace slack {

// Slack's own rule is "more than five minutes from local time"; it is also what bounds how late a
// captured request can be replayed.
inline constexpr std::chrono::seconds kSignatureAgeMax{300};

// A header as the HTTP layer found it. `count` is how often it occurred: a second one is an attack
// or a broken proxy, and guessing which of the two counts is not ours to do.
struct Header {
  std::string_view value;
  std::size_t count = 0;
};

enum class Verdict {
  kGenuine,
  kMissing,    // No signature or no timestamp.
  kDoubled,    // Either header more than once.
  kMalformed,  // Not "v0=" and 64 lower-case hex digits, or a timestamp that is not a number.
  kStale,
  kFuture,
  kForged,
};

// The first of the values that a header came with, and how many there were.
[[nodiscard]] inline Header header_of(std::span<const std::string> values) {
  return values.empty() ? Header{} : Header{values.front(), values.size()};
}

// A phrase for logs and metrics, such as "stale signature".
[[nodiscard]] std::string_view describe(Verdict verdict);

// Whole seconds since the Unix epoch; nothing but 1 to 12 digits will do.
[[nodiscard]] std::optional<std::chrono::seconds> parse_timestamp(std::string_view text);

// Keyed once: deriving the two HMAC pads again costs as much as hashing a short request.
// Thread   one caller at a time: the keyed state is reused, not copied.
class Verifier {
 public:
  explicit Verifier(std::string_view signing_secret);

  // `now` is the reader's wall clock. Ages count in whole seconds, so 300.9 s is 300.
  [[nodiscard]] Verdict check(const Header& timestamp, const Header& signature,
                              std::string_view body, crdt::WallTime now);

  // What Slack would send for these bytes: "v0=" and 64 hex digits.
  [[nodiscard]] std::string sign(std::string_view timestamp, std::string_view body);

 private:
  using Digest = std::array<unsigned char, 32>;  // SHA-256.
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };

  [[nodiscard]] Digest digest(std::string_view timestamp, std::string_view body);

  std::unique_ptr<evp_mac_ctx_st, Free> keyed_;
};

// For clients that stand in for Slack: the demo, the bench, tests.
[[nodiscard]] std::string sign(std::string_view signing_secret, std::chrono::seconds timestamp,
                               std::string_view body);

}  // namespace slack
