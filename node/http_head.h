// HttpHead: the first lines of an answer, written straight into a connection's buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/event.h"

namespace node {

struct HttpHead {
  int status = 200;
  std::string_view content_type;        // None where empty.
  std::string_view date;                // As http_date writes it.
  Uuid uuid;                            // X-Request-Id; none where zero.
  std::optional<std::uint64_t> length;  // Without: chunks, or everything until the end.
  bool chunked = false;
  bool wants_token = false;     // Says so, as a 401 must.
  std::string_view connection;  // "close", "keep-alive" (asked for by HTTP/1.0), or none.
};

void append_head(std::string& out, const HttpHead& head);

// One chunk of a chunked body; nothing for no bytes, because an empty chunk ends the body.
void append_chunk(std::string& out, std::string_view bytes);
void append_last_chunk(std::string& out);

[[nodiscard]] std::string_view reason_of(int status);

}  // namespace node
