#include "node/cli/demo_people.h"

#include <algorithm>
#include <cctype>

#include "crdt/request_id.h"

namespace node::cli {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

// The name that stands at the front of `text`; a name ends where letters and digits do.
std::string_view leading_name(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, [](unsigned char c) { return std::isalnum(c); });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

}  // namespace

bool is_demo_user(std::string_view name) {
  return std::ranges::find(kDemoUsers, name) != kDemoUsers.end();
}

std::string user_id_of(std::string_view name) { return "U0" + upper(name); }

std::map<std::string, std::string, std::less<>> demo_names() {
  std::map<std::string, std::string, std::less<>> names;
  for (const std::string_view name : kDemoUsers) names.emplace(user_id_of(name), name);
  return names;
}

std::string channel_id_of(std::string_view name) {
  constexpr std::size_t kDigits =
      9;  // Slack's ids have eleven characters, these digits after "C0".
  return "C0" + upper(crdt::to_string(crdt::request_id_of({name}))).substr(0, kDigits);
}

std::string escape_typed(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool at_word = at == 0 || text[at - 1] == ' ' || text[at - 1] == '-';
    const std::string_view name =
        c == '@' && at_word ? leading_name(text.substr(at + 1)) : std::string_view();
    if (is_demo_user(name)) {
      out.append("<@").append(user_id_of(name)).append("|").append(name).append(">");
      at += name.size();
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace node::cli
