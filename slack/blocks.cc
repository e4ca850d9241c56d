#include "slack/blocks.h"

#include <utility>

#include "crdt/byte_io.h"
#include "crdt/check.h"
#include "slack/block_limits.h"
#include "slack/json_writer.h"
#include "slack/utf8.h"

namespace slack {
namespace {

constexpr std::size_t kJsonOverhead = 128;  // Keys and brackets of one block, with room.
constexpr std::size_t kRunOverhead = 4;     // Kind and length of one block: no text has 2 MiB.
constexpr std::uint8_t kForm = 1;           // Another form of the bytes takes another number.

void write_text(JsonWriter& json, std::string_view mrkdwn) {
  json.begin_object().field("type", "mrkdwn").field("text", mrkdwn);
  json.key("verbatim").boolean(true).end_object();
}

void write_block(JsonWriter& json, const Block& block) {
  json.begin_object();
  switch (block.kind) {
    case BlockKind::kSection:
      json.field("type", "section").key("text");
      write_text(json, block.text);
      break;
    case BlockKind::kContext:
      json.field("type", "context").key("elements").begin_array();
      write_text(json, block.text);
      json.end_array();
      break;
    case BlockKind::kDivider:
      json.field("type", "divider");
      break;
  }
  json.end_object();
}

}  // namespace

std::string to_ephemeral_json(const Message& message) {
  std::string out;
  std::size_t size = message.fallback.size() + kJsonOverhead;
  for (const Block& block : message.blocks) size += block.text.size() + kJsonOverhead;
  out.reserve(size);
  JsonWriter json(out);
  json.begin_object().field("response_type", "ephemeral").field("text", message.fallback);
  json.key("blocks").begin_array();
  for (const Block& block : message.blocks) write_block(json, block);
  json.end_array().end_object();
  return out;
}

std::string encode(const Message& message) {
  std::size_t size = message.fallback.size() + kRunOverhead;
  for (const Block& block : message.blocks) size += block.text.size() + kRunOverhead;
  crdt::ByteWriter out;
  out.reserve(size).octet(kForm).short_run(message.fallback);
  for (const Block& block : message.blocks) {
    out.octet(static_cast<std::uint8_t>(block.kind)).short_run(block.text);
  }
  return out.take();
}

crdt::Result<Message> decode_message(std::string_view bytes) {
  crdt::ByteReader in(bytes);
  if (in.octet() != kForm) return crdt::Error("this is no message that was kept");
  Message message;
  message.fallback = in.short_run();
  while (in.left() > 0 && !in.bad()) {
    const std::uint8_t kind = in.octet();
    if (kind > static_cast<std::uint8_t>(BlockKind::kDivider)) in.fail();
    message.blocks.push_back({static_cast<BlockKind>(kind), std::string(in.short_run())});
    if (message.blocks.size() > kBlocksMax) in.fail();
  }
  if (!in.at_end()) return crdt::Error("a message that was kept is damaged");
  return message;
}

bool Lines::add(std::string line, std::size_t reserve) {
  const std::size_t chars = utf8_length(line);
  CHECK(chars <= kLineCharsMax);
  if (total_chars_ + 1 + chars + reserve > kMessageCharsMax) return false;
  if (open_ && section_chars_ + 1 + chars <= kSectionCharsMax) {
    message_.blocks.back().text.append("\n").append(line);
    section_chars_ += 1 + chars;
    total_chars_ += 1 + chars;
    return true;
  }
  // One block is left for what must come after.
  if (message_.blocks.size() + 1 >= kBlocksMax) return false;
  message_.blocks.push_back({BlockKind::kSection, std::move(line)});
  section_chars_ = chars;
  total_chars_ += chars;
  open_ = true;
  return true;
}

}  // namespace slack
