#include "slack/media_type.h"

#include <algorithm>

#include "slack/ascii.h"

namespace slack {

bool is_media_type(std::string_view content_type, std::string_view essence) {
  if (content_type == essence) return true;  // As Slack writes it.
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && is_blank(content_type.front())) content_type.remove_prefix(1);
  while (!content_type.empty() && is_blank(content_type.back())) content_type.remove_suffix(1);
  return std::equal(content_type.begin(), content_type.end(), essence.begin(), essence.end(),
                    [&](char a, char b) { return to_lower(a) == b; });
}

}  // namespace slack
