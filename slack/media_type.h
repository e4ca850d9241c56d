// Media types: what a Content-Type header says, compared as RFC 9110 says: in any case, parameters
// such as "; charset=utf-8" apart.
#pragma once

#include <string_view>

namespace slack {

// `essence` in lower case, such as "application/json".
[[nodiscard]] bool is_media_type(std::string_view content_type, std::string_view essence);

}  // namespace slack
