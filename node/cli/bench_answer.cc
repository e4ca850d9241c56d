#include "node/cli/bench_answer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "crdt/check.h"
#include "slack/ascii.h"

namespace node::cli {
namespace {

constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::string_view kVersion = "HTTP/1.";
constexpr std::size_t kStatusAt = sizeof("HTTP/1.1 ") - 1;

template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `word` is in lower case.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return slack::to_lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

void AnswerReader::reset() {
  bytes_.clear();
  head_bytes_ = body_bytes_ = chunk_at_ = 0;
  chunked_ = closes_ = false;
  status_ = 0;
  problem_ = {};
}

std::string_view AnswerReader::body() const { return std::string_view(bytes_).substr(head_bytes_); }

AnswerReader::State AnswerReader::broken(std::string_view problem) {
  problem_ = problem;
  return State::kBroken;
}

AnswerReader::State AnswerReader::put(std::string_view bytes) {
  CHECK(problem_.empty());
  bytes_ += bytes;
  if (bytes_.size() > kAnswerBytesMax) return broken("an answer above 1 MiB");
  return read();
}

AnswerReader::State AnswerReader::read() {
  while (head_bytes_ == 0) {
    const std::size_t end = bytes_.find(kEndOfHead);
    if (end == std::string::npos) return State::kMore;
    if (const State state = read_head(end); state != State::kDone) return state;
    if (status_ >= 200) break;
    const std::string rest = bytes_.substr(head_bytes_);  // Behind an interim answer.
    reset();
    bytes_ = rest;
  }
  if (chunked_) return read_chunks();
  const std::size_t whole = head_bytes_ + body_bytes_;
  if (bytes_.size() > whole) return broken("more octets than the answer has");
  return bytes_.size() == whole ? State::kDone : State::kMore;
}

// kDone: the head is understood.
AnswerReader::State AnswerReader::read_head(std::size_t end) {
  const std::string_view head = std::string_view(bytes_).substr(0, end + kEndOfLine.size());
  if (!head.starts_with(kVersion) || head.size() < kStatusAt + 3) {
    return broken("not an HTTP/1.1 answer");
  }
  const auto status = number_in<int>(head.substr(kStatusAt, 3));
  if (!status) return broken("not an HTTP/1.1 answer");
  status_ = *status;
  bool bounded = status_ < 200 || status_ == 204 || status_ == 304;
  std::size_t at = head.find(kEndOfLine) + kEndOfLine.size();
  while (at < head.size()) {
    const std::size_t line_end = head.find(kEndOfLine, at);
    const std::string_view line = head.substr(at, line_end - at);
    at = line_end + kEndOfLine.size();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return broken("a header without a colon");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (is_word(name, "content-length")) {
      const auto length = number_in<std::size_t>(value);
      if (!length || *length > kAnswerBytesMax) return broken("an unusable Content-Length");
      body_bytes_ = *length;
      bounded = true;
    } else if (is_word(name, "transfer-encoding")) {
      chunked_ = bounded = is_word(value, "chunked");
    } else if (is_word(name, "connection")) {
      closes_ = is_word(value, "close");
    }
  }
  if (!bounded) return broken("an answer without a length");
  head_bytes_ = chunk_at_ = end + kEndOfHead.size();
  return State::kDone;
}

AnswerReader::State AnswerReader::read_chunks() {
  for (;;) {
    const std::size_t line_end = bytes_.find(kEndOfLine, chunk_at_);
    if (line_end == std::string::npos) return State::kMore;
    const std::string_view line(bytes_.data() + chunk_at_, line_end - chunk_at_);
    const auto size = number_in<std::size_t>(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size || *size > kAnswerBytesMax) return broken("an unusable chunk size");
    if (*size == 0) {
      // Trailers, if any, end with an empty line.
      const std::size_t end = bytes_.find(kEndOfHead, line_end);
      if (end == std::string::npos) return State::kMore;
      const bool whole = end + kEndOfHead.size() == bytes_.size();
      return whole ? State::kDone : broken("more octets than the answer has");
    }
    const std::size_t next = line_end + kEndOfLine.size() + *size + kEndOfLine.size();
    if (bytes_.size() < next) return State::kMore;
    chunk_at_ = next;
  }
}

}  // namespace node::cli
