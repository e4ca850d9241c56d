// AnswerReader: finds the end of one HTTP/1.1 answer in the bytes of a connection.
//
// For the load generator, which shares two cores with the server that it measures: no parser tree,
// no allocation after the first answers.
//
// Shape    sans-IO. put() until kDone, then status() and body(), then reset() for the next one.
//          Content-Length or chunks; interim answers (100) are skipped.
// Size     an answer of kAnswerBytesMax at most.
// Errors   kBroken, and problem() says why in one phrase; nothing after it can be trusted.
// Source   RFC 9112, sections 4, 6 and 7.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace node::cli {

class AnswerReader {
 public:
  // Far above any answer of a slash command: Slack takes less than 100 kB.
  static constexpr std::size_t kAnswerBytesMax = 1 << 20;

  enum class State { kMore, kDone, kBroken };

  // REQUIRES the answer is neither done nor broken. Octets behind its end make it broken: nobody
  // asked for them.
  State put(std::string_view bytes);

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool closes() const { return closes_; }  // The server will not keep the connection.
  [[nodiscard]] std::string_view body() const;  // Of chunks, with their frames around them.
  [[nodiscard]] std::string_view problem() const { return problem_; }

  void reset();

 private:
  State read();
  State read_head(std::size_t end);
  State read_chunks();
  State broken(std::string_view problem);

  std::string bytes_;
  std::size_t head_bytes_ = 0;  // 0 until the head is whole.
  std::size_t body_bytes_ = 0;
  std::size_t chunk_at_ = 0;  // Where the next chunk's size line begins.
  bool chunked_ = false;
  bool closes_ = false;
  int status_ = 0;
  std::string_view problem_;
};

}  // namespace node::cli
