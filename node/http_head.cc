#include "node/http_head.h"

#include <array>
#include <charconv>

namespace node {
namespace {

void append_number(std::string& out, std::uint64_t value, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

void append_head(std::string& out, const HttpHead& head) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(head.status));
  out += ' ';
  out += reason_of(head.status);
  if (!head.content_type.empty()) {
    out += "\r\nContent-Type: ";
    out += head.content_type;
  }
  if (head.length) {
    out += "\r\nContent-Length: ";
    append_number(out, *head.length);
  } else if (head.chunked) {
    out += "\r\nTransfer-Encoding: chunked";
  }
  if (head.uuid != Uuid{}) {
    out += "\r\nX-Request-Id: ";
    out += to_string(head.uuid);
  }
  if (head.wants_token) out += "\r\nWWW-Authenticate: Bearer realm=\"muster\"";
  out += "\r\nDate: ";
  out += head.date;
  // Answers show what is true now, and to one person.
  out += "\r\nCache-Control: no-store";
  if (!head.connection.empty()) {
    out += "\r\nConnection: ";
    out += head.connection;
  }
  out += "\r\n\r\n";
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_number(out, bytes.size(), 16);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

void append_last_chunk(std::string& out) { out += "0\r\n\r\n"; }

}  // namespace node
