// Form: an application/x-www-form-urlencoded body, such as a slash command.
//
// Shape    fields in the order they came, decoded: '+' is a space, %XX an octet. Octets survive as
//          they are: NUL and invalid UTF-8 are the reader's business. Empty pieces ("a=1&&b=2") are
//          skipped; a piece without '=' is a field with an empty value. What needed no decoding is
//          a view into the body, which the Form must not outlive.
// Size     kFormFieldsMax fields.
// Errors   a '%' that two hex digits do not follow; a name that occurs twice (two readers of one
//          body must never disagree about its value); too many fields.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/result.h"

namespace slack {

inline constexpr std::size_t kFormFieldsMax = 64;  // Slack sends 16.

class Form {
 public:
  Form() = default;
  Form(const Form&) = delete;  // Its views would point into the original.
  Form& operator=(const Form&) = delete;
  Form(Form&&) noexcept = default;
  Form& operator=(Form&&) noexcept = default;
  ~Form() = default;

  [[nodiscard]] static crdt::Result<Form> parse(std::string_view body);

  // The field's value; empty where there is none, for Slack leaves out what it has no value for.
  [[nodiscard]] std::string_view at(std::string_view name) const;

  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  // Views into the body, or into octets_, whose place in memory survives a move of the Form.
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  std::unique_ptr<char[]> octets_;  // Names and values that had to be decoded; most have not.
  std::vector<Field> fields_;
};

// One "name=value" piece for clients that stand in for Slack; pieces are joined with '&'.
[[nodiscard]] std::string form_encode(std::string_view name, std::string_view value);

}  // namespace slack
