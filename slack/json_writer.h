// JsonWriter: appends JSON to a string, for answers on the request path.
//
// nlohmann builds a tree first and costs 9 to 13 us an answer; this costs well under one. Reading,
// and writing off that path, stays with nlohmann.
//
// Shape    calls mirror the text: begin_object, key, value, end_object. Commas are the writer's.
// Laws     what it writes is valid JSON and valid UTF-8 for any bytes: octets that are not UTF-8
//          become U+FFFD. Calling out of order is a bug (CHECK).
// Size     kDepthMax levels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crdt/check.h"

namespace slack {

class JsonWriter {
 public:
  static constexpr std::size_t kDepthMax = 32;  // One bit each; Block Kit needs six.

  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  // REQUIRES being directly inside an object.
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& boolean(bool value);

  // key(name).string(value), the usual pair.
  JsonWriter& field(std::string_view name, std::string_view value);

 private:
  JsonWriter& open(char bracket) {
    separate();
    CHECK(depth_ + 1 < kDepthMax);
    ++depth_;
    filled_ &= ~(1U << depth_);
    out_ += bracket;
    return *this;
  }

  JsonWriter& close(char bracket) {
    CHECK(depth_ > 0 && !after_key_);
    --depth_;
    out_ += bracket;
    return *this;
  }

  void separate() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    const std::uint32_t bit = 1U << depth_;
    if (filled_ & bit) {
      CHECK(depth_ > 0);  // One value at the top.
      out_ += ',';
    }
    filled_ |= bit;
  }

  void quote(std::string_view text);
  void append_with_care(std::string_view text);

  std::string& out_;
  std::size_t depth_ = 0;
  std::uint32_t filled_ = 0;  // Bit d: level d holds something already.
  bool after_key_ = false;
};

}  // namespace slack
