#include "node/cli/blocks_text.h"

#include <nlohmann/json.hpp>

#include "slack/utf8.h"

namespace node::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kRuleWidth = 48;    // A divider; fits any terminal.
constexpr std::size_t kColumnWidth = 34;  // Slack shows a section's fields in two columns.

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A text object (plain_text or mrkdwn), or a bare string.
std::string text_object(const json& text, const TextStyle& style) {
  if (text.is_string()) return mrkdwn_to_text(text.get<std::string>(), style);
  if (!text.is_object()) return {};
  const std::string content = text_at(text, "text");
  return text_at(text, "type") == "plain_text" ? plain_to_text(content)
                                               : mrkdwn_to_text(content, style);
}

std::string member_text(const json& object, const char* key, const TextStyle& style) {
  const auto found = object.find(key);
  return found == object.end() ? std::string() : text_object(*found, style);
}

// A button, an image or another element, in one line.
std::string element(const json& item, const TextStyle& style) {
  if (!item.is_object()) return {};
  const std::string type = text_at(item, "type");
  if (type == "mrkdwn" || type == "plain_text") return text_object(item, style);
  if (type == "button") {
    const std::string look = text_at(item, "style");
    const char* colour = look == "danger" ? "31" : look == "primary" ? "32" : "7";
    return paint(style, colour, "[" + member_text(item, "text", style) + "]");
  }
  if (type == "image") return "[" + plain_to_text(text_at(item, "alt_text")) + "]";
  std::string label = member_text(item, "placeholder", style);
  if (label.empty()) label = member_text(item, "text", style);
  return "[" + (label.empty() ? type : label) + "]";
}

std::string elements(const json& block, std::string_view between, const TextStyle& style) {
  std::string out;
  const auto found = block.find("elements");
  if (found == block.end() || !found->is_array()) return out;
  for (const json& item : *found) {
    if (!out.empty()) out += between;
    out += element(item, style);
  }
  return out;
}

// Columns are measured without escape sequences, so the plain rendering is measured.
std::string fields(const json& items, const TextStyle& style) {
  std::string out;
  const TextStyle plain{false, style.names};
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool left = i % 2 == 0;
    if (left && !out.empty()) out += '\n';
    out += text_object(items[i], style);
    const std::size_t width = slack::utf8_length(text_object(items[i], plain));
    if (left && i + 1 < items.size()) {
      out.append(width < kColumnWidth ? kColumnWidth - width : 2, ' ');
    }
  }
  return out;
}

std::string section(const json& block, const TextStyle& style) {
  std::string out = member_text(block, "text", style);
  const auto accessory = block.find("accessory");
  if (accessory != block.end()) out += "  " + element(*accessory, style);
  const auto columns = block.find("fields");
  if (columns != block.end() && columns->is_array()) {
    if (!out.empty()) out += '\n';
    out += fields(*columns, style);
  }
  return out;
}

// Rich text nests; what it shows is the text, links and mentions in order.
std::string rich_text(const json& item, const TextStyle& style) {
  const std::string type = text_at(item, "type");
  if (type == "user") return mrkdwn_to_text("<@" + text_at(item, "user_id") + ">", style);
  if (type == "emoji") return plain_to_text(":" + text_at(item, "name") + ":");
  if (type == "link" && !item.contains("text")) return text_at(item, "url");
  std::string out = text_at(item, "text");
  const auto inner = item.find("elements");
  if (inner == item.end() || !inner->is_array()) return out;
  const bool list = type == "rich_text_list";
  for (const json& part : *inner) {
    if (list && !out.empty()) out += '\n';
    out += (list ? "• " : "") + rich_text(part, style);
  }
  return out;
}

std::string rule(const TextStyle& style) {
  std::string line;
  for (std::size_t i = 0; i < kRuleWidth; ++i) line += "─";
  return paint(style, "2", line);
}

std::string draw_block(const json& block, const TextStyle& style) {
  if (!block.is_object()) return {};
  const std::string type = text_at(block, "type");
  if (type == "header") return paint(style, "1;4", member_text(block, "text", style));
  if (type == "section") return section(block, style);
  if (type == "context") return paint(style, "2", elements(block, "  ", style));
  if (type == "actions") return elements(block, " ", style);
  if (type == "divider") return rule(style);
  if (type == "markdown") return text_at(block, "text");
  if (type == "rich_text") return rich_text(block, style);
  if (type == "image") return "[" + plain_to_text(text_at(block, "alt_text")) + "]";
  return "[" + type + "]";
}

std::string draw_blocks(const json& blocks, const TextStyle& style) {
  std::string out;
  for (const json& block : blocks) {
    if (!out.empty()) out += '\n';
    out += draw_block(block, style);
  }
  return out;
}

}  // namespace

std::string draw_message(const json& message, const TextStyle& style) {
  if (!message.is_object()) return message.dump();
  std::string out;
  const auto blocks = message.find("blocks");
  if (blocks != message.end() && blocks->is_array() && !blocks->empty()) {
    out = draw_blocks(*blocks, style);
  } else {
    out = member_text(message, "text", style);
  }
  const auto attachments = message.find("attachments");
  if (attachments != message.end() && attachments->is_array()) {
    for (const json& one : *attachments) out += "\n" + draw_message(one, style);
  }
  return out;
}

std::string draw_body(std::string_view body, const TextStyle& style) {
  const json message = json::parse(body, nullptr, false);
  return message.is_discarded() ? std::string(body) : draw_message(message, style);
}

}  // namespace node::cli
