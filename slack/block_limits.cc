#include "slack/block_limits.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "slack/json_reader.h"
#include "slack/utf8.h"

namespace slack {
namespace {

using nlohmann::json;

std::size_t length_at(const json& object, std::string_view name) {
  return utf8_length(string_at(object, name));
}

// Counts texts as it goes, and keeps the first thing that is wrong.
class Checker {
 public:
  void message(const json& message) {
    if (!message.is_object()) return fail("a message is an object");
    if (length_at(message, "text") > kFallbackCharsMax) fail("the fallback text is too long");
    const json* blocks = member(message, "blocks");
    if (blocks == nullptr) return;
    if (!blocks->is_array()) return fail("blocks is not an array");
    if (blocks->size() > kBlocksMax) fail("there are more than 50 blocks");
    for (const json& one : *blocks) block(one);
    if (chars_ > kMessageCharsMax) fail("the blocks together are too long");
  }

  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

 private:
  void fail(std::string what) {
    if (!failure_) failure_ = std::move(what);
  }

  void block(const json& block) {
    id(block, "block_id");
    const std::string type = string_at(block, "type");
    if (type == "section") return section(block);
    if (type == "header") return text(member(block, "text"), 1, kHeaderCharsMax, type);
    if (type == "context") return elements(block, type, kContextElementsMax);
    if (type == "actions") return elements(block, type, kActionsMax);
    if (type != "divider") fail("there is no block type \"" + type + '"');
  }

  void section(const json& block) {
    const json* main = member(block, "text");
    const json* fields = member(block, "fields");
    if (main == nullptr && fields == nullptr) return fail("a section has neither text nor fields");
    if (main != nullptr) text(main, 1, kSectionCharsMax, "section");
    if (fields != nullptr) {
      if (!fields->is_array() || fields->empty() || fields->size() > kSectionFieldsMax) {
        return fail("a section has 1 to 10 fields");
      }
      for (const json& field : *fields) text(&field, 1, kFieldCharsMax, "field");
    }
    if (const json* accessory = member(block, "accessory")) element(*accessory);
  }

  void elements(const json& block, const std::string& type, std::size_t max) {
    const json* list = member(block, "elements");
    if (list == nullptr || !list->is_array() || list->empty() || list->size() > max) {
      return fail("a block of type " + type + " has a wrong number of elements");
    }
    for (const json& one : *list) {
      if (type == "context") {
        text(&one, 1, kContextCharsMax, type);
      } else {
        element(one);
      }
    }
  }

  void element(const json& element) {
    if (string_at(element, "type") != "button") return fail("an element that is no button");
    text(member(element, "text"), 1, kButtonCharsMax, "button");
    if (length_at(element, "value") > kButtonValueCharsMax) fail("a button's value is too long");
    id(element, "action_id");
  }

  void id(const json& object, std::string_view name) {
    const std::string value = string_at(object, name);
    if (value.empty()) return;
    if (utf8_length(value) > kIdCharsMax) fail(std::string(name) + " is too long");
    if (!ids_.insert(std::string(name) + '=' + value).second) {
      fail(std::string(name) + " occurs twice");
    }
  }

  void text(const json* object, std::size_t min, std::size_t max, const std::string& of) {
    if (object == nullptr || !object->is_object()) return fail("a " + of + " without a text");
    const std::string type = string_at(*object, "type");
    if (type != "mrkdwn" && type != "plain_text") fail("a text that is neither kind of text");
    const std::size_t chars = length_at(*object, "text");
    if (chars < min) fail("the text of a " + of + " is empty");
    if (chars > max) fail("the text of a " + of + " is too long");
    chars_ += chars;
  }

  std::optional<std::string> failure_;
  std::set<std::string> ids_;
  std::size_t chars_ = 0;
};

}  // namespace

crdt::Result<void> check_message(std::string_view json) {
  const auto message = parse_json(json);
  if (!message) return crdt::Error("it is not JSON");
  Checker checker;
  checker.message(*message);
  if (checker.failure()) return crdt::Error(*checker.failure());
  return {};
}

}  // namespace slack
