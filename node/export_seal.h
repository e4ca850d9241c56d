// ExportSeal: a checksum that runs through an export, line by line, so that a changed, missing or
// moved line is found, and which one it is.
//
// Shape    each line is a JSON object, and its last member is "sum": 16 hexadecimal digits of
//          BLAKE2b over all lines up to here, each without its own sum. The last line's therefore
//          covers the whole file.
// Laws     against accidents and hands, not against forgers: it has no key.
#pragma once

#include <sodium.h>

#include <string>
#include <string_view>

namespace node {

class ExportSeal {
 public:
  ExportSeal();

  // The next line, an object without a sum, with it.
  [[nodiscard]] std::string seal(std::string line);

  // Whether the next line is as seal() made it, and all before it, too.
  [[nodiscard]] bool holds(std::string_view line);

 private:
  // Of all lines so far and this one, which is given up to where its sum begins.
  std::string sum_with(std::string_view front);

  crypto_generichash_state state_{};
  bool sound_ = true;
};

}  // namespace node
